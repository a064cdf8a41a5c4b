"""One step of a run, done once: the book says what was done, the ledger seals it, the action is idempotent."""

import logging
from collections.abc import Mapping

from resurge.core.errors import ResurgeError
from resurge.incidents.records import Incident, IncidentState, StepRecord, StepState
from resurge.recovery.actions import ACTIONS
from resurge.recovery.context import Action, StepContext, Tools

log = logging.getLogger(__name__)

PAUSE_LOOK_SECONDS = 0.2


def carry_out(
    tools: Tools, incident_id: str, run_id: str, position: int, actions: Mapping[str, Action] = ACTIONS
) -> str:
    """Empty when it is done; else why it failed. Called again after a crash, it does only what is missing."""
    incident = tools.book.get(incident_id)
    if incident.plan is None:
        return "the incident has no plan"
    step = incident.plan.steps[position]
    while tools.paused():
        tools.clock.sleep(PAUSE_LOOK_SECONDS)
    if _record(tools, run_id, position, StepState.DONE) is None:
        tools.book.begin_step(run_id, position, step, tools.clock.now())
        try:
            outcome = actions[step.action](StepContext(tools, incident, run_id, position, step))
        except Exception as error:  # whatever happened, the run must come to a recorded end
            if not isinstance(error, ResurgeError):
                log.exception("step %s of %s", position, run_id)
            tools.book.end_step(run_id, position, StepState.FAILED, tools.clock.now(), str(error))
            _seal(tools, incident, run_id, position)
            return f"{step.action} {step.component}: {error}"
        tools.book.end_step(run_id, position, StepState.DONE, tools.clock.now(), outcome.text, outcome.detail)
    _seal(tools, incident, run_id, position)
    return ""


def conclude(tools: Tools, incident_id: str, run_id: str, failure: str) -> None:
    """Close the incident, or mark it failed. Idempotent: cut off anywhere, the next call does what is missing.

    What was proved stays proved: a fresh backup that failed after it is said, and left to the schedule. Recovering
    a component that is well a second time, from an older state, would do the damage itself.
    """
    incident = tools.book.get(incident_id)
    if incident.run_id != run_id:
        return
    if incident.state in (IncidentState.RECOVERING, IncidentState.PROVED):
        failed = bool(failure) and incident.state is IncidentState.RECOVERING
        to = IncidentState.FAILED if failed else IncidentState.CLOSED
        incident = tools.book.advance(incident_id, to, tools.clock.now(), failure=failure or None)
        log.warning("incident %s (%s) is %s%s", incident_id, incident.component, to, f": {failure}" if failure else "")
    tools.ledger.append("run", incident.component, {"run": run_id, "failure": failure}, key=f"{run_id}:end")
    if incident.state is IncidentState.CLOSED:
        tools.ledger.append("incident", incident.component, evidence_of(incident), key=f"{incident_id}:closed")


def evidence_of(incident: Incident) -> dict[str, object]:
    """What the ledger keeps of an incident: what was found, decided and measured."""
    return {
        "incident": incident.id,
        "state": incident.state.value,
        "fault": incident.diagnosis.fault.value if incident.diagnosis else "unknown",
        "onset_at": incident.onset_at,
        "opened_at": incident.opened_at,
        "proved_at": incident.proved_at,
        "rto_seconds": incident.rto_seconds,
        "rpo_seconds": incident.rpo_seconds,
        "snapshot": incident.plan.snapshot if incident.plan else None,
        "failure": incident.failure,
    }


def _record(tools: Tools, run_id: str, position: int, state: StepState) -> StepRecord | None:
    found = (r for r in tools.book.steps(run_id) if r.position == position and r.state is state)
    return next(found, None)


def _seal(tools: Tools, incident: Incident, run_id: str, position: int) -> None:
    record = next(r for r in tools.book.steps(run_id) if r.position == position)
    body = {
        "incident": incident.id,
        "run": run_id,
        "position": position,
        "action": record.action,
        "state": record.state.value,
        "outcome": record.outcome,
        "tries": record.tries,
    }
    tools.ledger.append("step", record.component, body, key=f"{run_id}:{position}:{record.state.value}")


def next_run(incident: Incident) -> str:
    """The name of the run that the next attempt will have."""
    return f"{incident.id}-run{incident.attempt + 1}"
