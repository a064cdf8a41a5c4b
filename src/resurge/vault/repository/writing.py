"""Chunks into packs, packs into the store: each durable before anything names it."""

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from resurge.vault.format.chunks import Encoding, Kind, chunk_id, shrink
from resurge.vault.format.framing import SALT_BYTES, content_name
from resurge.vault.format.pack import PackBuilder
from resurge.vault.format.records import IndexedPack
from resurge.vault.repository.access import Access
from resurge.vault.repository.index import ChunkIndex
from resurge.vault.repository.layout import pack_name

PACKS_IN_FLIGHT = 2
PACKS_PER_INDEX = 64


class PackWriter:
    """One backup's writer. It belongs to one thread; a second thread uploads. Memory: four packs at most."""

    def __init__(self, access: Access, index: ChunkIndex) -> None:
        self._access = access
        self._index = index
        self._pack = self._new_pack()
        self._pending: set[bytes] = set()  # in packs that are not durable yet
        self._uploads: deque[Future[frozenset[bytes]]] = deque()
        self._filling: list[bytes] = []
        self._uploader = ThreadPoolExecutor(1, thread_name_prefix="resurge-upload")
        self._packs_unlisted = 0
        self.added_bytes = 0
        self.stored_bytes = 0

    def __enter__(self) -> "PackWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._uploader.shutdown(wait=True, cancel_futures=True)

    def _new_pack(self) -> PackBuilder:
        return PackBuilder(self._access.repository_id, self._access.master, os.urandom(SALT_BYTES))

    def has(self, id_: bytes) -> bool:
        return id_ in self._pending or id_ in self._index

    def store(self, data: bytes, kind: Kind) -> bytes:
        """The chunk's id; the chunk is added only if the repository lacks it."""
        id_ = chunk_id(data, kind, self._access.master)
        if not self.has(id_):
            encoding, body = shrink(data)
            self.add(id_, kind, encoding, body, len(data))
        return id_

    def add(self, id_: bytes, kind: Kind, encoding: Encoding, body: bytes, raw_bytes: int) -> None:
        self._pack.add(id_, kind, encoding, body, raw_bytes)
        self._pending.add(id_)
        self._filling.append(id_)
        self.added_bytes += raw_bytes
        if self._pack.stored_bytes >= self._access.config.pack_target_bytes:
            self._send()

    def _send(self) -> None:
        while len(self._uploads) >= PACKS_IN_FLIGHT:
            self._settle()
        pack, ids = self._pack, frozenset(self._filling)
        self._pack, self._filling = self._new_pack(), []
        self._uploads.append(self._uploader.submit(self._upload, pack, ids))
        self._packs_unlisted += 1
        if self._packs_unlisted >= PACKS_PER_INDEX:
            self._list_packs()

    def _upload(self, pack: PackBuilder, ids: frozenset[bytes]) -> frozenset[bytes]:
        data, entries = pack.finish()
        id_ = content_name(data)
        self._access.store.put(pack_name(id_), data)
        self._index.add(IndexedPack(bytes.fromhex(id_), len(data), entries))
        self.stored_bytes += len(data)
        return ids

    def _settle(self) -> None:
        self._pending -= self._uploads.popleft().result()

    def _list_packs(self) -> None:
        while self._uploads:
            self._settle()
        self.stored_bytes += self._index.write()
        self._packs_unlisted = 0

    def finish(self) -> None:
        """Everything added is durable and listed in an index object."""
        if self._pack.count:
            self._send()
        self._list_packs()
