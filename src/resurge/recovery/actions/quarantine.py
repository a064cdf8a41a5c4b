"""Set the broken state aside before anything is put back. Moves only; nothing is deleted.

What is moved: files that differ from the recovery point, after ransomware also what came since the onset (ransom
notes, renamed victims), and weights that cannot be loaded. What is right stays where it is, and in a source that may
change (mutable) so does everything but what was named as damaged or looks encrypted.
"""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from resurge.backup.protect import files_of
from resurge.backup.verdict import FileState
from resurge.core.durable import fsync_folder
from resurge.estate.model import Content, Source, SourceKind
from resurge.incidents.records import Fault
from resurge.recovery.context import Outcome, StepContext
from resurge.recovery.facts import REPOSITORY_PREFIX
from resurge.sources.digest import digest_file
from resurge.sources.entropy import looks_encrypted, sample_entropy
from resurge.sources.health import examine_tensors

PATHS_IN_EVIDENCE = 20
SWEEPS = 10
CLOCK_STEP_SECONDS = 1.0  # file systems may stamp changes with a coarser clock than ours


def quarantine(context: StepContext) -> Outcome:
    aside = context.quarantine_folder
    if "snapshot" in context.step.arguments:
        moved = _sweep(context, aside)
    else:
        moved = [str(path) for path in list(_named(context)) if move_aside(path, aside)]
    if not moved:
        return Outcome("nothing of the broken state is left to set aside", {"folder": str(aside), "moved": 0})
    return Outcome(
        f"{len(moved)} file(s) set aside in {aside}",
        {"folder": str(aside), "moved": len(moved), "paths": moved[:PATHS_IN_EVIDENCE]},
    )


def _named(context: StepContext) -> Iterator[Path]:
    """What is left of a lost repository, or the weights that cannot be loaded."""
    name = context.step.component
    if name.startswith(REPOSITORY_PREFIX):
        yield Path(context.tools.estate.repositories[name.removeprefix(REPOSITORY_PREFIX)].url)
    else:
        yield from _unhealthy(context)


def move_aside(path: Path, aside: Path) -> bool:
    """Move `path` to `aside/<its absolute path>`. Something of that name from an earlier attempt is kept too."""
    if not os.path.lexists(path):
        return False
    target = aside / str(path).lstrip("/")
    attempt = 1
    while os.path.lexists(target):
        attempt += 1
        target = target.with_name(f"{path.name}.{attempt}")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        path.rename(target)
    except OSError:  # another file system: copy whole, then remove
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, target, symlinks=True)
            shutil.rmtree(path)
        else:
            shutil.copy2(path, target, follow_symlinks=False)
            path.unlink()
    fsync_folder(target.parent)
    return True


def _unhealthy(context: StepContext) -> Iterator[Path]:
    diagnosis = context.incident.diagnosis
    named = set(diagnosis.paths) if diagnosis else set()
    for source in context.component.sources:
        for path in _files_below(source.path):
            if not path.name.startswith(".") and (str(path) in named or not examine_tensors(path).good):
                yield path


@dataclass(frozen=True, slots=True)
class _Right:
    """What the recovery point and the diagnosis say about the files of a component."""

    files: Mapping[str, FileState]
    damaged: frozenset[str]
    onset_at: float


def _sweep(context: StepContext, aside: Path) -> list[str]:
    """Again until a pass finds nothing more: whoever does the damage may still be at it."""
    right = _right(context)
    moved: list[str] = []
    looked_at = 0.0  # of the second pass on, only what changed since the one before
    for _ in range(SWEEPS):
        began = time.time() - CLOCK_STEP_SECONDS
        found = [str(path) for path in _different(context, right, looked_at) if move_aside(path, aside)]
        if not found:
            break
        moved += found
        looked_at = began
    return moved


def _right(context: StepContext) -> _Right:
    _, repository, snapshot = context.tools.repositories.holding(context.step.arguments["snapshot"])
    files = files_of(repository, snapshot)
    diagnosis = context.incident.diagnosis
    if diagnosis is None:
        return _Right(files, frozenset(), float("inf"))
    # Only who encrypts also adds files of his own; beside other damage, a new file is somebody's work.
    added = diagnosis.fault is Fault.RANSOMWARE
    onset_at = diagnosis.onset_at - diagnosis.onset_uncertainty_seconds if added else float("inf")
    return _Right(files, frozenset(diagnosis.paths), onset_at)


def _different(context: StepContext, right: _Right, since: float) -> Iterator[Path]:
    for source in context.component.sources:
        if source.kind is SourceKind.SQLITE:
            yield from _database_files(source)
            continue
        for path in _files_below(source.path):
            if _is_broken(path, source.content, right, since):
                yield path


def _is_broken(path: Path, content: Content, right: _Right, since: float) -> bool:
    known = right.files.get(str(path))
    try:
        found = path.lstat()
        if found.st_ctime < since:
            return False
        if known is None and (str(path) in right.damaged or content is not Content.MUTABLE):
            return str(path) in right.damaged or found.st_ctime >= right.onset_at
        if known is not None and found.st_size == known.size and digest_file(path) == known.digest:
            return False
        if content is not Content.MUTABLE or str(path) in right.damaged:
            return True
        return known is not None and looks_encrypted(known.entropy, sample_entropy(path), found.st_size)
    except OSError:
        return os.path.lexists(path)


def _database_files(source: Source) -> list[Path]:
    """The database and its side files: a write-ahead log that is left behind would be replayed into the restored."""
    return [source.path.with_name(source.path.name + end) for end in ("", "-wal", "-shm", "-journal")]


def _files_below(root: Path) -> Iterator[Path]:
    if root.is_file() or root.is_symlink():
        yield root
        return
    for folder, _, names in os.walk(root):
        for name in names:
            yield Path(folder) / name
