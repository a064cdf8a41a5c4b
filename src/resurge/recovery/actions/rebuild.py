"""Rebuild a lost repository from another that holds the same objects."""

from resurge.core.errors import RecoveryFailed
from resurge.recovery.context import Outcome, StepContext
from resurge.recovery.facts import REPOSITORY_PREFIX


def rebuild(context: StepContext) -> Outcome:
    """Objects that are already there and right are skipped, so a rebuild that was cut off goes on."""
    from resurge.vault import mirror

    lost = context.tools.estate.repositories[context.step.component.removeprefix(REPOSITORY_PREFIX)]
    other = context.tools.estate.repositories[context.step.arguments["from"]]
    report = mirror(other.url, lost.url)
    context.tools.repositories.forget(lost.name)
    if report.bad_objects:
        raise RecoveryFailed(
            f"{len(report.bad_objects)} object(s) of '{other.name}' are damaged too, first {report.bad_objects[0]}",
            "`resurge check --read-data` names what they hurt.",
        )
    return Outcome(
        f"{report.objects_copied} object(s) copied from '{other.name}'",
        {"objects": report.objects_copied, "copied_bytes": report.copied_bytes},
    )
