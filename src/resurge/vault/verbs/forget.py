"""Forget snapshots. Their data stays until a prune, which this version does not have."""

from collections.abc import Iterable

from resurge.vault.repository.layout import SNAPSHOTS
from resurge.vault.repository.snapshots import Shelf, unique
from resurge.vault.storage.store import Store


def forget(store: Store, shelf: Shelf, references: Iterable[str]) -> None:
    """All of them or, when one does not exist or is ambiguous, none. Damaged ones can be forgotten too."""
    ids = shelf.ids()
    chosen = {unique(reference, ids) for reference in references}
    for id_ in sorted(chosen):
        store.delete(f"{SNAPSHOTS}/{id_}")
