"""From sources to a snapshot: open them all, hand over what they yield, remember what could not be read."""

from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain
from typing import TYPE_CHECKING

from resurge.estate.model import Source
from resurge.sources import open_source

if TYPE_CHECKING:
    from resurge.vault import Progress, Repository, Snapshot


def store(
    repository: "Repository",
    sources: Sequence[Source],
    *,
    component: str = "",
    tags: Sequence[str] = (),
    read_all: bool = False,
    taken_at: float | None = None,
    progress: "Progress | None" = None,
) -> "Snapshot":
    """One snapshot of all of them. Raises SourceMissing or DatabaseDamaged before anything is written.

    What cannot be read is named in `snapshot.unreadable`, and the rest is kept.
    """
    unreadable: list[tuple[str, str]] = []

    def note(name: str, error: OSError) -> None:
        unreadable.append((name, error.strerror or str(error)))

    with ExitStack() as stack:
        opened = [open_source(source) for source in sources]
        items = [stack.enter_context(source.items(note)) for source in opened]
        return repository.backup(
            chain.from_iterable(items),
            paths=[path for source in opened for path in source.paths()],
            component=component,
            tags=tags,
            read_all=read_all,
            taken_at=taken_at,
            unreadable=lambda: tuple(unreadable),
            progress=progress,
        )
