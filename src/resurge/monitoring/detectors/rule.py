"""The frame of every rule: damping, since when, since when not, and a state that can be saved."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from resurge.incidents.records import Anomaly, Symptom
from resurge.monitoring.measurement import Json, Measurement

MAX_PATHS = 10_000  # listed in the detail of one anomaly; `count` is always the whole number


@dataclass(slots=True)
class Track:
    """What one measured thing (a probe, a source) looked like lately."""

    bad_looks: int = 0
    since: float = 0.0
    last_good_at: float | None = None
    believed: bool = False
    summary: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


class Rule(ABC):
    """One symptom of one component, judged from all measurements of the kinds that it watches.

    A bad look is believed after `looks` in a row; a look that says nothing about this symptom does not
    count. Where nothing was ever seen good, `last_good_at` equals `since`: an older time would be invented.
    """

    symptom: ClassVar[Symptom]
    watches: ClassVar[frozenset[str]]
    looks: ClassVar[int] = 1

    def __init__(self, component: str) -> None:
        self.component = component
        self._tracks: dict[str, Track] = {}
        self._memory: Json = {}

    @abstractmethod
    def judge(self, measurement: Measurement) -> bool | None:
        """Is it bad? None: this look says nothing about it."""

    def detail(self, measurement: Measurement) -> dict[str, Any]:
        """The evidence, without `summary`."""
        return {key: value for key, value in measurement.detail.items() if key != "summary"}

    def summary(self, measurement: Measurement) -> str:
        return str(measurement.detail.get("summary", measurement.name))

    def began(self, measurement: Measurement) -> float:
        """When a bad run that this look is the first of began; rules that know better than `at` say so."""
        return measurement.at

    def update(self, measurement: Measurement) -> Anomaly | None:
        if measurement.component != self.component or measurement.kind not in self.watches:
            return None
        bad = self.judge(measurement)
        if bad is None:
            return None
        track = self._tracks.setdefault(measurement.name, Track())
        if not bad:
            self._tracks[measurement.name] = Track(last_good_at=measurement.at)
            return None if self._believed() else self._gone(measurement)
        if track.bad_looks == 0:
            track.since = self.began(measurement)
        track.bad_looks += 1
        track.summary, track.detail = self.summary(measurement), self.detail(measurement)
        track.believed = track.believed or track.bad_looks >= self.looks
        return self._firing(measurement.at) if track.believed else None

    def state(self) -> Json:
        return {
            "tracks": {name: asdict(track) for name, track in self._tracks.items()},
            "memory": self._memory,
        }

    def resume(self, state: Json) -> None:
        self._tracks = {name: Track(**track) for name, track in state["tracks"].items()}
        self._memory = dict(state["memory"])

    def _believed(self) -> list[Track]:
        return [track for track in self._tracks.values() if track.believed]

    def _gone(self, measurement: Measurement) -> Anomaly:
        at = measurement.at
        return Anomaly(self.component, self.symptom, False, at, at, at, f"{measurement.name} is well")

    def _firing(self, at: float) -> Anomaly:
        tracks = sorted(self._believed(), key=lambda track: track.since)
        first = tracks[0]
        last_good_at = first.since if first.last_good_at is None else first.last_good_at
        detail = dict(first.detail)
        if "paths" in detail:
            detail["paths"] = [path for track in tracks for path in track.detail["paths"]][:MAX_PATHS]
            detail["count"] = sum(track.detail["count"] for track in tracks)
        return Anomaly(
            component=self.component,
            symptom=self.symptom,
            firing=True,
            at=at,
            since=first.since,
            last_good_at=min(last_good_at, first.since),
            summary="; ".join(track.summary for track in tracks),
            detail=detail,
        )
