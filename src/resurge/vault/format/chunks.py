"""Finding boundaries, naming chunks, and shrinking them.

Boundaries: FastCDC with normalised chunking (Xia et al., USENIX ATC 2016), its gear table altered by a seed.
Names: keyed BLAKE3, with one key for each kind of chunk, so that no data can pass for a tree.
"""

import threading
from collections.abc import Iterator
from enum import IntEnum
from typing import Protocol

import zstandard
from blake3 import blake3
from pyfastcdc import FastCDC

from resurge.vault.format.config import Config
from resurge.vault.format.framing import BadObject
from resurge.vault.format.keys import MasterKey

ZSTD_LEVEL = 1
MAX_RAW_BYTES = 256 * 1024 * 1024


class Kind(IntEnum):
    DATA = 0
    TREE = 1


class Encoding(IntEnum):
    """How a chunk's plaintext became what was sealed. New ways get new numbers; old ones stay readable."""

    RAW = 0
    ZSTD = 1


class Readable(Protocol):
    def readinto(self, buffer: memoryview, /) -> int: ...


_mine = threading.local()


class Chunker:
    """Cuts streams. One object serves many threads: it holds parameters only."""

    def __init__(self, config: Config, master: MasterKey) -> None:
        self._cutter = FastCDC(
            config.chunk_average_bytes,
            min_size=config.chunk_min_bytes,
            max_size=config.chunk_max_bytes,
            # The library doubles its seed in 64 bits: 63 are what it takes.
            seed=int.from_bytes(master.purpose("chunk boundaries")[:8], "big") >> 1,
        )

    def cut(self, stream: Readable) -> Iterator[bytes]:
        for chunk in self._cutter.cut_stream(stream):
            yield bytes(chunk.data)


def chunk_id(data: bytes, kind: Kind, master: MasterKey) -> bytes:
    return blake3(data, key=master.purpose(f"chunk id {kind.value}")).digest()


def shrink(data: bytes) -> tuple[Encoding, bytes]:
    """The smaller of zstd and the data itself."""
    if not hasattr(_mine, "compressor"):
        _mine.compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_content_size=True)
    small = _mine.compressor.compress(data)
    return (Encoding.ZSTD, small) if len(small) < len(data) else (Encoding.RAW, data)


def expand(body: bytes, encoding: int, raw_bytes: int) -> bytes:
    if raw_bytes > MAX_RAW_BYTES:
        raise BadObject(f"a chunk claims {raw_bytes} bytes, more than any can have")
    if encoding == Encoding.RAW:
        return body
    if encoding != Encoding.ZSTD:
        raise BadObject(f"a chunk has the unknown encoding {encoding}", "Update Resurge.")
    if not hasattr(_mine, "decompressor"):
        _mine.decompressor = zstandard.ZstdDecompressor()
    try:
        # The frame says its own size; it is compared before memory is spent on it.
        if zstandard.frame_content_size(body) != raw_bytes:
            raise BadObject("a chunk expands to another size than was recorded")
        data: bytes = _mine.decompressor.decompress(body)
    except zstandard.ZstdError:
        raise BadObject("a chunk cannot be expanded") from None
    return data
