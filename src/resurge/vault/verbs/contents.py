"""One file's bytes into chunks. Small files pass through; large ones keep a few threads busy."""

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO

from blake3 import blake3

from resurge.vault.format.chunks import Chunker, Encoding, Kind, chunk_id, shrink
from resurge.vault.repository.access import Access
from resurge.vault.repository.writing import PackWriter

SAMPLE_BYTES = 64 * 1024
THREADS = min(4, os.cpu_count() or 1)
CHUNKS_IN_FLIGHT = 2 * THREADS + 2


@dataclass(frozen=True, slots=True)
class Content:
    size: int
    digest: bytes
    entropy: float
    chunks: bytes


Prepared = tuple[bytes, Encoding, bytes | None]  # id, encoding, body; no body: it is known already


class ContentWriter:
    """Memory beside the pack writer's: CHUNKS_IN_FLIGHT chunks, each held at most twice."""

    def __init__(self, access: Access, writer: PackWriter) -> None:
        self._access = access
        self._writer = writer
        self._chunker = Chunker(access.config, access.master)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="resurge-shrink")
        # Of one thread, so that a file's pieces are digested in their order while others are shrunk.
        self._digester = ThreadPoolExecutor(1, thread_name_prefix="resurge-digest")

    def __enter__(self) -> "ContentWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._digester.shutdown(wait=True, cancel_futures=True)

    def write(self, file: BinaryIO, landed: Callable[[int], None]) -> Content:
        """Raises OSError where reading fails; chunks stored until then stay, and are found again.

        `landed` hears the bytes of each chunk of a large file once they are on their way into a pack.
        """
        small = self._access.config.chunk_min_bytes
        head = read_up_to(file, small + 1)
        if not head:
            return Content(0, blake3(b"").digest(), 0.0, b"")
        if len(head) <= small:
            id_ = self._writer.store(head, Kind.DATA)
            return Content(len(head), blake3(head).digest(), entropy(head[:SAMPLE_BYTES]), id_)
        return self._write_large(head, file, landed)

    def _write_large(self, head: bytes, file: BinaryIO, landed: Callable[[int], None]) -> Content:
        digest = blake3()
        size = 0
        ids: list[bytes] = []
        flying: deque[tuple[bytes, Future[Prepared], Future[object]]] = deque()
        for data in self._chunker.cut(_Rejoined(head, file)):
            size += len(data)
            flying.append((data, self._pool.submit(self._prepare, data), self._digester.submit(digest.update, data)))
            if len(flying) >= CHUNKS_IN_FLIGHT:
                landed(len(flying[0][0]))
                ids.append(self._land(*flying.popleft()))
        while flying:
            ids.append(self._land(*flying.popleft()))
        return Content(size, digest.digest(), entropy(head[:SAMPLE_BYTES]), b"".join(ids))

    def _prepare(self, data: bytes) -> Prepared:
        id_ = chunk_id(data, Kind.DATA, self._access.master)
        if self._writer.has(id_):
            return id_, Encoding.RAW, None
        encoding, body = shrink(data)
        return id_, encoding, body

    def _land(self, data: bytes, prepared: Future[Prepared], digested: Future[object]) -> bytes:
        id_, encoding, body = prepared.result()
        digested.result()
        if not self._writer.has(id_):
            if body is None:  # its pack vanished since
                encoding, body = shrink(data)
            self._writer.add(id_, Kind.DATA, encoding, body, len(data))
        return id_


class _Rejoined:
    """What was read ahead, and then the rest."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head = memoryview(head)
        self._file = file

    def readinto(self, buffer: memoryview) -> int:
        if self._head:
            count = min(len(self._head), len(buffer))
            buffer[:count] = self._head[:count]
            self._head = self._head[count:]
            return count
        return self._file.readinto(buffer) or 0  # type: ignore[attr-defined]


def read_up_to(file: BinaryIO, count: int) -> bytes:
    """Unbuffered files may give less than was asked before their end."""
    data = file.read(count)
    while 0 < len(data) < count:
        more = file.read(count - len(data))
        if not more:
            break
        data += more
    return data


def entropy(sample: bytes) -> float:
    """Shannon's, in bits per byte: near 8 for what is encrypted or compressed, 0 for nothing."""
    if not sample:
        return 0.0
    import numpy as np

    counts = np.bincount(np.frombuffer(sample, np.uint8), minlength=256)
    shares = counts[counts > 0] / len(sample)
    return abs(float(-(shares * np.log2(shares)).sum()))


def concatenated(ids: bytes, width: int = 32) -> Iterable[bytes]:
    return (ids[at : at + width] for at in range(0, len(ids), width))
