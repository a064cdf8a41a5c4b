"""Publishing, listing and finding snapshots."""

import threading
from collections.abc import Iterable

from resurge.core.errors import RepositoryNotFound, SnapshotNotFound
from resurge.vault.format.framing import SNAPSHOT_MAGIC, BadObject
from resurge.vault.format.records import Snapshot, decode_snapshot, encode_snapshot
from resurge.vault.repository.access import Access
from resurge.vault.repository.layout import CONFIG, SNAPSHOTS, identifier
from resurge.vault.storage.store import ObjectMissing

LATEST = "latest"


class Shelf:
    """Safe for many threads. A snapshot never changes, so each is read once."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._known: dict[str, Snapshot] = {}
        self._lock = threading.Lock()

    def publish(self, snapshot: Snapshot) -> Snapshot:
        """Call this last: from here on others see it. Returns it with its id.

        Raises RepositoryNotFound where the repository went away meanwhile: a snapshot in what is left of one
        would look like a success and be lost with it.
        """
        if self._access.store.size(CONFIG) is None:
            raise RepositoryNotFound(
                f"the repository {self._access.store.location} is gone: nothing was published",
                "Bring it back (`resurge recover`, or from a copy), then run again.",
            )
        payload = encode_snapshot(snapshot)
        id_, _ = self._access.write_sealed(SNAPSHOTS, SNAPSHOT_MAGIC, payload)
        published = decode_snapshot(payload, id_)
        with self._lock:
            self._known[id_] = published
        return published

    def ids(self) -> set[str]:
        """Those in the store, readable or not."""
        return {identifier(found.name) for found in self._access.store.list(SNAPSHOTS)}

    def load(self, id_: str) -> Snapshot:
        """Reads the object itself. Raises BadObject or ObjectMissing."""
        return decode_snapshot(self._access.read_sealed(SNAPSHOTS, SNAPSHOT_MAGIC, id_), id_)

    def list(self) -> list[Snapshot]:
        """The readable ones, oldest first. `check` names the others."""
        ids = self.ids()
        with self._lock:
            known = {id_: snapshot for id_, snapshot in self._known.items() if id_ in ids}
        for id_ in ids - known.keys():
            try:
                known[id_] = self.load(id_)
            except (BadObject, ObjectMissing):
                continue
        with self._lock:
            self._known = known
        return sorted(known.values(), key=lambda each: (each.taken_at, each.finished_at, each.id))

    def unreadable(self) -> tuple[str, ...]:
        """Ids of snapshots that are there and cannot be read."""
        readable = {snapshot.id for snapshot in self.list()}
        return tuple(sorted(self.ids() - readable))

    def find(self, reference: str, component: str | None) -> Snapshot:
        found = [each for each in self.list() if component is None or each.component == component]
        if reference == LATEST:
            if not found:
                whose = f" of {component}" if component else ""
                raise SnapshotNotFound(f"there is no snapshot{whose} yet", "Make one with `resurge backup`.")
            return found[-1]
        id_ = unique(reference, (each.id for each in found))
        return next(each for each in found if each.id == id_)


def unique(reference: str, ids: Iterable[str]) -> str:
    """The one id that is `reference` or begins with it."""
    advice = "List them with `resurge snapshots`."
    matches = [id_ for id_ in ids if reference and id_.startswith(reference.lower())]
    if not matches:
        raise SnapshotNotFound(f"there is no snapshot {reference!r}", advice)
    if len(matches) > 1:
        raise SnapshotNotFound(f"{reference!r} could mean {len(matches)} snapshots", f"Give more of its id. {advice}")
    return matches[0]
