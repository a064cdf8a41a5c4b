"""`Repository`: everything that can be done with one, for programs."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from resurge.core.errors import SnapshotNotFound
from resurge.vault.format.config import PACK_TARGET_BYTES
from resurge.vault.format.framing import IDENTIFIER_BYTES, BadObject
from resurge.vault.format.keys import KdfParameters
from resurge.vault.format.records import Node, Snapshot, StoredNode, public_node
from resurge.vault.progress import Progress, silent
from resurge.vault.repository import opening
from resurge.vault.repository.access import Access
from resurge.vault.repository.index import ChunkIndex
from resurge.vault.repository.reading import ChunkReader
from resurge.vault.repository.snapshots import Shelf
from resurge.vault.repository.trees import stored_nodes
from resurge.vault.storage.locations import open_store
from resurge.vault.storage.store import Store
from resurge.vault.verbs.backup import Backup, Item, Request
from resurge.vault.verbs.check import Check, CheckReport
from resurge.vault.verbs.contents import concatenated
from resurge.vault.verbs.forget import forget
from resurge.vault.verbs.restore import Placed, Restore, RestoreReport, choose


@dataclass(frozen=True, slots=True)
class Stats:
    """`raw_bytes`: what all snapshots hold together, before deduplication and compression."""

    stored_bytes: int
    packs: int
    snapshots: int
    raw_bytes: int


def _none() -> Sequence[tuple[str, str]]:
    return ()


class Repository:
    """One object may be used from several threads; several processes may write at once, without a lock."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._index = ChunkIndex(access)
        self._shelf = Shelf(access)

    @classmethod
    def create(cls, location: str, password: str, *, kdf: KdfParameters = KdfParameters()) -> "Repository":  # noqa: B008
        """Raises RepositoryExists, AccessDenied, StorageFull."""
        return cls.create_in(open_store(location), password, kdf=kdf)

    @classmethod
    def open(cls, location: str, password: str) -> "Repository":
        """Raises RepositoryNotFound, WrongPassword, RepositoryDamaged."""
        return cls.open_in(open_store(location), password)

    @classmethod
    def create_in(
        cls,
        store: Store,
        password: str,
        *,
        kdf: KdfParameters = KdfParameters(),  # noqa: B008
        pack_target_bytes: int = PACK_TARGET_BYTES,
    ) -> "Repository":
        return cls(opening.create(store, password, kdf, pack_target_bytes))

    @classmethod
    def open_in(cls, store: Store, password: str) -> "Repository":
        return cls(opening.unlock(store, password))

    @property
    def id(self) -> str:
        return self._access.repository_id.hex()

    @property
    def location(self) -> str:
        return self._access.store.location

    def backup(
        self,
        items: Iterable[Item],
        *,
        paths: Sequence[str],
        component: str = "",
        tags: Sequence[str] = (),
        read_all: bool = False,
        taken_at: float | None = None,
        unreadable: Callable[[], Sequence[tuple[str, str]]] = _none,
        progress: Progress | None = None,
    ) -> Snapshot:
        """`unreadable` is asked at the end for what the source could not even list."""
        request = Request(
            items, tuple(paths), component, tuple(tags), read_all,
            time.time() if taken_at is None else taken_at, unreadable, progress or silent,
        )  # fmt: skip
        return Backup(self._access, self._index, self._shelf, request).run()

    def snapshots(self) -> list[Snapshot]:
        """Oldest first. A damaged one is left out here and named by `check`."""
        return self._shelf.list()

    def unreadable_snapshots(self) -> tuple[str, ...]:
        """Ids of those that `snapshots` leaves out because they are damaged."""
        return self._shelf.unreadable()

    def find(self, reference: str, *, component: str | None = None) -> Snapshot:
        """`latest`, an id, or the beginning of one. Raises SnapshotNotFound."""
        return self._shelf.find(reference, component)

    def nodes(self, snapshot: Snapshot | str) -> Iterator[Node]:
        """In the order in which they were backed up. Raises RepositoryDamaged where the tree is."""
        return map(public_node, self._stored_nodes(snapshot, self._reader()))

    def read(self, snapshot: Snapshot | str, name: str) -> Iterator[bytes]:
        """A file's content in verified pieces. Raises SnapshotNotFound for a name that is no file there."""
        reader = self._reader()
        wanted = os.fsencode(name.strip("/"))
        for node in self._stored_nodes(snapshot, reader):
            if node.name == wanted and node.kind == "file":
                return (reader.read(id_) for id_ in concatenated(node.chunks, IDENTIFIER_BYTES))
        raise SnapshotNotFound(f"the snapshot holds no file {name!r}", "List what it holds, then name that.")

    def restore(
        self,
        snapshot: Snapshot | str,
        target: Path,
        *,
        subtree: str = "",
        only: Callable[[str], bool] | None = None,
        progress: Progress | None = None,
    ) -> RestoreReport:
        """In place. Raises RepositoryDamaged or AccessDenied at the end, when what could be restored was."""
        reader = self._reader()
        found = self.find(snapshot) if isinstance(snapshot, str) else snapshot
        lost: list[str] = []
        nodes = stored_nodes(
            reader, bytes.fromhex(found.tree), lambda problem: lost.append(f"part of the tree: {problem}")
        )
        selection = choose(nodes, subtree, only)
        if not selection.met and not lost and subtree:
            raise SnapshotNotFound(
                f"snapshot {found.id[:8]} holds nothing at {subtree!r}", "List what it holds, then name that."
            )
        placed = selection.placed
        if selection.single:
            placed = [Placed(each.node, (os.fsencode(target.name),)) for each in placed]
            target = target.parent
        return Restore(reader, target, placed, lost, progress or silent).run()

    def check(self, *, read_data: bool = False, progress: Progress | None = None) -> CheckReport:
        return Check(self._access, self._index, self._shelf, progress or silent).run(read_data=read_data)

    def forget(self, ids: Iterable[str]) -> None:
        """Raises SnapshotNotFound, and then forgets none."""
        forget(self._access.store, self._shelf, ids)

    def stats(self) -> Stats:
        found = list(self._access.store.list())
        snapshots = self._shelf.list()
        return Stats(
            stored_bytes=sum(each.size_bytes for each in found),
            packs=sum(each.name.startswith("packs/") for each in found),
            snapshots=len(snapshots),
            raw_bytes=sum(each.total_bytes for each in snapshots),
        )

    def _reader(self) -> ChunkReader:
        self._index.refresh()
        return ChunkReader(self._access, self._index)

    def _stored_nodes(self, snapshot: Snapshot | str, reader: ChunkReader) -> Iterator[StoredNode]:
        found = self.find(snapshot) if isinstance(snapshot, str) else snapshot
        try:
            yield from stored_nodes(reader, bytes.fromhex(found.tree))
        except BadObject as problem:
            raise BadObject(f"the tree of snapshot {found.id[:8]} is damaged: {problem}") from None
