"""One recovery without a running controller, under the same lock and with the same durable steps."""

from resurge.controller.handling import Handler
from resurge.controller.moves import FINAL, RUNNING
from resurge.controller.switches import Switches
from resurge.core.errors import NotAllowed
from resurge.incidents.records import Incident, IncidentState
from resurge.recovery.context import Tools
from resurge.recovery.workflow import Engine

LOOK_SECONDS = 0.1


def recover_one(tools: Tools, switches: Switches, incident_id: str) -> Incident:
    """Moves one approved incident to its end. Raises NotAllowed during a pause or when no plan is allowed."""
    engine = Engine(tools.estate.state_folder, tools)
    engine.launch()
    handler = Handler(tools, switches, engine.start)
    try:
        before = tools.book.get(incident_id)
        if before.state in RUNNING and before.plan and before.run_id:
            engine.rescue(before.id, before.run_id, len(before.plan.steps))
        while True:
            incident = handler.move(incident_id, tuple, 0.0)
            if incident.state in FINAL or (incident.state is IncidentState.FAILED):
                return incident
            if switches.paused(tools.clock.now()):
                raise NotAllowed("all action is paused", "End the pause with `resurge pause --off`.")
            if incident.state is IncidentState.PLANNED and incident.plan is None:
                raise NotAllowed(incident.failure or "there is no plan", "It has to be mended by hand.")
            tools.clock.sleep(LOOK_SECONDS)
    finally:
        engine.destroy()
