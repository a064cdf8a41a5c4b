"""The fresh backup after a proof. Found again by its tag, so that one step makes one snapshot."""

from resurge.core.errors import RecoveryFailed
from resurge.recovery.context import Outcome, StepContext
from resurge.recovery.facts import REPOSITORY_PREFIX


def back_up(context: StepContext) -> Outcome:
    tools = context.tools
    if not context.step.component.startswith(REPOSITORY_PREFIX):
        return _back_up_one(context, context.step.component)
    # A repository that was rebuilt: everything that it keeps gets a fresh snapshot in it.
    outcomes = [_back_up_one(context, name) for name, c in tools.estate.components.items() if c.sources]
    return Outcome(f"{len(outcomes)} component(s) backed up", {"snapshots": [o.detail["snapshot"] for o in outcomes]})


def _back_up_one(context: StepContext, name: str) -> Outcome:
    tools = context.tools
    tag = f"run:{context.token}"
    repository = tools.repositories.open(tools.repositories.primary.name)
    good = {point.snapshot for point in tools.points.of(name) if point.good}
    for snapshot in reversed(repository.snapshots()):
        if tag in snapshot.tags and snapshot.component == name and snapshot.id in good:
            return Outcome(f"snapshot {snapshot.id[:12]} was already taken", {"snapshot": snapshot.id})
    done = tools.protector.back_up(name, tags=(tag,))
    if not done.verdict.good:
        raise RecoveryFailed(
            f"the fresh backup of '{name}' is suspect: {'; '.join(done.verdict.reasons)}",
            "Something still changes it; the older recovery points are untouched.",
        )
    return Outcome(f"snapshot {done.snapshot.id[:12]} taken", {"snapshot": done.snapshot.id})
