"""A report as values: what goes into it, and what comes out.

Times are Unix seconds (UTC), durations seconds, sizes bytes. `kept` is True or False where a promise was made
and can be judged; None where nothing was promised or nothing can be said yet.
"""

from dataclasses import dataclass
from enum import StrEnum

from resurge.incidents.records import Fault, IncidentState, StepState
from resurge.planning.cost import Cost, Usage


@dataclass(frozen=True, slots=True)
class BackupFact:
    component: str
    snapshot: str
    taken_at: float  # when reading began: the age of the state that it holds
    finished_at: float
    verdict: str  # "good" or "suspect"
    reasons: tuple[str, ...]
    read_bytes: int
    stored_bytes: int
    seconds: float

    @property
    def good(self) -> bool:
        return self.verdict == "good"


@dataclass(frozen=True, slots=True)
class DrillFact:
    component: str
    snapshot: str
    started_at: float
    ended_at: float
    passed: bool
    rto_seconds: float | None
    checks: tuple[str, ...]  # what was asked of the restored state, one line each
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerFact:
    size: int
    root: str
    verified: bool
    problem: str = ""


class ReportPhase(StrEnum):
    """The parts that a report splits an RTO into: the order of the flow, as far as it can be measured.

    Fetching and restoring are one phase, for the engine writes while it fetches.
    """

    DETECT = "detect"
    DIAGNOSE = "diagnose"
    DECIDE = "decide"
    APPROVE = "approve"
    CONTAIN = "contain"  # stop the spread, set the broken state aside
    RESTORE = "restore"  # fetch, restore, put back, make consistent
    START = "start"
    VERIFY = "verify"
    RECOMPUTE = "recompute"
    OTHER = "other"  # a step that this list has no word for


@dataclass(frozen=True, slots=True)
class PhaseSlice:
    phase: ReportPhase
    started_at: float
    ended_at: float

    @property
    def seconds(self) -> float:
        return self.ended_at - self.started_at


class OnsetBasis(StrEnum):
    ESTIMATED = "estimated"  # the middle between the last good look and the first bad one
    INJECTED = "injected"  # whoever broke it wrote down when


@dataclass(frozen=True, slots=True)
class Measure:
    """One promise beside what was measured. An uncertainty of 0 means: not estimated."""

    promised_seconds: float | None
    measured_seconds: float | None
    kept: bool | None
    uncertainty_seconds: float = 0.0

    @property
    def borderline(self) -> bool:
        """The promise lies within the uncertainty of the measurement, so `kept` could be the other one."""
        if self.promised_seconds is None or self.measured_seconds is None:
            return False
        return 0 < abs(self.measured_seconds - self.promised_seconds) <= self.uncertainty_seconds


@dataclass(frozen=True, slots=True)
class StepFact:
    action: str
    component: str
    state: StepState
    tries: int
    started_at: float
    ended_at: float | None
    outcome: str

    @property
    def seconds(self) -> float | None:
        return None if self.ended_at is None else self.ended_at - self.started_at


@dataclass(frozen=True, slots=True)
class Integrity:
    """What the proof asked of the recovered state. `proved` is None while there was no proof."""

    proved: bool | None
    checks: tuple[str, ...]
    outcome: str


@dataclass(frozen=True, slots=True)
class IncidentFact:
    number: int  # 1 for the oldest in this report
    id: str
    component: str
    affected: tuple[str, ...]
    state: IncidentState
    fault: Fault
    drill: bool
    evidence: tuple[str, ...]
    onset_at: float
    onset_basis: OnsetBasis
    onset_uncertainty_seconds: float
    estimated_onset_at: float
    detected_at: float
    diagnosed_at: float | None
    decided_at: float | None
    approved_at: float | None
    proved_at: float | None
    closed_at: float | None
    detect: Measure
    rto: Measure
    rpo: Measure
    phases: tuple[PhaseSlice, ...]
    steps: tuple[StepFact, ...]
    integrity: Integrity
    quarantine: str | None
    snapshot: str | None
    restored_state_at: float | None
    reasons: tuple[str, ...]  # why this plan and not another
    attempt: int
    failure: str | None

    @property
    def measures(self) -> tuple[Measure, Measure, Measure]:
        return self.detect, self.rto, self.rpo

    @property
    def kept(self) -> bool | None:
        """False as soon as one promise is broken; True once every promise is kept; None otherwise."""
        promised = [m for m in self.measures if m.promised_seconds is not None]
        if any(m.kept is False for m in promised):
            return False
        return True if promised and all(m.kept for m in promised) else None


@dataclass(frozen=True, slots=True)
class DrillResult:
    drill: DrillFact
    rto: Measure


@dataclass(frozen=True, slots=True)
class ComponentFact:
    name: str
    kind: str
    tier: int
    rpo_promised_seconds: float | None
    rto_promised_seconds: float | None
    detect_promised_seconds: float | None
    last_good: BackupFact | None  # the newest recovery point
    last_proved_at: float | None  # by a drill that passed or an incident that was recovered
    backups_good: int
    backups_suspect: int
    largest_exposure_seconds: float | None  # the oldest that the newest recovery point ever was


@dataclass(frozen=True, slots=True)
class Worst:
    """The largest measurement of its sort, and the number of the incident that it comes from."""

    seconds: float
    incident: int


@dataclass(frozen=True, slots=True)
class Totals:
    incidents: int
    recovered: int  # proved
    dismissed: int
    promises_kept: int
    promises_broken: int
    promises_open: int  # made, and not yet to be judged
    incidents_broken: int
    integrity_proved: int
    worst_detect: Worst | None
    worst_rto: Worst | None
    worst_rpo: Worst | None
    backups_good: int
    backups_suspect: int
    drills_passed: int
    drills_failed: int


@dataclass(frozen=True, slots=True)
class Report:
    estate: str
    resurge_version: str
    since: float
    until: float
    incidents: tuple[IncidentFact, ...]
    components: tuple[ComponentFact, ...]
    backups: tuple[BackupFact, ...]
    drills: tuple[DrillResult, ...]
    ledger: LedgerFact
    usage: Usage
    cost: Cost
    totals: Totals

    @property
    def kept(self) -> bool:
        """No promise broken or left open, no drill failed or too slow, and the ledger is whole."""
        drills = all(d.drill.passed and d.rto.kept is not False for d in self.drills)
        promises = self.totals.promises_broken == 0 and self.totals.promises_open == 0
        return promises and drills and self.ledger.verified
