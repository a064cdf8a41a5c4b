"""The shape of `resurge.yaml`, as pydantic checks it. `estate.read` turns it into `estate.model`.

The sentence below a field goes into the JSON Schema (`estate.described`), so editors show it while one types.
Models are flat, without unions: the place of every mistake is then the path that the person wrote.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from resurge.estate.model import Comparator, ComponentKind, Content, Mode, Sensitivity, When
from resurge.estate.quantities import (
    Address,
    Argv,
    Cron,
    Duration,
    HttpUrl,
    Interval,
    Size,
    Text,
    Word,
    refusal,
)
from resurge.estate.suggestions import advice_for_key


class Shape(BaseModel):
    """Refuses keys that it does not know, each with a suggestion."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for key in value:
                if key not in cls.model_fields:
                    raise refusal(f"unknown key {key!r}", advice_for_key(key, cls.model_fields), key)
        return value


class OneOf(Shape):
    """Its kind is told by which one of `kinds` is a key. `belongs`: keys that fit only some kinds."""

    kinds: ClassVar[tuple[str, ...]] = ()
    belongs: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    what: ClassVar[str] = ""

    @model_validator(mode="after")
    def _one_kind(self) -> "OneOf":
        given = [kind for kind in self.kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            named = "has none" if not given else "has " + " and ".join(given)
            raise refusal(
                f"a {self.what} needs exactly one of {', '.join(self.kinds)}, and this one {named}",
                f"Write each {self.what} as an entry of its own.",
            )
        for key, kinds in self.belongs.items():
            if key in self.model_fields_set and given[0] not in kinds:
                raise refusal(
                    f"{key!r} means nothing for a {self.what} of kind {given[0]!r}",
                    f"It belongs to: {', '.join(kinds)}.",
                    key,
                )
        return self


def exactly_one(*kinds: str) -> ConfigDict:
    """The same rule for editors."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [kind]} for kind in kinds]})


class SourceShape(OneOf):
    model_config = exactly_one("files", "sqlite")
    kinds: ClassVar[tuple[str, ...]] = ("files", "sqlite")
    belongs: ClassVar[Mapping[str, tuple[str, ...]]] = {"exclude": ("files",)}
    what: ClassVar[str] = "source"

    files: Text | None = None
    """A file, or a folder with all that is in it."""
    sqlite: Text | None = None
    """A SQLite database; it is copied consistently while in use."""
    content: Content | None = None
    """How its files may change when all is well. Default: mutable (anything may change)."""
    exclude: tuple[Text, ...] = ()
    """Patterns of paths below the folder to leave out, such as "*.tmp" or "cache/*"."""


class RetentionShape(Shape):
    last: int = Field(default=0, ge=0)
    hourly: int = Field(default=0, ge=0)
    daily: int = Field(default=0, ge=0)
    weekly: int = Field(default=0, ge=0)
    monthly: int = Field(default=0, ge=0)
    yearly: int = Field(default=0, ge=0)


class ObjectivesShape(Shape):
    rpo: Interval | None = None
    """Most work or data that may be lost: the greatest age of the state one falls back to."""
    rto: Interval | None = None
    """Longest time from the beginning of a fault to the proof that it is over."""
    detect: Interval | None = None
    """Longest time until a fault is noticed."""
    tier: int = Field(default=3, ge=1)
    """What is recovered first: 1 before 2 before 3."""
    retention: RetentionShape = RetentionShape()
    """How many snapshots to keep. Nothing said: all of them."""


class BackupShape(Shape):
    every: Interval | None = None
    """A new snapshot is ready before the last one is this old."""
    cron: Cron | None = None
    """Instead of `every`: five cron fields, such as "30 2 * * *"."""
    on_change: bool = False
    """Back up as well when files change."""
    debounce: Duration = 1.0
    """Wait for this much silence after a change."""

    @model_validator(mode="after")
    def _one_rhythm(self) -> "BackupShape":
        if self.every is not None and self.cron is not None:
            raise refusal("'every' and 'cron' exclude each other", "Keep one of the two.", "cron")
        return self


class ProcessShape(Shape):
    start: Argv
    """The command, as a list of words."""
    folder: Text = "."
    """Where it is started."""
    pid_file: Text
    """A file into which the process writes its own number."""
    log_file: Text
    """Where its output goes."""
    environment: dict[str, Word] = Field(default_factory=dict)
    stop: Duration = 1.0
    """Grace between asking it to end and ending it."""


class ProbeShape(OneOf):
    model_config = exactly_one("http", "tcp", "command", "metrics", "progress")
    kinds: ClassVar[tuple[str, ...]] = ("http", "tcp", "command", "metrics", "progress")
    belongs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "expect_status": ("http",),
        "stall": ("progress",),
        "comparator": ("progress",),
        "tolerance": ("progress",),
    }
    what: ClassVar[str] = "probe"

    http: HttpUrl | None = None
    """An address that must answer."""
    tcp: Address | None = None
    """host:port where a connection must open."""
    command: Argv | None = None
    """A command that must end with 0."""
    metrics: HttpUrl | None = None
    """A page of Prometheus metrics that must answer; its numbers are kept."""
    progress: Text | None = None
    """A JSON-lines file of a job that must grow: {"step": 7, "loss": 0.25, "time": 1700000000}."""
    timeout: Interval = 1.0
    every: Interval | None = None
    """Default: the monitor's own interval."""
    when: When = When.ALWAYS
    """always, or only to prove a recovery."""
    expect_status: int = Field(default=200, ge=100, le=599)
    stall: Interval = 30.0
    """Longest time without a new step."""
    comparator: Comparator = Comparator.EXACT
    tolerance: float = Field(default=0.0, ge=0)


class CanaryShape(Shape):
    """A question whose answer must not change."""

    request: Text
    """A file with the JSON to send."""
    answers: Text
    """A file with the JSON that must come back."""
    comparator: Comparator = Comparator.EXACT
    tolerance: float = Field(default=0.0, ge=0)
    """Largest difference between two numbers."""
    timeout: Interval = 1.0
    every: Interval | None = None


class ComponentCanaryShape(CanaryShape):
    url: HttpUrl


class DrillShape(Shape):
    start: Argv
    """The command; {restored} is the folder with what was restored, {port} a free port."""
    url: Text
    """Where the canary's question goes, such as "http://127.0.0.1:{port}/predict"."""
    canary: CanaryShape
    environment: dict[str, Word] = Field(default_factory=dict)
    ready: Interval = 10.0
    """How long it may take to start."""


class LinkShape(Shape):
    to: Text
    """The component at the other end."""
    via: Literal["local", "lan", "vpn", "leased-line", "internet"] = "local"
    address: Address | None = None
    """host:port; when given, it is watched."""


class DefaultsShape(Shape):
    sensitivity: Sensitivity = Sensitivity.INTERNAL
    region: Text = "local"
    """Where it is, in your own words: a rack, a site, a cloud region."""
    mode: Mode = Mode.OBSERVE
    """observe: find and report. approve: plan, then wait for you. auto: plan and carry out."""
    actions: tuple[Text, ...] = ()
    """What a recovery may do."""
    objectives: ObjectivesShape = ObjectivesShape()
    backup: BackupShape = BackupShape()
    links: tuple[LinkShape, ...] = ()


class ComponentShape(DefaultsShape):
    kind: ComponentKind
    sources: tuple[SourceShape, ...] = ()
    """What to copy."""
    depends_on: tuple[Text, ...] = ()
    """Components that must be well before this one can be."""
    process: ProcessShape | None = None
    probes: tuple[ProbeShape, ...] = ()
    """How to tell that it is well."""
    canary: ComponentCanaryShape | None = None
    drill: DrillShape | None = None
    """How to rehearse its recovery in a separate place."""
    after_restore: tuple[Argv, ...] = ()
    """Commands, in order, that make what was restored consistent."""


class RepositoryShape(Shape):
    url: Text
    """A folder."""
    password_file: Text | None = None
    """A file with the password, and nothing else, for its owner alone."""
    copy_of: Text | None = None
    """The repository that this one follows."""
    mode: Mode = Mode.OBSERVE
    """May it be rebuilt from its copy without asking (auto)?"""


class MonitorShape(Shape):
    every: Interval = 5.0
    """How often to look."""
    hash_rate: Size = 200_000_000
    """How many bytes a second may be read to look for silent damage."""


class PricesShape(Shape):
    currency: Text = "USD"
    stored_gb_month: float = Field(default=0.0, ge=0)
    moved_gb: float = Field(default=0.0, ge=0)
    compute_hour: float = Field(default=0.0, ge=0)


class EstateShape(Shape):
    version: Literal[1]
    """The version of this format."""
    name: Text | None = None
    """Default: the name of the folder."""
    state: Text = ".resurge"
    """Where Resurge keeps its own records."""
    monitor: MonitorShape = MonitorShape()
    prices: PricesShape = PricesShape()
    repositories: dict[str, RepositoryShape] = Field(default_factory=dict)
    """Where snapshots go."""
    defaults: DefaultsShape = DefaultsShape()
    """For every component that does not say otherwise."""
    components: dict[str, ComponentShape] = Field(default_factory=dict)
    """What is protected, by name."""
