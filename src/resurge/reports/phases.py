"""Split an RTO into its phases: from onset to proof, without gaps; the parts sum to the whole exactly.

Time between two steps belongs to the later one: it is what getting to it took.
"""

from collections.abc import Sequence

from resurge.incidents.records import Incident, StepRecord
from resurge.reports.model import PhaseSlice, ReportPhase

ACTION_PHASE = {
    "stop": ReportPhase.CONTAIN,
    "quarantine": ReportPhase.CONTAIN,
    "fetch": ReportPhase.RESTORE,
    "restore": ReportPhase.RESTORE,
    "put-back": ReportPhase.RESTORE,
    "hook": ReportPhase.RESTORE,
    "after-restore": ReportPhase.RESTORE,
    "reconcile": ReportPhase.RESTORE,
    "rebuild": ReportPhase.RESTORE,
    "mirror": ReportPhase.RESTORE,
    "start": ReportPhase.START,
    "restart": ReportPhase.START,
    "prove": ReportPhase.VERIFY,
    "recompute": ReportPhase.RECOMPUTE,
}


def phase_of(action: str) -> ReportPhase:
    """`restore-files` counts as `restore`: what follows a known word only says what it is done to."""
    normal = action.replace("_", "-")
    if normal in ACTION_PHASE:
        return ACTION_PHASE[normal]
    known = [word for word in ACTION_PHASE if normal.startswith(word + "-")]
    return ACTION_PHASE[max(known, key=len)] if known else ReportPhase.OTHER


def split(incident: Incident, steps: Sequence[StepRecord], onset_at: float) -> tuple[PhaseSlice, ...]:
    """Neighbouring slices of one phase are joined. Empty while the incident is not proved.

    Differences of Unix times are exact in binary floating point, and so are their sums at this magnitude.
    """
    if incident.proved_at is None or incident.proved_at <= onset_at:
        return ()
    edges = [*_decisions(incident), *_work(steps, incident.proved_at)]
    slices: list[PhaseSlice] = []
    reached = onset_at
    for phase, edge in edges:
        until = min(max(edge, reached), incident.proved_at)
        if until == reached:
            continue
        if slices and slices[-1].phase is phase:
            slices[-1] = PhaseSlice(phase, slices[-1].started_at, until)
        else:
            slices.append(PhaseSlice(phase, reached, until))
        reached = until
    return tuple(slices)


def _decisions(incident: Incident) -> list[tuple[ReportPhase, float]]:
    named = (
        (ReportPhase.DETECT, incident.opened_at),
        (ReportPhase.DIAGNOSE, incident.diagnosed_at),
        (ReportPhase.DECIDE, incident.decided_at),
        (ReportPhase.APPROVE, incident.approved_at),
    )
    return [(phase, at) for phase, at in named if at is not None]


def _work(steps: Sequence[StepRecord], proved_at: float) -> list[tuple[ReportPhase, float]]:
    """What came after the proof is no part of the RTO; what no step accounts for before it is proof."""
    ended = [
        (phase_of(s.action), s.ended_at)
        for s in sorted(steps, key=lambda s: (s.started_at, s.position))
        if s.ended_at is not None and s.started_at < proved_at
    ]
    return [*ended, (ReportPhase.VERIFY, proved_at)]
