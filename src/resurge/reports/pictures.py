"""From a report's facts to what the charts draw."""

from resurge.charts.overview import Episode, Overview, Tick
from resurge.charts.timeline import Bar, Timeline
from resurge.incidents.records import IncidentState, StepState
from resurge.reports.model import IncidentFact, OnsetBasis, Report, ReportPhase, StepFact
from resurge.reports.phases import phase_of

_TONES = {
    ReportPhase.DETECT: "detect",
    ReportPhase.DIAGNOSE: "think",
    ReportPhase.DECIDE: "think",
    ReportPhase.APPROVE: "think",
    ReportPhase.CONTAIN: "contain",
    ReportPhase.RESTORE: "restore",
    ReportPhase.START: "start",
    ReportPhase.VERIFY: "verify",
    ReportPhase.RECOMPUTE: "restore",
    ReportPhase.OTHER: "restore",
}


def timeline_of(incident: IncidentFact, until: float) -> Timeline:
    """`until` ends what is still going on."""
    proved = None if incident.proved_at is None else incident.proved_at - incident.onset_at
    injected = incident.onset_basis is OnsetBasis.INJECTED
    bars = (*_loss(incident), *_decisions(incident), *(_step(incident, s, until) for s in incident.steps))
    return Timeline(
        name=f"incident-{incident.number}",
        title=f"Timeline of incident {incident.number}: {incident.fault} of {incident.component}",
        bars=bars,
        onset_uncertainty_seconds=incident.onset_uncertainty_seconds,
        onset_label="injected" if injected else "onset",
        detected_seconds=max(0.0, incident.detected_at - incident.onset_at),
        proved_seconds=proved,
        detect_promised_seconds=incident.detect.promised_seconds,
        rto_promised_seconds=incident.rto.promised_seconds,
    )


def _loss(incident: IncidentFact) -> list[Bar]:
    lost = incident.rpo.measured_seconds
    return [Bar("data lost", -lost, 0.0, "lost")] if lost else []


def _decisions(incident: IncidentFact) -> list[Bar]:
    """What happened before the first step, from one moment to the next; nothing for what took no time."""
    named = (
        (ReportPhase.DETECT, incident.detected_at),
        (ReportPhase.DIAGNOSE, incident.diagnosed_at),
        (ReportPhase.DECIDE, incident.decided_at),
        (ReportPhase.APPROVE, incident.approved_at),
    )
    bars: list[Bar] = []
    reached = 0.0
    for phase, at in named:
        if at is not None and at - incident.onset_at > reached:
            bars.append(Bar(str(phase), reached, at - incident.onset_at, _TONES[phase]))
            reached = at - incident.onset_at
    return bars


def _step(incident: IncidentFact, step: StepFact, until: float) -> Bar:
    ended_at = until if step.ended_at is None else step.ended_at
    notes = []
    if step.tries > 1:
        notes.append(f"{step.tries} tries")
    if step.state is not StepState.DONE:
        notes.append(str(step.state))
    tone = _TONES[phase_of(step.action)]
    if step.state is StepState.FAILED:
        tone = "failed"
    elif incident.proved_at is not None and step.started_at >= incident.proved_at:
        tone = "after"
    start = step.started_at - incident.onset_at
    label = step.action if step.component == incident.component else f"{step.action} {step.component}"
    return Bar(label, start, max(start, ended_at - incident.onset_at), tone, ", ".join(notes))


def overview_of(report: Report) -> Overview:
    """Lanes in the estate's order; what is no component (a repository) gets a lane of its own below them."""
    lanes = dict.fromkeys([c.name for c in report.components])
    lanes |= dict.fromkeys(i.component for i in report.incidents)
    lanes |= dict.fromkeys(b.component for b in report.backups if b.component)
    return Overview(
        name="overview",
        title="Incidents and backups of the period",
        since=report.since,
        until=report.until,
        lanes=tuple(lanes),
        episodes=tuple(_episode(i, report.until) for i in report.incidents),
        ticks=tuple(Tick(b.component, b.finished_at, b.good) for b in report.backups),
    )


def _episode(incident: IncidentFact, until: float) -> Episode:
    end = incident.proved_at or incident.closed_at
    if end is None:
        end = incident.detected_at if incident.state is IncidentState.DISMISSED else until
    return Episode(incident.component, f"{incident.number}", incident.onset_at, end, incident.kept)
