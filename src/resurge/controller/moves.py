"""What to do next with an incident. Pure: the whole policy of the controller on one page."""

from dataclasses import dataclass
from enum import StrEnum

from resurge.estate.model import Mode
from resurge.incidents.records import Incident, IncidentState

SETTLE_AT_MOST_SECONDS = 2.0  # a burst that goes on and on is diagnosed by what it has done so far
ATTEMPTS = 3
TRUST_SILENCE_SECONDS = 4.0  # a monitor that has just begun to look has seen nothing yet

FINAL = frozenset({IncidentState.CLOSED, IncidentState.DISMISSED})
RUNNING = frozenset({IncidentState.RECOVERING, IncidentState.PROVED})
ACTIVE = frozenset(IncidentState) - FINAL
BUSY = RUNNING | {IncidentState.OPEN, IncidentState.DIAGNOSED}
"""States that pass by themselves; in the others an active incident may stay for as long as a person does."""


class Move(StrEnum):
    NOTHING = "nothing"
    DISMISS = "dismiss"
    DIAGNOSE = "diagnose"
    PLAN = "plan"
    WAIT = "wait"
    RECOVER = "recover"
    TRY_AGAIN = "try-again"


@dataclass(frozen=True, slots=True)
class Circumstances:
    now: float
    mode: Mode
    paused: bool = False
    approved: bool = False  # a person has said yes to this incident
    alerting: bool = True  # its symptoms are still there
    settled: bool = True  # a whole round of looks has added nothing to what is known
    watched_for_seconds: float = 0.0  # how long the monitor has looked at its component without a break
    busy: bool = False  # another run holds a component that this one needs


def next_move(incident: Incident, given: Circumstances) -> Move:
    state = incident.state
    if state in FINAL or state in RUNNING:
        return Move.NOTHING  # the run itself ends it
    silent = not given.alerting and not given.busy and given.watched_for_seconds >= TRUST_SILENCE_SECONDS
    if silent and not (given.approved and _can_act(incident)):
        return Move.DISMISS
    if state is IncidentState.OPEN:
        settled = given.settled or given.now - incident.opened_at >= SETTLE_AT_MOST_SECONDS
        return Move.DIAGNOSE if settled else Move.NOTHING
    if state is IncidentState.DIAGNOSED:
        return Move.PLAN
    if state is IncidentState.FAILED:
        again = incident.attempt < ATTEMPTS and _may_act(given)
        return Move.TRY_AGAIN if again else Move.NOTHING
    return _of_a_plan(incident, given)


def _of_a_plan(incident: Incident, given: Circumstances) -> Move:
    if incident.plan is None or not incident.plan.steps:
        return Move.NOTHING  # nothing that is allowed would help; a person is needed
    if _may_act(given):
        return Move.NOTHING if given.busy else Move.RECOVER
    waits = given.mode is not Mode.OBSERVE and incident.state is IncidentState.PLANNED
    return Move.WAIT if waits else Move.NOTHING


def _can_act(incident: Incident) -> bool:
    """An approved incident goes on although its symptoms are gone, if there is anything to go on with."""
    if incident.state is IncidentState.FAILED:
        return incident.attempt < ATTEMPTS
    return incident.state in (IncidentState.OPEN, IncidentState.DIAGNOSED) or incident.plan is not None


def _may_act(given: Circumstances) -> bool:
    return not given.paused and (given.mode is Mode.AUTO or given.approved)
