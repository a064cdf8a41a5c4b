"""Rebuild a lost repository from another that holds the same objects."""

from contextlib import suppress

from resurge.core.errors import RecoveryFailed, RepositoryError
from resurge.recovery.context import Outcome, StepContext
from resurge.recovery.facts import REPOSITORY_PREFIX


def rebuild(context: StepContext) -> Outcome:
    """Objects that are already there and right are skipped, so a rebuild that was cut off goes on."""
    from resurge.vault import mirror

    lost = context.tools.estate.repositories[context.step.component.removeprefix(REPOSITORY_PREFIX)]
    other = context.tools.estate.repositories[context.step.arguments["from"]]
    report = mirror(other.url, lost.url)
    _take_back_what_is_whole(context, lost.url)
    context.tools.repositories.forget(lost.name)
    if report.bad_objects:
        raise RecoveryFailed(
            f"{len(report.bad_objects)} object(s) of '{other.name}' are damaged too, first {report.bad_objects[0]}",
            "`resurge check --read-data` names what they hurt.",
        )
    gone = _forget_what_is_gone(context)
    return Outcome(
        f"{report.objects_copied} object(s) copied from '{other.name}'",
        {"objects": report.objects_copied, "copied_bytes": report.copied_bytes, "lost_snapshots": gone},
    )


def _take_back_what_is_whole(context: StepContext, url: str) -> None:
    """The copy may lag behind: objects of the broken repository that are still right are newer than its own.

    Nothing of it is trusted: each object is named by the hash of its content, and one that is not right stays aside.
    """
    from resurge.vault import mirror

    aside = context.quarantine_folder / url.lstrip("/")
    for remains in sorted(aside.parent.glob(f"{aside.name}*")) if aside.parent.is_dir() else []:
        with suppress(RepositoryError):  # what has lost its config, or its keys, has nothing that could be checked
            mirror(str(remains), url)


def _forget_what_is_gone(context: StepContext) -> list[str]:
    """Snapshots that neither the copy nor the remains held went down with the repository: no recovery points."""
    tools = context.tools
    kept = {snapshot.id for snapshot in tools.repositories.open(tools.repositories.primary.name).snapshots()}
    points = [point for name in tools.estate.components for point in tools.points.of(name)]
    gone = [point.snapshot for point in points if point.snapshot not in kept]
    tools.points.forget(gone, tools.clock.now())
    return gone
