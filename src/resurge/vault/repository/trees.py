"""A snapshot's tree: nodes in order, cut into segments whose ends depend on names only.

So a change to one file stores one segment again, and neither writing nor reading holds the whole tree.
"""

import zlib
from collections.abc import Callable, Iterator

from resurge.vault.format.chunks import Kind
from resurge.vault.format.framing import BadObject
from resurge.vault.format.records import (
    TREE_SEGMENT_NODES,
    StoredNode,
    decode_root,
    decode_segment,
    encode_root,
    encode_segment,
)
from resurge.vault.repository.reading import ChunkReader
from resurge.vault.repository.writing import PackWriter

MEAN_SEGMENT_NODES = 256


class TreeWriter:
    def __init__(self, writer: PackWriter) -> None:
        self._writer = writer
        self._nodes: list[StoredNode] = []
        self._segments: list[bytes] = []

    def add(self, node: StoredNode) -> None:
        self._nodes.append(node)
        if zlib.crc32(node.name) % MEAN_SEGMENT_NODES == 0 or len(self._nodes) >= TREE_SEGMENT_NODES:
            self._close_segment()

    def _close_segment(self) -> None:
        if self._nodes:
            self._segments.append(self._writer.store(encode_segment(self._nodes), Kind.TREE))
            self._nodes = []

    def finish(self) -> bytes:
        """The id of the root."""
        self._close_segment()
        return self._writer.store(encode_root(self._segments), Kind.TREE)


def segments(reader: ChunkReader, root: bytes) -> list[bytes]:
    return decode_root(reader.read(root))


def stored_nodes(
    reader: ChunkReader, root: bytes, on_bad: Callable[[BadObject], None] | None = None
) -> Iterator[StoredNode]:
    """In order. With `on_bad`, damaged parts are told to it and left out; without, the first one ends it."""
    try:
        parts = segments(reader, root)
    except BadObject as problem:
        if on_bad is None:
            raise
        on_bad(problem)
        return
    for part in parts:
        try:
            nodes = decode_segment(reader.read(part))
        except BadObject as problem:
            if on_bad is None:
                raise
            on_bad(problem)
            continue
        yield from nodes
