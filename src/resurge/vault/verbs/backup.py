"""Back up: items in, one snapshot out, published last.

A file counts as unchanged while size, mtime, ctime and inode are those of the parent: then it is not read.
"""

import getpass
import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO, Protocol

from resurge.vault.format.framing import IDENTIFIER_BYTES, BadObject
from resurge.vault.format.records import Snapshot, StoredNode
from resurge.vault.progress import Progress, ProgressUpdate
from resurge.vault.repository.access import Access
from resurge.vault.repository.index import ChunkIndex
from resurge.vault.repository.reading import ChunkReader
from resurge.vault.repository.snapshots import Shelf
from resurge.vault.repository.trees import TreeWriter, stored_nodes
from resurge.vault.repository.writing import PackWriter
from resurge.vault.verbs.contents import Content, ContentWriter, concatenated

# A file system's clock ticks in steps (4 ms on common kernels). A file that changed this shortly before it is
# read could change again within the same tick, unseen: its ctime is recorded as unknown.
FRESH_NS = 50_000_000


class Item(Protocol):
    """What a source yields. `name` is an absolute path without its leading slash."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def mode(self) -> int: ...
    @property
    def uid(self) -> int: ...
    @property
    def gid(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def mtime_ns(self) -> int: ...
    @property
    def ctime_ns(self) -> int: ...
    @property
    def inode(self) -> int: ...
    @property
    def link_target(self) -> str: ...
    def open(self) -> BinaryIO: ...


@dataclass(frozen=True)
class Request:
    """What is to be backed up, and under which description."""

    items: Iterable[Item]
    paths: tuple[str, ...]
    component: str
    tags: tuple[str, ...]
    read_all: bool
    taken_at: float
    unreadable: Callable[[], Sequence[tuple[str, str]]]
    progress: Progress


@dataclass
class _Tally:
    files: int = 0
    folders: int = 0
    total_bytes: int = 0
    new_files: int = 0
    changed_files: int = 0
    read_bytes: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)


class Backup:
    """One run. The order that keeps the repository whole: packs, index, snapshot."""

    def __init__(self, access: Access, index: ChunkIndex, shelf: Shelf, request: Request) -> None:
        self._access = access
        self._index = index
        self._shelf = shelf
        self._request = request
        self._tally = _Tally()
        self._parent: Snapshot | None = None
        self._within_bytes = 0
        self._known: dict[bytes, StoredNode] = {}

    def run(self) -> Snapshot:
        self._access.store.clean()
        self._index.refresh()
        self._learn_parent()
        with PackWriter(self._access, self._index) as writer:
            with ContentWriter(self._access, writer) as contents:
                tree = TreeWriter(writer)
                for item in self._request.items:
                    node = self._node(item, contents)
                    if node is not None:
                        tree.add(node)
                root = tree.finish()
            writer.finish()
            return self._shelf.publish(self._snapshot(root, writer))

    def _learn_parent(self) -> None:
        paths = set(self._request.paths)
        for snapshot in reversed(self._shelf.list()):
            if snapshot.component != self._request.component or set(snapshot.paths) != paths:
                continue
            self._parent = snapshot
            try:
                reader = ChunkReader(self._access, self._index)
                nodes = stored_nodes(reader, bytes.fromhex(snapshot.tree))
                self._known = {node.name: node for node in nodes if node.kind == "file"}
            except BadObject:
                self._known = {}  # a damaged parent costs reading everything, nothing else
            return

    def _node(self, item: Item, contents: ContentWriter) -> StoredNode | None:
        name = os.fsencode(item.name)
        if item.kind != "file":
            self._tally.folders += item.kind == "folder"
            return _described(item, name, item.size if item.kind == "symlink" else 0)
        known = self._known.get(name)
        if known is not None and self._is_unchanged(item, known):
            node = _described(item, name, known.size, Content(known.size, known.digest, known.entropy, known.chunks))
        else:
            fresh = time.time_ns() - FRESH_NS
            try:
                with item.open() as file:
                    content = contents.write(file, partial(self._landed, item.name))
            except OSError as problem:
                self._tally.unreadable.append((item.name, problem.strerror or str(problem)))
                return None
            self._tally.read_bytes += content.size
            trusted = max(item.mtime_ns, item.ctime_ns) < fresh
            node = _described(item, name, content.size, content, ctime_known=trusted)
            self._tally.new_files += known is None
            self._tally.changed_files += known is not None and known.digest != content.digest
        self._count(item.name, node.size)
        return node

    def _is_unchanged(self, item: Item, known: StoredNode) -> bool:
        return (
            not self._request.read_all
            and known.ctime_ns != 0
            and (known.size, known.mtime_ns, known.ctime_ns, known.inode)
            == (item.size, item.mtime_ns, item.ctime_ns, item.inode)
            and all(id_ in self._index for id_ in concatenated(known.chunks, IDENTIFIER_BYTES))
        )

    def _landed(self, name: str, size: int) -> None:
        """Within a large file; its size is counted when it is done."""
        self._within_bytes += size
        done = self._tally.total_bytes + self._within_bytes
        self._request.progress(ProgressUpdate(done, None, self._tally.files, None, name))

    def _count(self, name: str, size: int) -> None:
        self._within_bytes = 0
        self._tally.files += 1
        self._tally.total_bytes += size
        self._request.progress(ProgressUpdate(self._tally.total_bytes, None, self._tally.files, None, name))

    def _snapshot(self, root: bytes, writer: PackWriter) -> Snapshot:
        tally, request = self._tally, self._request
        return Snapshot(
            id="", taken_at=request.taken_at, finished_at=time.time(), host=socket.gethostname(),
            user=_user(), paths=request.paths, tags=request.tags, component=request.component,
            parent=self._parent.id if self._parent else None, files=tally.files, folders=tally.folders,
            total_bytes=tally.total_bytes, new_files=tally.new_files, changed_files=tally.changed_files,
            read_bytes=tally.read_bytes, added_bytes=writer.added_bytes, stored_bytes=writer.stored_bytes,
            unreadable=(*request.unreadable(), *tally.unreadable), tree=root.hex(),
        )  # fmt: skip


def _described(
    item: Item, name: bytes, size: int, content: Content | None = None, *, ctime_known: bool = True
) -> StoredNode:
    return StoredNode(
        name, item.kind, item.mode, item.uid, item.gid, size, item.mtime_ns,
        item.ctime_ns if ctime_known else 0, item.inode, os.fsencode(item.link_target),
        content.digest if content else b"", content.entropy if content else 0.0,
        content.chunks if content else b"",
    )  # fmt: skip


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return str(os.getuid())
