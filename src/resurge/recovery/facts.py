"""What a choice of plan has to know, as values, and the look around that gathers it."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from resurge.backup.access import Repositories
from resurge.backup.points import PointBook, RecoveryPoint, good_before
from resurge.core.errors import ResurgeError
from resurge.diagnosis.name import DATA_FAULTS
from resurge.estate.model import Component, Content, Estate
from resurge.incidents.records import Diagnosis
from resurge.sources.health import examine_tensors

REPOSITORY_PREFIX = "repository/"
DEFAULT_RESTORE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class WeightsOnDisk:
    """One checkpoint file. `kept_in`: the newest good snapshot that holds it, as it was at `kept_state_at`."""

    path: str
    modified_at: float
    healthy: bool
    kept_in: str | None = None
    kept_state_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    points: tuple[RecoveryPoint, ...] = ()  # fit to go back to, newest first
    weights: tuple[WeightsOnDisk, ...] = ()  # of rolling sources, newest first
    kept_weights_at: float | None = None  # when the newest checkpoint in the newest fit snapshot was written
    other_repositories: tuple[str, ...] = ()  # from which a lost repository could be rebuilt
    restore_seconds: float = DEFAULT_RESTORE_SECONDS  # measured where there is a measurement


def gather(diagnosis: Diagnosis, estate: Estate, points: PointBook, repositories: Repositories) -> Facts:
    """Reads the disk and the book of recovery points; changes nothing."""
    name = diagnosis.component
    if name.startswith(REPOSITORY_PREFIX):
        repository = name.removeprefix(REPOSITORY_PREFIX)
        return Facts(other_repositories=tuple(spec.name for spec in repositories.others_of(repository)))
    component = estate.components.get(name)
    if component is None:
        return Facts()
    known = points.of(name)
    before = float("inf")
    if diagnosis.fault in DATA_FAULTS:
        before = diagnosis.onset_at - diagnosis.onset_uncertainty_seconds
    fit = good_before(known, before)
    weights = _weights(component, diagnosis, fit, repositories)
    none_left = bool(component.process) and not any(each.healthy for each in weights)
    return Facts(fit, weights, _newest_kept(fit, repositories) if none_left else None)


def _weights(
    component: Component,
    diagnosis: Diagnosis,
    fit: Sequence[RecoveryPoint],
    repositories: Repositories,
) -> tuple[WeightsOnDisk, ...]:
    rolling = [source.path for source in component.sources if source.content is Content.ROLLING]
    files = [path for root in rolling if root.is_dir() for path in root.rglob("*") if _is_weights(path)]
    looked = []
    for modified_at, path in sorted(_dated(files), reverse=True):
        damaged = str(path) in diagnosis.paths and diagnosis.fault in DATA_FAULTS
        healthy = not damaged and examine_tensors(path).good
        looked.append((path, modified_at, healthy))
        if healthy:
            break  # it is the newest good one: what is older does not matter, and may be large
    kept = _kept([str(path) for path, _, healthy in looked if not healthy], fit, repositories)
    found = [WeightsOnDisk(str(p), at, healthy, *kept.get(str(p), (None, 0.0))) for p, at, healthy in looked]
    return tuple(sorted(found, key=lambda w: (w.modified_at, w.path), reverse=True))


def _dated(paths: Iterable[Path]) -> Iterator[tuple[float, Path]]:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):  # rolled away while we looked
            yield path.stat().st_mtime, path


def _is_weights(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _newest_kept(fit: Sequence[RecoveryPoint], repositories: Repositories) -> float | None:
    if not fit:
        return None
    _, repository, snapshot = repositories.holding(fit[0].snapshot)
    return max((node.mtime_ns / 1e9 for node in repository.nodes(snapshot) if node.kind == "file"), default=None)


def _kept(
    paths: Sequence[str], fit: Sequence[RecoveryPoint], repositories: Repositories
) -> dict[str, tuple[str, float]]:
    """For each damaged file, the newest good snapshot that holds it, and when that content was written."""
    kept: dict[str, tuple[str, float]] = {}
    for point in fit if paths else ():
        try:
            _, repository, snapshot = repositories.holding(point.snapshot)
        except ResurgeError:
            continue  # that snapshot is of no use; an older one may be
        written_at = {f"/{node.name}": node.mtime_ns / 1e9 for node in repository.nodes(snapshot)}
        fresh = [path for path in paths if path in written_at and path not in kept]
        kept.update({path: (point.snapshot, written_at[path]) for path in fresh})
        if len(kept) == len(paths):
            break
    return kept
