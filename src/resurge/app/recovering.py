"""A recovery that a person asks for: of an incident, or of a component as it is now."""

from typing import TYPE_CHECKING

from resurge.controller.handling import Handler
from resurge.controller.moves import ACTIVE, ATTEMPTS
from resurge.controller.single import recover_one
from resurge.core.errors import NotAllowed, ResurgeError
from resurge.estate.model import Mode
from resurge.incidents.records import Incident, IncidentState, Plan
from resurge.recovery.choose import choose
from resurge.recovery.facts import gather
from resurge.state import Requests, exclusive

if TYPE_CHECKING:
    from resurge.app import App

ANSWER_SECONDS = 60.0  # a thorough look reads everything that the component has
LOOK_SECONDS = 0.1


def plan_for(app: "App", target: str) -> Plan:
    incident = _incident_for(app, target)
    if incident is not None and incident.plan is not None:
        return incident.plan
    diagnosis = incident.diagnosis if incident else None
    if diagnosis is None:
        diagnosis = _handler(app).diagnose_now(target.removeprefix("@"))
    if diagnosis is None:
        raise _all_is_well(target)
    facts = gather(diagnosis, app.estate, app.points, app.repositories)
    return choose(diagnosis, app.estate, facts)


def recover(app: "App", target: str, *, approve: bool, wait: bool) -> Incident:
    _refuse_unapproved(app, target, approve)
    if app.switches.alive(app.clock.now()):
        return _ask_controller(app, target, approve=approve, wait=wait)
    with exclusive(app.estate.state_folder):
        return recover_one(app.tools, app.switches, _look_or_find(app, target, approve=approve))


def _all_is_well(target: str) -> NotAllowed:
    return NotAllowed(f"'{target}' is well: there is nothing to recover", "`resurge status` shows what is.")


def _refuse_unapproved(app: "App", target: str, approve: bool) -> None:
    incident = _incident_for(app, target)
    name = incident.component if incident else target.removeprefix("@")
    repository = app.estate.repositories.get(name.removeprefix("repository/"))
    mode = repository.mode if repository and name.startswith("repository/") else app.component(name).mode
    if app.switches.paused(app.clock.now()):
        raise NotAllowed("all action is paused", "End the pause with `resurge pause --off`.")
    if mode is not Mode.AUTO and not approve:
        raise NotAllowed(
            f"'{name}' is in mode {mode.value}: a person has to approve",
            f"Look at the plan with `resurge recover {target} --dry-run`, then add --approve.",
        )


def _look_or_find(app: "App", target: str, *, approve: bool) -> str:
    incident = _incident_for(app, target)
    if incident is not None:
        if (again := _handler(app).begin_anew(incident)) is not None:
            return again
        if approve:
            app.switches.approve(incident.id, incident.component)
        return incident.id
    found = _handler(app).open_by_hand(target.removeprefix("@"), approve=approve)
    if found is None:
        raise _all_is_well(target)
    return found


def _ask_controller(app: "App", target: str, *, approve: bool, wait: bool) -> Incident:
    requests = Requests(app.database)
    incident = _incident_for(app, target)
    if incident is not None:
        asked = requests.put("approve", {"incident": incident.id, "approve": approve})
    else:
        asked = requests.put("look", {"component": target.removeprefix("@"), "approve": approve})
    answer = requests.wait(asked, ANSWER_SECONDS)
    if answer.error:
        raise ResurgeError(answer.error)
    if answer.result.get("incident") is None:
        raise _all_is_well(target)
    incident_id = str(answer.result["incident"])
    return _await_end(app, incident_id) if wait else app.book.get(incident_id)


def _await_end(app: "App", incident_id: str) -> Incident:
    while True:
        incident = app.book.get(incident_id)
        over = incident.state in (IncidentState.CLOSED, IncidentState.DISMISSED)
        if over or (incident.state is IncidentState.FAILED and incident.attempt >= ATTEMPTS):
            return incident
        if incident.state is IncidentState.PLANNED and incident.plan is None:
            return incident
        if app.switches.paused(app.clock.now()):
            raise NotAllowed("all action is paused", "End the pause with `resurge pause --off`.")
        app.clock.sleep(LOOK_SECONDS)


def _incident_for(app: "App", target: str) -> Incident | None:
    if not target.startswith("@"):
        return app.book.get(target)
    name = target.removeprefix("@")
    if not name.startswith("repository/"):
        app.component(name)
    return next(iter(app.book.list(states=ACTIVE, component=name)), None)


def _handler(app: "App") -> Handler:
    return Handler(app.tools, app.switches, lambda *_: None)
