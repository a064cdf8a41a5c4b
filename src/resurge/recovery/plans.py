"""The candidates for each family of faults: one maker a family, and the parts that they share. Pure."""

from collections.abc import Callable

from resurge.estate.model import Component, ComponentKind, Estate
from resurge.incidents.records import Diagnosis, Fault, Plan, Step
from resurge.recovery.facts import Facts

RESTART_SECONDS = 2.0
PROVE_SECONDS = 1.0


def _restart(diagnosis: Diagnosis, estate: Estate, facts: Facts) -> list[Plan]:
    component = estate.components.get(diagnosis.component)
    if component is None or component.process is None:
        return []
    if any(not weights.healthy for weights in facts.weights):
        return _resume_from_good_weights(diagnosis, estate, facts)
    steps = (
        Step("stop", component.name, why="no second instance beside a dead or hung one"),
        Step("start", component.name, why="the service is down"),
        *_proof(diagnosis, estate),
    )
    resumed_at = facts.weights[0].modified_at if facts.weights else None
    plans = [
        Plan(
            component.name,
            diagnosis.fault,
            steps,
            None,
            resumed_at,
            RESTART_SECONDS + PROVE_SECONDS,
            ("its data is in order, so a restart is enough",),
        )
    ]
    if facts.points and not facts.weights:
        plans.append(_put_back(diagnosis, estate, facts, index=0))
    return plans


def _restore(diagnosis: Diagnosis, estate: Estate, facts: Facts) -> list[Plan]:
    """From the newest recovery point, and behind it from the two before."""
    return [_put_back(diagnosis, estate, facts, index) for index in range(min(3, len(facts.points)))]


def _put_back(diagnosis: Diagnosis, estate: Estate, facts: Facts, index: int) -> Plan:
    component = estate.components[diagnosis.component]
    point = facts.points[index]
    fenced = _fenced(component, diagnosis, estate)
    newest_at = facts.kept_weights_at if index == 0 else None  # of a job's checkpoints, their own age counts
    state_at = point.taken_at if newest_at is None else newest_at
    steps = (
        *(Step("stop", name, why=f"it must not use {component.name} while that is replaced") for name in fenced),
        Step("quarantine", component.name, {"snapshot": point.snapshot}, "keep the broken state aside"),
        Step(
            "restore",
            component.name,
            {"snapshot": point.snapshot},
            "the newest state that is known to be good",
        ),
        *_after_restore(component),
        *(Step("start", name, why="it was stopped for the restore") for name in fenced),
        *_proof(diagnosis, estate, fenced),
    )
    reasons = (f"snapshot {point.snapshot[:12]} is the newest good one from before the fault",)
    if index:
        reasons = (f"snapshot {point.snapshot[:12]} is older by {index}; the newer ones did not lead to a proof",)
    seconds = facts.restore_seconds + PROVE_SECONDS + RESTART_SECONDS * len(fenced)
    return Plan(component.name, diagnosis.fault, steps, point.snapshot, state_at, seconds, reasons)


def _resume_from_good_weights(diagnosis: Diagnosis, estate: Estate, facts: Facts) -> list[Plan]:
    """Set bad checkpoints aside; take each back from a good snapshot if one holds it; go on from the newest."""
    name = diagnosis.component
    bad = [weights for weights in facts.weights if not weights.healthy]
    good_at = max((weights.modified_at for weights in facts.weights if weights.healthy), default=None)
    plans = []
    newest = next((weights for weights in bad if weights.kept_in), None)
    if newest is not None and newest.kept_in is not None:
        step = Step("restore", name, {"snapshot": newest.kept_in, "only": newest.path}, "it is kept whole")
        reason = f"snapshot {newest.kept_in[:12]} holds {newest.path.rpartition('/')[2]} as it was before the fault"
        state_at = max(newest.kept_state_at, good_at or 0.0)
        plans.append(_resume(diagnosis, estate, (step,), snapshot=newest.kept_in, state_at=state_at, reason=reason))
    if good_at is not None:
        reason = "the newest checkpoint on disk that is good"
        plans.append(_resume(diagnosis, estate, (), snapshot=None, state_at=good_at, reason=reason))
    elif facts.points and facts.kept_weights_at is not None:
        point, state_at = facts.points[0], facts.kept_weights_at
        step = Step("restore", name, {"snapshot": point.snapshot}, "no checkpoint on disk is good")
        reason = f"snapshot {point.snapshot[:12]} holds the newest checkpoints known to be good"
        plans.append(_resume(diagnosis, estate, (step,), snapshot=point.snapshot, state_at=state_at, reason=reason))
    return plans


def _resume(
    diagnosis: Diagnosis,
    estate: Estate,
    restore: tuple[Step, ...],
    *,
    snapshot: str | None,
    state_at: float,
    reason: str,
) -> Plan:
    component = estate.components[diagnosis.component]
    running = component.process is not None
    steps = (
        *((Step("stop", component.name, why="it must not spread the poison into new checkpoints"),) if running else ()),
        Step(
            "quarantine",
            component.name,
            {"unhealthy": "yes"},
            "a poisoned checkpoint must not be resumed from",
        ),
        *restore,
        *_after_restore(component),
        *((Step("start", component.name, why="go on from the newest good checkpoint"),) if running else ()),
        *_proof(diagnosis, estate),
    )
    seconds = RESTART_SECONDS + PROVE_SECONDS + 0.5 * len(restore)
    return Plan(component.name, diagnosis.fault, steps, snapshot, state_at, seconds, (reason,))


def _rebuild(diagnosis: Diagnosis, _: Estate, facts: Facts) -> list[Plan]:
    name = diagnosis.component
    return [
        Plan(
            name,
            diagnosis.fault,
            (
                Step("quarantine", name, {}, "keep what is left of it aside"),
                Step("rebuild", name, {"from": other}, f"'{other}' holds the same objects"),
                Step("prove", name, {}, "every object is read, opened and verified"),
                Step("backup", name, {}, "both copies are brought up to date"),
            ),
            None,
            None,
            facts.restore_seconds,
            (f"'{other}' is a whole copy, kept for this (3-2-1)",),
        )
        for other in facts.other_repositories
    ]


def _back_up_now(diagnosis: Diagnosis, _: Estate, __: Facts) -> list[Plan]:
    steps = (
        Step("prove", diagnosis.component, {}, "only a state that is well is worth keeping"),
        Step("backup", diagnosis.component, {}, "the last good snapshot is too old"),
    )
    return [Plan(diagnosis.component, diagnosis.fault, steps, None, None, PROVE_SECONDS, ("it is overdue",))]


def _for_content(diagnosis: Diagnosis, estate: Estate, facts: Facts) -> list[Plan]:
    """Damaged checkpoints of a job need no older state where a good one is at hand; other files are put back."""
    if facts.weights:
        return _resume_from_good_weights(diagnosis, estate, facts)
    return _restore(diagnosis, estate, facts)


def _fenced(component: Component, diagnosis: Diagnosis, estate: Estate) -> tuple[str, ...]:
    """Processes to stop while the data is replaced: its own, those that write to a database, and the broken."""
    names = [component.name] if component.process else []
    for name in estate.dependents_of(component.name):
        dependent = estate.components[name]
        if dependent.process is None or "restart" not in dependent.actions:
            continue
        writes = component.kind is ComponentKind.DATABASE and component.name in dependent.depends_on
        if writes or name in diagnosis.affected:
            names.append(name)
    return tuple(names)


def _after_restore(component: Component) -> tuple[Step, ...]:
    if not component.after_restore:
        return ()
    return (Step("after-restore", component.name, {}, "make what was restored agree with its surroundings"),)


def _proof(diagnosis: Diagnosis, estate: Estate, restarted: tuple[str, ...] = ()) -> tuple[Step, ...]:
    """Prove the component and whoever answers for it; only then is its state worth a fresh backup."""
    name = diagnosis.component
    witnesses = [
        other
        for other in estate.dependents_of(name)
        if other in diagnosis.affected or other in restarted or estate.components[other].canary is not None
    ]
    keep = estate.components[name].sources
    return (
        Step("prove", name, {"witnesses": ",".join(witnesses)}, "nothing is recovered until it is proved"),
        *((Step("backup", name, {}, "the recovered state becomes the newest recovery point"),) if keep else ()),
    )


MAKERS: dict[Fault, Callable[[Diagnosis, Estate, Facts], list[Plan]]] = {
    Fault.PROCESS_DEAD: _restart,
    Fault.PROCESS_HUNG: _restart,
    Fault.SERVICE_DEGRADED: _restart,
    Fault.TRAINING_STALLED: _restart,
    Fault.CONTENT_CORRUPT: _for_content,
    Fault.CONTENT_TRUNCATED: _for_content,
    Fault.CONTENT_MISSING: _restore,
    Fault.RANSOMWARE: _restore,
    Fault.DATABASE_DAMAGED: _restore,
    Fault.CHECKPOINT_POISONED: _resume_from_good_weights,
    Fault.REPOSITORY_LOST: _rebuild,
    Fault.REPOSITORY_DAMAGED: _rebuild,
    Fault.BACKUP_OVERDUE: _back_up_now,
}
