"""The estate as values: frozen, cheap to import, free of I/O. `estate.read` makes them from `resurge.yaml`.

Every path is absolute. Every duration is in seconds, every size in bytes, every price in `Prices.currency`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class ComponentKind(StrEnum):
    TRAINING_JOB = "training-job"
    INFERENCE_SERVICE = "inference-service"
    MODEL = "model"
    CHECKPOINTS = "checkpoints"
    DATA_SET = "data-set"
    DATABASE = "database"
    STORE = "store"
    NODE = "node"
    NETWORK = "network"


class Mode(StrEnum):
    """What Resurge may do when the component breaks."""

    OBSERVE = "observe"  # find and report, touch nothing (where a new estate starts)
    APPROVE = "approve"  # plan, then wait for a person
    AUTO = "auto"  # plan and carry out


class Sensitivity(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"


class SourceKind(StrEnum):
    FILES = "files"  # a file or a folder
    SQLITE = "sqlite"  # a SQLite database, copied consistently while it is in use


class Content(StrEnum):
    """How the files of a source may change when all is well; everything else is an anomaly."""

    WRITE_ONCE = "write-once"  # files appear, and from then on neither change nor vanish (models, data sets)
    ROLLING = "rolling"  # files appear whole, never change, and old ones are removed (checkpoints)
    MUTABLE = "mutable"  # anything may change (databases, work folders)


class ProbeKind(StrEnum):
    HTTP = "http"  # GET answers with `expect_status`
    TCP = "tcp"  # a connection opens
    COMMAND = "command"  # exits with 0
    METRICS = "metrics"  # a Prometheus page answers and parses; its samples are kept
    PROGRESS = "progress"  # a JSON-lines file grows: {"step": int, "loss": float, "time": float, …}


class When(StrEnum):
    ALWAYS = "always"  # while monitoring, and at every proof
    PROOF = "proof"  # only to prove a recovery or a drill (expensive or intrusive probes)


class Comparator(StrEnum):
    EXACT = "exact"
    TOLERANCE = "tolerance"


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to copy."""

    kind: SourceKind
    path: Path
    content: Content = Content.MUTABLE
    exclude: tuple[str, ...] = ()  # fnmatch patterns on paths below `path`


@dataclass(frozen=True, slots=True)
class Retention:
    """How many snapshots to keep, restic's terms. All zero: keep everything."""

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0


@dataclass(frozen=True, slots=True)
class Objectives:
    """What is promised. `None`: nothing is."""

    rpo_seconds: float | None = None
    rto_seconds: float | None = None
    detect_seconds: float | None = None
    tier: int = 3  # 1 is recovered first
    retention: Retention = Retention()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to back up. With `every_seconds`, a snapshot is *published* before the last one is that old."""

    every_seconds: float | None = None
    cron: str | None = None
    on_change: bool = False
    debounce_seconds: float = 1.0  # a change-triggered backup waits for this much silence


@dataclass(frozen=True, slots=True)
class Process:
    """A process on this machine, how to start it and how to find it."""

    start: tuple[str, ...]
    folder: Path
    pid_file: Path  # written by the process itself
    log_file: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 1.0  # grace between SIGTERM and SIGKILL


@dataclass(frozen=True, slots=True)
class Probe:
    """How to tell that a component is well."""

    kind: ProbeKind
    target: str = ""  # URL, host:port or path, by kind
    command: tuple[str, ...] = ()
    timeout_seconds: float = 1.0
    every_seconds: float | None = None  # None: the monitor's own interval
    when: When = When.ALWAYS
    expect_status: int = 200
    stall_seconds: float = 30.0  # progress: longest time without a new step
    comparator: Comparator = Comparator.EXACT  # progress: a step that was run twice has the same loss
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class Canary:
    """A request whose answer must not change: POST the JSON in `request` to `url`, compare with `answers`."""

    url: str
    request: Path
    answers: Path
    comparator: Comparator = Comparator.EXACT
    tolerance: float = 0.0  # largest absolute difference between two numbers
    timeout_seconds: float = 1.0
    every_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Drill:
    """How to rehearse: start what was restored. `{restored}` is its folder, `{port}` a free port."""

    start: tuple[str, ...]
    url: str  # where the canary's question goes, such as http://127.0.0.1:{port}/predict
    canary: Canary
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Link:
    """A connection that a component needs."""

    to: str  # a component's name
    via: str = "local"  # local, lan, vpn, leased-line, internet
    address: str = ""  # host:port; when given, it is watched


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    kind: ComponentKind
    sources: tuple[Source, ...] = ()
    objectives: Objectives = Objectives()
    schedule: Schedule = Schedule()
    sensitivity: Sensitivity = Sensitivity.INTERNAL
    region: str = "local"
    links: tuple[Link, ...] = ()
    depends_on: tuple[str, ...] = ()
    process: Process | None = None
    probes: tuple[Probe, ...] = ()
    canary: Canary | None = None
    drill: Drill | None = None
    after_restore: tuple[tuple[str, ...], ...] = ()  # commands, in order, to make what was restored consistent
    actions: frozenset[str] = frozenset()  # what recovery may do: restart, restore, rebuild
    mode: Mode = Mode.OBSERVE


@dataclass(frozen=True, slots=True)
class RepositorySpec:
    """A repository. Its password comes from a file or the environment, never from the estate."""

    name: str
    url: str  # an absolute path for a local folder
    password_file: Path | None = None
    copy_of: str | None = None  # further copies follow the one they name (3-2-1)
    mode: Mode = Mode.OBSERVE  # may it be rebuilt from its copy without asking?


@dataclass(frozen=True, slots=True)
class Prices:
    """The estate's own rates, used for the cost in reports."""

    currency: str = "USD"
    stored_gb_month: float = 0.0
    moved_gb: float = 0.0
    compute_hour: float = 0.0


@dataclass(frozen=True, slots=True)
class Monitor:
    every_seconds: float = 5.0
    hash_bytes_per_second: int = 200_000_000  # budget for reading write-once files again


@dataclass(frozen=True, slots=True)
class Estate:
    name: str
    file: Path  # resurge.yaml itself
    state_folder: Path
    components: Mapping[str, Component]
    repositories: Mapping[str, RepositorySpec]
    prices: Prices = Prices()
    monitor: Monitor = Monitor()

    def dependents_of(self, name: str) -> tuple[str, ...]:
        """Components that need `name`, directly or through others, nearest first."""
        found: list[str] = []
        front = [name]
        while front:
            front = [c.name for c in self.components.values() if set(c.depends_on) & set(front) and c.name not in found]
            found.extend(front)
        return tuple(found)
