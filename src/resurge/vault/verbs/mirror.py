"""Mirror: a second copy that needs no password, for every object's name is the hash of its bytes.

The order is the one in which they were first written: the copy is whole at every moment. Nothing is deleted.
"""

from dataclasses import dataclass

from resurge.core.errors import RepositoryDamaged, RepositoryExists, ResurgeError
from resurge.vault.format.config import decode_config
from resurge.vault.format.framing import BadObject
from resurge.vault.progress import Progress, ProgressUpdate, silent
from resurge.vault.repository.access import read_whole
from resurge.vault.repository.layout import CONFIG, INDEX, KEYS, PACKS, SNAPSHOTS
from resurge.vault.repository.opening import read_config
from resurge.vault.storage.locations import open_store
from resurge.vault.storage.store import ObjectMissing, Store, Stored

# Listed in the opposite order: what an object needs was there before it was.
WRITE_ORDER = (KEYS, PACKS, INDEX, SNAPSHOTS)


@dataclass(frozen=True, slots=True)
class MirrorReport:
    """`bad_objects`: damaged in the source, and no whole copy of them at the destination."""

    objects_copied: int
    copied_bytes: int
    bad_objects: tuple[str, ...]


def mirror(
    source: str, destination: str, *, read_destination: bool = True, progress: Progress | None = None
) -> MirrorReport:
    """`read_destination=False` trusts an object of the right size at the destination, and is quick for it."""
    return mirror_stores(
        open_store(source), open_store(destination), read_destination=read_destination, progress=progress
    )


def mirror_stores(
    source: Store, destination: Store, *, read_destination: bool = True, progress: Progress | None = None
) -> MirrorReport:
    """Raises RepositoryNotFound or RepositoryDamaged for a source without a whole config."""
    report = progress or silent
    config, data = read_config(source)
    copied, copied_bytes = _copy_config(destination, config.repository_id, data)
    listed = {folder: list(source.list(folder)) for folder in reversed(WRITE_ORDER)}
    objects = [each for folder in WRITE_ORDER for each in listed[folder]]
    there = {each.name: each.size_bytes for each in destination.list()}
    total = sum(each.size_bytes for each in objects)
    bad: list[str] = []
    done_bytes = 0
    for at, each in enumerate(objects, 1):
        if not _has(destination, each, there.get(each.name), read_destination):
            try:
                whole = read_whole(source, each.name)
                destination.put(each.name, whole)
                copied, copied_bytes = copied + 1, copied_bytes + len(whole)
            except BadObject:
                bad.append(each.name)
            except ObjectMissing:
                pass  # forgotten since it was listed
        done_bytes += each.size_bytes
        report(ProgressUpdate(done_bytes, total, at, len(objects), each.name))
    return MirrorReport(copied, copied_bytes, tuple(bad))


def _copy_config(destination: Store, repository_id: bytes, data: bytes) -> tuple[int, int]:
    try:
        there = destination.get(CONFIG)
    except ObjectMissing:
        there = b""
    if there == data:
        return 0, 0
    try:
        other = decode_config(there)
    except RepositoryDamaged:
        other = None  # missing or damaged: it is written again
    if other is not None and other.repository_id != repository_id:
        raise RepositoryExists(
            f"{destination.location} holds another repository",
            "Choose another place for the copy; nothing was written.",
        )
    destination.put(CONFIG, data)
    return 1, len(data)


def _has(destination: Store, each: Stored, size_bytes: int | None, read: bool) -> bool:
    """A source object that was cut short has another size than its whole copy: then only its hash decides."""
    if size_bytes is None:
        return False
    if not read:
        return size_bytes == each.size_bytes
    try:
        read_whole(destination, each.name)
    except ResurgeError:
        return False
    return True
