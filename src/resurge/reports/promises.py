"""Judge one incident's promises. A promise that cannot be kept any more is broken, even before the end."""

from collections.abc import Callable, Iterable

from resurge.estate.model import Estate, Objectives
from resurge.incidents.records import Incident, IncidentState
from resurge.reports.model import Measure


def objectives_for(incident: Incident, estate: Estate) -> Objectives:
    """A component's own objectives.

    A repository has none of its own; losing it endangers what is backed up to it. So the strictest objectives
    of the affected components hold for it, or of all components where the diagnosis names none.
    """
    where = incident.diagnosis.component if incident.diagnosis else incident.component
    if where in estate.components:
        return estate.components[where].objectives
    affected = incident.diagnosis.affected if incident.diagnosis else ()
    named = [estate.components[name] for name in affected if name in estate.components]
    concerned = [c.objectives for c in named or estate.components.values()]
    return Objectives(
        rpo_seconds=_strictest(concerned, lambda o: o.rpo_seconds),
        rto_seconds=_strictest(concerned, lambda o: o.rto_seconds),
        detect_seconds=_strictest(concerned, lambda o: o.detect_seconds),
    )


def _strictest(among: Iterable[Objectives], read: Callable[[Objectives], float | None]) -> float | None:
    return min((value for o in among if (value := read(o)) is not None), default=None)


def judge(
    promised: float | None,
    measured: float | None,
    *,
    uncertainty: float = 0.0,
    over: bool = False,
    waited: float = 0.0,
) -> Measure:
    """`over`: it ended without ever being measured. `waited`: how long it has gone on so far, in seconds."""
    if promised is None:
        kept = None
    elif measured is not None:
        kept = measured <= promised
    else:
        kept = False if over or waited > promised else None
    return Measure(promised, measured, kept, uncertainty if measured is not None else 0.0)


def measure(
    incident: Incident, objectives: Objectives, onset_at: float, uncertainty: float, until: float
) -> tuple[Measure, Measure, Measure]:
    """Detection, RTO and RPO, in this order, all from `onset_at`. `until` is when the report looks."""
    detect = judge(objectives.detect_seconds, max(0.0, incident.opened_at - onset_at), uncertainty=uncertainty)
    if incident.state is IncidentState.DISMISSED and incident.proved_at is None:
        nothing = Measure(None, None, None)  # it passed by itself: there was nothing to bring back
        return detect, nothing, nothing
    over = incident.state in (IncidentState.FAILED, IncidentState.CLOSED)
    rto = None if incident.proved_at is None else max(0.0, incident.proved_at - onset_at)
    rpo, rpo_uncertainty = None, 0.0
    if incident.proved_at is not None:
        rpo = 0.0
        if incident.restored_state_at is not None:
            rpo, rpo_uncertainty = max(0.0, onset_at - incident.restored_state_at), uncertainty
    return (
        detect,
        judge(objectives.rto_seconds, rto, uncertainty=uncertainty, over=over, waited=max(0.0, until - onset_at)),
        judge(objectives.rpo_seconds, rpo, uncertainty=rpo_uncertainty, over=over),
    )
