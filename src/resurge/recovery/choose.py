"""Diagnosis → plans, best first. Pure: no clock, no disk, no chance.

Candidates are ranked by data lost, then by expected seconds, then by how much they touch. A second attempt takes
the second candidate: what has just failed is not tried again in the same way.
"""

from resurge.core.errors import NotAllowed
from resurge.estate.model import Estate
from resurge.incidents.records import Diagnosis, Fault, Plan
from resurge.recovery.facts import Facts
from resurge.recovery.plans import MAKERS

PERMISSION = {"stop": "restart", "start": "restart", "quarantine": "restore", "restore": "restore"}
"""What the estate must allow (`actions:`) before a plan may hold a step."""


def choose(diagnosis: Diagnosis, estate: Estate, facts: Facts, attempt: int = 0) -> Plan:
    """The plan for this attempt (0 is the first). `NotAllowed` says why there is none."""
    plans = candidates(diagnosis, estate, facts)
    if not plans:
        raise NotAllowed(
            f"nothing that '{diagnosis.component}' allows would mend {diagnosis.fault.value}",
            _advice(diagnosis, estate, facts),
        )
    return plans[min(attempt, len(plans) - 1)]


def candidates(diagnosis: Diagnosis, estate: Estate, facts: Facts) -> list[Plan]:
    maker = MAKERS.get(diagnosis.fault)
    if maker is None:
        return []
    plans = [plan for plan in maker(diagnosis, estate, facts) if plan.steps and _allowed(plan, estate)]
    return sorted(plans, key=lambda plan: (_lost_seconds(plan, diagnosis), plan.expected_seconds, len(plan.steps)))


def _lost_seconds(plan: Plan, diagnosis: Diagnosis) -> float:
    return 0.0 if plan.restored_state_at is None else max(0.0, diagnosis.onset_at - plan.restored_state_at)


def _allowed(plan: Plan, estate: Estate) -> bool:
    for step in plan.steps:
        component = estate.components.get(step.component)
        needed = PERMISSION.get(step.action)
        if component is not None and needed is not None and needed not in component.actions:
            return False
    return True


def _advice(diagnosis: Diagnosis, estate: Estate, facts: Facts) -> str:
    component = estate.components.get(diagnosis.component)
    if diagnosis.fault is Fault.DISK_FULL:
        return "Free some space; Resurge does not delete what it does not own."
    if component is not None and component.sources and not facts.points:
        return "There is no good recovery point from before the fault."
    return "Allow `restart` or `restore` in its `actions:`, or mend it by hand."
