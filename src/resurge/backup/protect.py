"""One backup of one component: read, store, judge, record, seal, copy."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from resurge.backup.access import Repositories
from resurge.backup.points import PointBook, RecoveryPoint
from resurge.backup.reading import store
from resurge.backup.verdict import FileState, Verdict, judge
from resurge.core.clock import Clock
from resurge.core.errors import RepositoryError, ResurgeError
from resurge.estate.model import Component, Content, Estate
from resurge.ledger import Ledger
from resurge.sources.health import examine_tensors
from resurge.state import Notes

if TYPE_CHECKING:
    from resurge.vault import Progress, Repository, Snapshot

COPIES_MADE = "copies-made"


@dataclass(frozen=True, slots=True)
class BackupOutcome:
    snapshot: "Snapshot"
    verdict: Verdict
    point: RecoveryPoint
    files: Mapping[str, FileState]  # by absolute path
    copied_bytes: int
    copy_problems: tuple[str, ...]


class Protector:
    """Backs components up into the estate's repositories. May be used from several threads."""

    def __init__(
        self, estate: Estate, repositories: Repositories, points: PointBook, ledger: Ledger, clock: Clock
    ) -> None:
        self._estate = estate
        self._repositories = repositories
        self._points = points
        self._ledger = ledger
        self._clock = clock

    def back_up(
        self,
        name: str,
        *,
        read_all: bool = False,
        accept: bool = False,
        doubt: str = "",
        tags: tuple[str, ...] = (),
        progress: "Progress | None" = None,
    ) -> BackupOutcome:
        """`accept`: a person says that the present state is right, whatever the last good one looked like.

        `doubt`: why this state cannot be trusted whatever it looks like, such as an incident that is not over.
        """
        component = self._estate.components[name]
        if not component.sources:
            raise ResurgeError(f"component '{name}' declares nothing to copy", "Give it `sources:` in resurge.yaml.")
        repository = self._repositories.open(self._repositories.primary.name)
        before = {} if accept else self.last_good_files(name)
        taken_at = self._clock.now()
        snapshot = store(
            repository,
            component.sources,
            component=name,
            tags=tags,
            read_all=read_all,
            taken_at=taken_at,
            progress=progress,
        )
        files = files_of(repository, snapshot)
        verdict = judge(component.sources, before, files, _unhealthy(component, before, files), snapshot.unreadable)
        if doubt and not accept:
            verdict = Verdict(False, (*verdict.reasons, doubt), verdict.suspect_paths)
        point = self._record(component, snapshot, verdict, taken_at)
        copied_bytes, problems = self._copy()
        return BackupOutcome(snapshot, verdict, point, files, copied_bytes, problems)

    def last_good_files(self, name: str) -> dict[str, FileState]:
        """The norm that the next state is judged by. Empty before the first good snapshot.

        A snapshot that went down with its repository is passed over for the one before it.
        """
        lost: RepositoryError | None = None
        for point in reversed([point for point in self._points.of(name) if point.good]):
            try:
                _, repository, snapshot = self._repositories.holding(point.snapshot)
                return files_of(repository, snapshot)
            except RepositoryError as error:
                lost = error
        if lost is not None:
            raise lost
        return {}

    def _record(self, component: Component, snapshot: "Snapshot", verdict: Verdict, taken_at: float) -> RecoveryPoint:
        point = RecoveryPoint(
            snapshot=snapshot.id,
            repository=self._repositories.primary.name,
            component=component.name,
            taken_at=taken_at,
            finished_at=self._clock.now(),
            verdict=verdict.word,
            reasons=verdict.reasons,
            read_bytes=snapshot.read_bytes,
            stored_bytes=snapshot.stored_bytes,
        )
        self._points.record(point)
        self._ledger.append(
            "backup",
            component.name,
            {
                "snapshot": snapshot.id,
                "verdict": verdict.word,
                "reasons": list(verdict.reasons),
                "files": snapshot.files,
                "total_bytes": snapshot.total_bytes,
                "stored_bytes": snapshot.stored_bytes,
            },
            key=f"backup:{snapshot.id}",
        )
        return point

    def make_new_copies(self, notes: Notes) -> None:
        """A copy that was declared and never yet made is made now, so that it is not taken for a lost one."""
        made = set(notes.get(COPIES_MADE) or ())
        wanted = {copy.name for copy in self._repositories.copies_of(self._repositories.primary.name)}
        if wanted - made:
            self._copy()
            notes.put(COPIES_MADE, sorted(wanted))

    def _copy(self) -> tuple[int, tuple[str, ...]]:
        """Bring the copies up to date. A copy that cannot be written never fails the backup; it is reported."""
        from resurge.vault import mirror

        copied_bytes = 0
        problems: list[str] = []
        primary = self._repositories.primary
        for copy in self._repositories.copies_of(primary.name):
            try:
                copied_bytes += mirror(primary.url, copy.url, read_destination=False).copied_bytes
            except (RepositoryError, ResurgeError, OSError) as error:
                problems.append(f"{copy.name}: {error}")
        return copied_bytes, tuple(problems)


def files_of(repository: "Repository", snapshot: "Snapshot") -> dict[str, FileState]:
    return {
        path: FileState(path, node.size, node.digest, node.entropy)
        for node in repository.nodes(snapshot)
        if node.kind == "file"
        for path in (f"/{node.name}",)
    }


def _unhealthy(component: Component, before: Mapping[str, FileState], after: Mapping[str, FileState]) -> dict[str, str]:
    """Open the new and changed weights and say which are not fit to be loaded."""
    roots = [source.path for source in component.sources if source.content is not Content.MUTABLE]
    found: dict[str, str] = {}
    for path, state in after.items():
        known = before.get(path)
        if (known and known.digest == state.digest) or not any(Path(path).is_relative_to(root) for root in roots):
            continue
        health = examine_tensors(Path(path))
        if not health.good and Path(path).exists():
            found[path] = health.summary
    return found
