"""From status, scores and incidents to the rows and events that the live table shows. Pure."""

from collections.abc import Iterable, Sequence

from resurge.app.status import ComponentStatus
from resurge.core.units import format_duration
from resurge.demo.live import EventKind, LiveEvent, LiveRow
from resurge.demo.scoring import Score
from resurge.incidents.records import Incident, IncidentState


def component_rows(
    statuses: Iterable[ComponentStatus], scores: Sequence[Score], incidents: Sequence[Incident]
) -> list[LiveRow]:
    """One row a component: how it is now, and the newest fault that it had."""
    rows = []
    for status in statuses:
        mine = [s for s in scores if s.injection.component == status.name]
        newest = mine[-1] if mine else None
        incident = next((i for i in incidents if i.id == status.incident), None)
        rows.append(
            LiveRow(
                component=status.name,
                state=incident.state.value if incident else status.state,
                fault=newest.injection.fault if newest else "",
                detect_seconds=newest.detect_seconds if newest else None,
                rto_seconds=newest.rto_seconds if newest else None,
                lost_seconds=newest.lost_seconds if newest else None,
                promises=_all_kept(mine),
            )
        )
    return rows


def fault_rows(scores: Iterable[Score]) -> list[LiveRow]:
    """One row a fault, in the order in which they were made."""
    return [
        LiveRow(
            component=score.injection.component,
            state=score.incident.state.value if score.incident else "broken",
            fault=score.injection.fault,
            detect_seconds=score.detect_seconds,
            rto_seconds=score.rto_seconds,
            lost_seconds=score.lost_seconds,
            promises=score.kept,
        )
        for score in scores
    ]


def events_of(scores: Iterable[Score], incidents: Iterable[Incident], began: float) -> list[LiveEvent]:
    events = [LiveEvent(s.injection.at - began, EventKind.INJECTED, f"injected {s.injection.fault}") for s in scores]
    for incident in incidents:
        events.extend(_life(incident, began))
    return events


def _life(incident: Incident, began: float) -> list[LiveEvent]:
    at = incident.opened_at - began
    events = [LiveEvent(at, EventKind.DETECTED, f"{incident.component}: {incident.alerts[0].summary}")]
    if incident.diagnosed_at and incident.diagnosis and incident.plan:
        text = f"{incident.diagnosis.fault.value}: {' → '.join(step.action for step in incident.plan.steps)}"
        events.append(LiveEvent(incident.diagnosed_at - began, EventKind.NOTE, text))
    if incident.proved_at and incident.rto_seconds is not None:
        text = f"{incident.component} proved well {format_duration(incident.rto_seconds)} after the onset"
        events.append(LiveEvent(incident.proved_at - began, EventKind.RECOVERED, text))
    if incident.state is IncidentState.FAILED:
        last = max(at for at in (incident.decided_at, incident.opened_at) if at is not None)
        events.append(LiveEvent(last - began, EventKind.FAILED, f"{incident.component}: {incident.failure}"))
    return events


def _all_kept(scores: Sequence[Score]) -> bool | None:
    kept = [score.kept for score in scores]
    if False in kept:
        return False
    return True if True in kept and kept[-1] is not None else None
