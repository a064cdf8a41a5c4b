"""The words that collectors and detectors share: what was measured, who measures, who judges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from resurge.incidents.records import Anomaly, Symptom

STARTUP_GRACE_SECONDS = 10.0  # a process this young may still be loading; its death counts at once all the same

Detail = Mapping[str, Any]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number about one component, and what it means in words.

    `name` is `KIND` or `KIND:WHAT`, such as `process` or `probe:http://127.0.0.1:8123/healthz`; detectors
    subscribe to kinds. `at` is when the look *began* (Unix seconds).
    """

    component: str
    name: str
    at: float
    value: float
    detail: Detail = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]


@dataclass(frozen=True, slots=True)
class FileNorm:
    """What a good snapshot says of a file."""

    size: int
    digest: str  # BLAKE3 hex of the content
    entropy: float  # bits per byte of a sample of at most 64 KiB


class Collector(Protocol):
    """Looks at one thing. It may block, and may be slow; it must not be called twice at once."""

    @property
    def component(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def every_seconds(self) -> float: ...
    def collect(self, at: float) -> Sequence[Measurement]: ...


class LearningCollector(Collector, Protocol):
    """A collector that compares with norms. `learn` may be called from another thread than `collect`."""

    def learn(self, norms: Mapping[str, FileNorm]) -> None: ...


class Detector(Protocol):
    """Judges measurements, purely: no clock, no I/O, and the same anomalies however the stream is cut.

    `update` answers None when it has nothing to say yet. `state` is a JSON value; a new detector that resumes
    it goes on as the old one would have.
    """

    @property
    def symptom(self) -> Symptom: ...
    @property
    def watches(self) -> frozenset[str]: ...
    def update(self, measurement: Measurement) -> Anomaly | None: ...
    def state(self) -> Json: ...
    def resume(self, state: Json) -> None: ...
