"""Make a report from records: pure, so that the same records always give the same report."""

from collections.abc import Iterable, Mapping, Sequence

from resurge import __version__
from resurge.estate.model import Component, Estate
from resurge.incidents.records import Fault, Incident, IncidentState, StepRecord, StepState
from resurge.planning.cost import Usage, price
from resurge.reports.model import (
    BackupFact,
    ComponentFact,
    DrillFact,
    DrillResult,
    IncidentFact,
    Integrity,
    LedgerFact,
    OnsetBasis,
    Report,
    ReportPhase,
    StepFact,
    Totals,
    Worst,
)
from resurge.reports.phases import phase_of, split
from resurge.reports.promises import judge, measure, objectives_for

__all__ = ["BackupFact", "DrillFact", "LedgerFact", "Report", "Usage", "build_report"]


def build_report(  # noqa: PLR0917 - each is a record of its own; call it with names
    estate: Estate,
    incidents: Sequence[Incident],
    steps: Mapping[str, Sequence[StepRecord]],
    backups: Sequence[BackupFact],
    drills: Sequence[DrillFact],
    usage: Usage,
    ledger: LedgerFact,
    period: tuple[float, float],
    *,
    injected_at: Mapping[str, float] | None = None,
) -> Report:
    """What happened within `period` (since, until), as it looked at its end.

    `steps` is keyed by run, `injected_at` by incident: where the true onset is known, everything is measured
    from it. Backups from before the period still count as recovery points.
    """
    since, until = period
    known = injected_at or {}
    chosen = [i for i in incidents if i.opened_at <= until and _end(i, until) >= since]
    chosen.sort(key=lambda i: (known.get(i.id, i.onset_at), i.id))
    facts = tuple(
        _incident(number, i, estate, steps.get(i.run_id or "", ()), injected_at=known.get(i.id), until=until)
        for number, i in enumerate(chosen, start=1)
    )
    past = sorted((b for b in backups if b.finished_at <= until), key=lambda b: b.finished_at)
    within = tuple(b for b in past if b.finished_at >= since)
    rehearsed = sorted((d for d in drills if d.ended_at <= until), key=lambda d: d.ended_at)
    results = tuple(_drill(d, estate) for d in rehearsed if d.ended_at >= since)
    components = tuple(
        _component(c, facts, [b for b in past if b.component == c.name], rehearsed, period)
        for c in estate.components.values()
    )
    return Report(
        estate=estate.name,
        resurge_version=__version__,
        since=since,
        until=until,
        incidents=facts,
        components=components,
        backups=within,
        drills=results,
        ledger=ledger,
        usage=usage,
        cost=price(usage, estate.prices),
        totals=_totals(facts, within, results),
    )


def _end(incident: Incident, until: float) -> float:
    if incident.state is IncidentState.DISMISSED:
        return incident.closed_at or incident.opened_at
    return incident.closed_at or incident.proved_at or until


def _incident(
    number: int,
    incident: Incident,
    estate: Estate,
    steps: Sequence[StepRecord],
    *,
    injected_at: float | None,
    until: float,
) -> IncidentFact:
    diagnosis, plan = incident.diagnosis, incident.plan
    onset_at = incident.onset_at if injected_at is None else injected_at
    uncertainty = diagnosis.onset_uncertainty_seconds if diagnosis and injected_at is None else 0.0
    detect, rto, rpo = measure(incident, objectives_for(incident, estate), onset_at, uncertainty, until)
    ordered = sorted(steps, key=lambda s: s.position)
    return IncidentFact(
        number=number,
        id=incident.id,
        component=diagnosis.component if diagnosis else incident.component,
        affected=diagnosis.affected if diagnosis else (),
        state=incident.state,
        fault=diagnosis.fault if diagnosis else Fault.UNKNOWN,
        drill=incident.drill,
        evidence=diagnosis.evidence if diagnosis else tuple(a.summary for a in incident.alerts),
        onset_at=onset_at,
        onset_basis=OnsetBasis.ESTIMATED if injected_at is None else OnsetBasis.INJECTED,
        onset_uncertainty_seconds=uncertainty,
        estimated_onset_at=incident.onset_at,
        detected_at=incident.opened_at,
        diagnosed_at=incident.diagnosed_at,
        decided_at=incident.decided_at,
        approved_at=incident.approved_at,
        proved_at=incident.proved_at,
        closed_at=incident.closed_at,
        detect=detect,
        rto=rto,
        rpo=rpo,
        phases=split(incident, ordered, onset_at),
        steps=tuple(_step(s) for s in ordered),
        integrity=_integrity(incident, ordered),
        quarantine=_quarantine(ordered),
        snapshot=plan.snapshot if plan else None,
        restored_state_at=incident.restored_state_at,
        reasons=plan.reasons if plan else (),
        attempt=incident.attempt,
        failure=incident.failure,
    )


def _step(record: StepRecord) -> StepFact:
    return StepFact(
        action=record.action,
        component=record.component,
        state=record.state,
        tries=record.tries,
        started_at=record.started_at,
        ended_at=record.ended_at,
        outcome=record.outcome,
    )


def _integrity(incident: Incident, steps: Iterable[StepRecord]) -> Integrity:
    proofs = [s for s in steps if phase_of(s.action) is ReportPhase.VERIFY]
    checks = tuple(line for s in proofs for line in _check_lines(s.detail.get("checks")))
    outcome = next((s.outcome for s in reversed(proofs) if s.outcome), "")
    if incident.proved_at is not None:
        return Integrity(True, checks, outcome)
    refuted = any(s.state is StepState.FAILED for s in proofs) or incident.state is IncidentState.FAILED
    return Integrity(False if refuted else None, checks, outcome or incident.failure or "")


def _check_lines(checks: object) -> list[str]:
    """A list of lines as it is; a mapping from what was asked to what came out as `asked: answer`."""
    if isinstance(checks, Mapping):
        return [f"{asked}: {answer}" for asked, answer in checks.items()]
    if isinstance(checks, str):
        return [checks]
    return [str(line) for line in checks] if isinstance(checks, Sequence) else []


def _quarantine(steps: Iterable[StepRecord]) -> str | None:
    """The folder that a quarantine step moved something into."""
    for step in steps:
        if step.action == "quarantine" and step.detail.get("moved") != 0:
            folder = step.detail.get("folder")
            if folder:
                return str(folder)
    return None


def _drill(drill: DrillFact, estate: Estate) -> DrillResult:
    component = estate.components.get(drill.component)
    promised = component.objectives.rto_seconds if component else None
    return DrillResult(drill, judge(promised, drill.rto_seconds, over=not drill.passed))


def _component(
    component: Component,
    incidents: Iterable[IncidentFact],
    backups: Sequence[BackupFact],
    drills: Iterable[DrillFact],
    period: tuple[float, float],
) -> ComponentFact:
    good = [b for b in backups if b.good]
    proofs = [d.ended_at for d in drills if d.component == component.name and d.passed]
    proofs += [i.proved_at for i in incidents if i.component == component.name and i.proved_at is not None]
    within = [b for b in backups if b.finished_at >= period[0]]
    return ComponentFact(
        name=component.name,
        kind=str(component.kind),
        tier=component.objectives.tier,
        rpo_promised_seconds=component.objectives.rpo_seconds,
        rto_promised_seconds=component.objectives.rto_seconds,
        detect_promised_seconds=component.objectives.detect_seconds,
        last_good=max(good, key=lambda b: b.taken_at, default=None),
        last_proved_at=max(proofs, default=None),
        backups_good=sum(b.good for b in within),
        backups_suspect=sum(not b.good for b in within),
        largest_exposure_seconds=_largest_exposure(good, period),
    )


def _largest_exposure(good: Sequence[BackupFact], period: tuple[float, float]) -> float | None:
    """The greatest age that the newest published recovery point reached within the period, in seconds.

    Counted from the first recovery point on, or from the start of the period if there was one before it.
    """
    since, until = period
    newest: float | None = None
    largest: float | None = None
    for at, taken_at in [*((b.finished_at, b.taken_at) for b in good), (until, until)]:
        if newest is not None and at >= since:
            largest = max(largest or 0.0, at - newest)
        newest = max(newest or taken_at, taken_at)
    return largest


def _totals(incidents: Sequence[IncidentFact], backups: Sequence[BackupFact], drills: Sequence[DrillResult]) -> Totals:
    promised = [m for i in incidents for m in i.measures if m.promised_seconds is not None]
    passed = sum(d.drill.passed for d in drills)
    return Totals(
        incidents=len(incidents),
        recovered=sum(i.proved_at is not None for i in incidents),
        dismissed=sum(i.state is IncidentState.DISMISSED for i in incidents),
        promises_kept=sum(m.kept is True for m in promised),
        promises_broken=sum(m.kept is False for m in promised),
        promises_open=sum(m.kept is None for m in promised),
        incidents_broken=sum(i.kept is False for i in incidents),
        integrity_proved=sum(i.integrity.proved is True for i in incidents),
        worst_detect=_worst((i.detect.measured_seconds, i.number) for i in incidents),
        worst_rto=_worst((i.rto.measured_seconds, i.number) for i in incidents),
        worst_rpo=_worst((i.rpo.measured_seconds, i.number) for i in incidents),
        backups_good=sum(b.good for b in backups),
        backups_suspect=sum(not b.good for b in backups),
        drills_passed=passed,
        drills_failed=len(drills) - passed,
    )


def _worst(measured: Iterable[tuple[float | None, int]]) -> Worst | None:
    known = [Worst(seconds, number) for seconds, number in measured if seconds is not None]
    return max(known, key=lambda w: w.seconds, default=None)
