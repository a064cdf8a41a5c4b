"""Bring a component's data back from its recovery point. Cut off anywhere, it goes on where it was."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from resurge.core.errors import RecoveryFailed
from resurge.estate.model import Content, Source, SourceKind
from resurge.recovery.context import Outcome, StepContext
from resurge.sources import open_source
from resurge.sources.health import examine_sqlite

if TYPE_CHECKING:
    from resurge.vault import Repository, RestoreReport, Snapshot


def restore(context: StepContext) -> Outcome:
    name, repository, snapshot = context.tools.repositories.holding(context.step.arguments["snapshot"])
    only = context.step.arguments.get("only")
    files = written_bytes = 0
    for source in context.component.sources:
        report = put_back(repository, snapshot, source, only)
        files += report.written_files
        written_bytes += report.written_bytes
    return Outcome(
        f"{files} file(s) restored from snapshot {snapshot.id[:12]} of '{name}'",
        {"snapshot": snapshot.id, "repository": name, "files": files, "written_bytes": written_bytes},
    )


def put_back(
    repository: "Repository", snapshot: "Snapshot", source: Source, only: str | None = None
) -> "RestoreReport":
    """Files are replaced in place, each whole and verified; a database is made whole beside, and then moved in."""
    subtree = str(source.path).lstrip("/")
    if source.kind is SourceKind.SQLITE:
        beside = source.path.with_name(f".{source.path.name}.restoring")
        report = repository.restore(snapshot, beside, subtree=subtree)
        health = examine_sqlite(beside)
        if not health.good:
            raise RecoveryFailed(f"the database in snapshot {snapshot.id[:12]} is not whole: {health.summary}")
        open_source(source).put_back(beside)
        return report
    return repository.restore(snapshot, source.path, subtree=subtree, only=_choice(source, only))


def _choice(source: Source, only: str | None) -> Callable[[str], bool] | None:
    """By name in the snapshot. Of a source that may change, only what is missing: the rest may be newer and right."""
    if only is not None:
        wanted = str(Path(only)).lstrip("/")
        return lambda name: name == wanted
    if source.content is Content.MUTABLE:
        return lambda name: not os.path.lexists(f"/{name}")
    return None
