"""Index, tree and snapshot as records. Names are bytes, as the kernel gives them: they need not be UTF-8.

Maps may gain keys and arrays may gain trailing fields in later versions; both have defaults.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from resurge.vault.format.framing import BadObject

TREE_SEGMENT_NODES = 2048


class IndexedPack(msgspec.Struct, frozen=True, array_like=True):
    id: bytes
    stored_bytes: int
    entries: bytes  # as `pack.ENTRY`, one after another


class StoredNode(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file, folder or link, as a tree segment keeps it."""

    name: bytes
    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    ctime_ns: int  # 0: too fresh to be trusted, the next backup reads the file again
    inode: int
    link_target: bytes = b""
    digest: bytes = b""
    entropy: float = 0.0
    chunks: bytes = b""  # chunk ids, one after another


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    link_target: str
    digest: str  # BLAKE3 of the content, hexadecimal; empty unless a file
    entropy: float  # bits per byte of a sample of at most 64 KiB


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one backup kept, and what it cost. `id` is the name of the stored object."""

    id: str
    taken_at: float  # Unix seconds, when reading began
    finished_at: float
    host: str
    user: str
    paths: tuple[str, ...]
    tags: tuple[str, ...]
    component: str
    parent: str | None
    files: int
    folders: int
    total_bytes: int
    new_files: int
    changed_files: int
    read_bytes: int
    added_bytes: int  # new to the repository, before compression
    stored_bytes: int  # what that took there: packs and index
    unreadable: tuple[tuple[str, str], ...]
    tree: str  # id of the chunk that lists the tree's segments


class _SnapshotRecord(msgspec.Struct, frozen=True, kw_only=True):
    taken_at: float
    finished_at: float
    host: str
    user: str
    paths: list[bytes]
    tags: list[bytes]
    component: str
    parent: bytes | None
    files: int
    folders: int
    total_bytes: int
    new_files: int
    changed_files: int
    read_bytes: int
    added_bytes: int
    stored_bytes: int
    unreadable: list[tuple[bytes, bytes]]
    tree: bytes


_SAME = (
    "taken_at", "finished_at", "host", "user", "component", "files", "folders", "total_bytes", "new_files",
    "changed_files", "read_bytes", "added_bytes", "stored_bytes",
)  # fmt: skip


def encode_snapshot(snapshot: Snapshot) -> bytes:
    return msgspec.msgpack.encode(
        _SnapshotRecord(
            **{name: getattr(snapshot, name) for name in _SAME},
            paths=[os.fsencode(path) for path in snapshot.paths],
            tags=[os.fsencode(tag) for tag in snapshot.tags],
            parent=bytes.fromhex(snapshot.parent) if snapshot.parent else None,
            unreadable=[(os.fsencode(name), os.fsencode(why)) for name, why in snapshot.unreadable],
            tree=bytes.fromhex(snapshot.tree),
        )
    )


def decode_snapshot(payload: bytes, id_: str) -> Snapshot:
    try:
        record = msgspec.msgpack.decode(payload, type=_SnapshotRecord)
    except msgspec.MsgspecError:
        raise BadObject(f"snapshot {id_[:8]} cannot be read") from None
    return Snapshot(
        id=id_,
        **{name: getattr(record, name) for name in _SAME},
        paths=tuple(os.fsdecode(path) for path in record.paths),
        tags=tuple(os.fsdecode(tag) for tag in record.tags),
        parent=record.parent.hex() if record.parent else None,
        unreadable=tuple((os.fsdecode(name), os.fsdecode(why)) for name, why in record.unreadable),
        tree=record.tree.hex(),
    )


def public_node(node: StoredNode) -> Node:
    return Node(
        os.fsdecode(node.name), node.kind, node.mode, node.uid, node.gid, node.size, node.mtime_ns,
        os.fsdecode(node.link_target), node.digest.hex(), node.entropy,
    )  # fmt: skip


def encode_index(packs: Iterable[IndexedPack]) -> bytes:
    return msgspec.msgpack.encode(list(packs))


def decode_index(payload: bytes) -> list[IndexedPack]:
    try:
        return msgspec.msgpack.decode(payload, type=list[IndexedPack])
    except msgspec.MsgspecError:
        raise BadObject("an index object cannot be read") from None


def encode_segment(nodes: list[StoredNode]) -> bytes:
    return msgspec.msgpack.encode(nodes)


def decode_segment(data: bytes) -> list[StoredNode]:
    try:
        return msgspec.msgpack.decode(data, type=list[StoredNode])
    except msgspec.MsgspecError:
        raise BadObject("a tree segment cannot be read") from None


def encode_root(segments: list[bytes]) -> bytes:
    return msgspec.msgpack.encode(segments)


def decode_root(data: bytes) -> list[bytes]:
    try:
        return msgspec.msgpack.decode(data, type=list[bytes])
    except msgspec.MsgspecError:
        raise BadObject("a tree's root cannot be read") from None
