"""What other commands ask of a running controller."""

import logging

from resurge.controller.handling import Handler
from resurge.controller.switches import Switches
from resurge.core.errors import ResurgeError
from resurge.recovery.context import Tools
from resurge.state import Request, Requests

log = logging.getLogger(__name__)


def answer_requests(requests: Requests, tools: Tools, switches: Switches, handler: Handler) -> None:
    for request in requests.take():
        try:
            requests.answer(request.id, _answer(request, tools, switches, handler))
        except ResurgeError as error:
            requests.answer(request.id, {}, str(error))


def _answer(request: Request, tools: Tools, switches: Switches, handler: Handler) -> dict[str, object]:
    if request.kind == "approve":
        incident = tools.book.get(str(request.argument["incident"]))
        again = handler.begin_anew(incident) if request.argument.get("approve") else None
        if request.argument.get("approve") and again is None:
            switches.approve(incident.id, incident.component)
        return {"incident": again or incident.id}
    if request.kind == "look":
        incident_id = handler.open_by_hand(
            str(request.argument["component"]), approve=bool(request.argument.get("approve"))
        )
        return {"incident": incident_id}
    raise ResurgeError(f"the controller does not know the request '{request.kind}'", "Upgrade both together.")
