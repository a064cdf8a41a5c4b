"""signal → anomaly → alert → incident → diagnosis → plan → run → evidence, as values.

Times are Unix seconds (UTC). Mappings hold only what JSON can say, and never a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Detail = Mapping[str, object]


class Symptom(StrEnum):
    """What a detector can say of a component. A symptom is not yet a cause."""

    PROCESS_DEAD = "process-dead"
    PROCESS_STOPPED = "process-stopped"  # it exists, and the scheduler does not run it (SIGSTOP, frozen)
    PROBE_REFUSED = "probe-refused"
    PROBE_TIMEOUT = "probe-timeout"
    PROBE_FAILED = "probe-failed"  # answered, but not well (status, exit code, unreadable page)
    CONTENT_MISSING = "content-missing"
    CONTENT_TRUNCATED = "content-truncated"
    CONTENT_CHANGED = "content-changed"
    ENTROPY_JUMP = "entropy-jump"  # files look encrypted that did not before
    CHANGE_BURST = "change-burst"  # far more files changed at once than ever before
    TENSOR_NOT_FINITE = "tensor-not-finite"
    TENSOR_FILE_MALFORMED = "tensor-file-malformed"
    LOSS_NOT_FINITE = "loss-not-finite"
    PROGRESS_STALLED = "progress-stalled"
    PROGRESS_DIVERGED = "progress-diverged"  # a step that was run twice gave another loss
    DATABASE_DAMAGED = "database-damaged"
    CANARY_WRONG = "canary-wrong"
    REPOSITORY_MISSING = "repository-missing"
    REPOSITORY_DAMAGED = "repository-damaged"
    DISK_FULL = "disk-full"
    BACKUP_OVERDUE = "backup-overdue"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """What one detector says after one look: this symptom is there (`firing`) or gone."""

    component: str
    symptom: Symptom
    firing: bool
    at: float  # when it was looked at
    since: float  # earliest look that was bad (= at, when it is gone)
    last_good_at: float  # latest look that was good before `since`; the onset lies in between
    summary: str  # one line for a person: what, where, how much
    detail: Detail = field(default_factory=dict)  # paths, pid, numbers: the evidence


@dataclass(frozen=True, slots=True)
class Alert:
    """An anomaly that lasted long enough to be believed."""

    component: str
    symptom: Symptom
    raised_at: float
    since: float
    last_good_at: float
    summary: str
    detail: Detail = field(default_factory=dict)


class Fault(StrEnum):
    """What a diagnosis can conclude."""

    PROCESS_DEAD = "process-dead"
    PROCESS_HUNG = "process-hung"
    SERVICE_DEGRADED = "service-degraded"
    CONTENT_CORRUPT = "content-corrupt"
    CONTENT_TRUNCATED = "content-truncated"
    CONTENT_MISSING = "content-missing"
    RANSOMWARE = "ransomware"
    CHECKPOINT_POISONED = "checkpoint-poisoned"
    TRAINING_STALLED = "training-stalled"
    DATABASE_DAMAGED = "database-damaged"
    REPOSITORY_LOST = "repository-lost"
    REPOSITORY_DAMAGED = "repository-damaged"
    DISK_FULL = "disk-full"
    BACKUP_OVERDUE = "backup-overdue"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    fault: Fault
    component: str  # where the cause is
    affected: tuple[str, ...]  # components that suffer from it
    onset_at: float  # best estimate: the middle between the last good and the first bad look
    onset_uncertainty_seconds: float  # half the width of that interval
    evidence: tuple[str, ...]  # lines for a person, strongest first
    paths: tuple[str, ...] = ()  # absolute paths that are damaged, where known
    certainty: float = 1.0  # 0 to 1


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, durable and idempotent: doing it again changes nothing more."""

    action: str  # a name in the registry of actions
    component: str
    arguments: Mapping[str, str] = field(default_factory=dict)  # identifiers and paths, never secrets
    why: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, as a value: it can be printed, approved, recorded and carried out."""

    component: str
    fault: Fault
    steps: tuple[Step, ...]
    snapshot: str | None  # the recovery point that it goes back to, where it needs one
    restored_state_at: float | None  # how old that state is; None: nothing is taken back
    expected_seconds: float
    reasons: tuple[str, ...]  # why this plan and not another


class IncidentState(StrEnum):
    OPEN = "open"
    DIAGNOSED = "diagnosed"
    PLANNED = "planned"  # a plan exists; in mode observe it stays here
    WAITING = "waiting"  # for a person's approval, or for the end of a pause
    RECOVERING = "recovering"
    PROVED = "proved"  # probes, hashes and canary are good again; the fresh backup is still to come
    CLOSED = "closed"
    FAILED = "failed"  # every attempt ended without proof: a person is needed
    DISMISSED = "dismissed"  # the symptoms went away before anything was done


class Phase(StrEnum):
    """The parts that an RTO splits into."""

    DETECT = "detect"
    DIAGNOSE = "diagnose"
    DECIDE = "decide"
    APPROVE = "approve"
    FETCH = "fetch"
    RESTORE = "restore"
    VERIFY = "verify"
    RECOMPUTE = "recompute"


@dataclass(frozen=True, slots=True)
class Incident:
    id: str
    component: str
    state: IncidentState
    opened_at: float  # when it was detected
    alerts: tuple[Alert, ...]
    diagnosis: Diagnosis | None = None
    plan: Plan | None = None
    run_id: str | None = None
    attempt: int = 0
    diagnosed_at: float | None = None
    decided_at: float | None = None
    approved_at: float | None = None
    proved_at: float | None = None
    closed_at: float | None = None
    restored_state_at: float | None = None  # time of the newest state recovered and proved; None: nothing was lost
    failure: str | None = None
    drill: bool = False

    @property
    def onset_at(self) -> float:
        return self.diagnosis.onset_at if self.diagnosis else self.opened_at

    @property
    def detect_seconds(self) -> float:
        """From the estimated onset to the alert that opened the incident."""
        return max(0.0, self.opened_at - self.onset_at)

    @property
    def rto_seconds(self) -> float | None:
        """From onset to the end of the proof; None while it is not proved."""
        return None if self.proved_at is None else max(0.0, self.proved_at - self.onset_at)

    @property
    def rpo_seconds(self) -> float | None:
        """Age of the restored state at the onset; 0 where nothing was taken back; None while not proved."""
        if self.proved_at is None:
            return None
        return 0.0 if self.restored_state_at is None else max(0.0, self.onset_at - self.restored_state_at)


class StepState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What became of one step of a run. `tries` counts how often it was begun."""

    run_id: str
    position: int
    action: str
    component: str
    state: StepState
    tries: int
    started_at: float
    ended_at: float | None = None
    outcome: str = ""  # one line for a person
    detail: Detail = field(default_factory=dict)
