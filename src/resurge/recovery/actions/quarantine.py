"""Set the broken state aside before anything is put back. Moves only; nothing is deleted.

What is moved: files that differ from the recovery point, files that came since the onset (ransom notes, renamed
victims), and weights that cannot be loaded. What is right stays where it is.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from resurge.backup.protect import files_of
from resurge.backup.verdict import FileState
from resurge.core.durable import fsync_folder
from resurge.estate.model import Source, SourceKind
from resurge.recovery.context import Outcome, StepContext
from resurge.recovery.facts import REPOSITORY_PREFIX
from resurge.sources.digest import digest_file
from resurge.sources.health import examine_tensors

PATHS_IN_EVIDENCE = 20


def quarantine(context: StepContext) -> Outcome:
    aside = context.quarantine_folder
    name = context.step.component
    if name.startswith(REPOSITORY_PREFIX):
        spec = context.tools.estate.repositories[name.removeprefix(REPOSITORY_PREFIX)]
        broken: Iterable[Path] = [Path(spec.url)] if Path(spec.url).exists() else []
    elif context.step.arguments.get("unhealthy"):
        broken = list(_unhealthy(context))
    else:
        broken = list(_different(context))
    moved = [str(path) for path in broken if move_aside(path, aside)]
    if not moved:
        return Outcome("nothing of the broken state is left to set aside", {"folder": str(aside), "moved": 0})
    return Outcome(
        f"{len(moved)} file(s) set aside in {aside}",
        {"folder": str(aside), "moved": len(moved), "paths": moved[:PATHS_IN_EVIDENCE]},
    )


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


def _different(context: StepContext) -> Iterator[Path]:
    _, repository, snapshot = context.tools.repositories.holding(context.step.arguments["snapshot"])
    right = files_of(repository, snapshot)
    diagnosis = context.incident.diagnosis
    damaged = set(diagnosis.paths) if diagnosis else set()
    onset_at = diagnosis.onset_at - diagnosis.onset_uncertainty_seconds if diagnosis else float("inf")
    for source in context.component.sources:
        if source.kind is SourceKind.SQLITE:
            yield from _database_files(source)
            continue
        for path in _files_below(source.path):
            if _is_broken(path, right.get(str(path)), damaged, onset_at):
                yield path


def _is_broken(path: Path, right: FileState | None, damaged: set[str], onset_at: float) -> bool:
    try:
        found = path.lstat()
        if right is None:
            return str(path) in damaged or found.st_ctime >= onset_at
        return found.st_size != right.size or digest_file(path) != right.digest
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
