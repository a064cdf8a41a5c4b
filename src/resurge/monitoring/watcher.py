"""Watch the whole estate: every collector on its own beat, every finding told in order by one thread."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

from resurge.core.clock import Clock
from resurge.estate.model import Estate
from resurge.incidents.records import Alert
from resurge.monitoring.alerts import AlertBook, Cleared
from resurge.monitoring.collectors.registry import collectors_for, file_budget, watched_names
from resurge.monitoring.detectors.registry import detectors_for
from resurge.monitoring.measurement import Collector, Detector, FileNorm, Measurement
from resurge.monitoring.workers import Workers

log = logging.getLogger(__name__)

OVERDUE_FACTOR = 10.0  # a collector that takes this many of its intervals is reported
OVERDUE_MIN_SECONDS = 5.0

Told = TypeVar("Told")

OnAlert = Callable[[Alert | Cleared], None]
OnMeasurements = Callable[[Sequence[Measurement]], None]


@dataclass(slots=True)
class Beat:
    """When a collector is due next, by the monotonic clock."""

    collector: Collector
    generation: int
    due: float
    began: float | None = None  # None: not running
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    component: str
    generation: int
    measurements: Sequence[Measurement]


class Watcher:
    """`hold` and `learn` may be called from any thread, the sinks included.

    A component's generation counts its holds: what was begun under an older one is thrown away, so nothing
    that was seen while a recovery was at work is ever judged.
    """

    def __init__(self, estate: Estate, clock: Clock, on_alert: OnAlert, on_measurements: OnMeasurements) -> None:
        self._estate = estate
        self._clock = clock
        self._on_alert = on_alert
        self._on_measurements = on_measurements
        self._budget = file_budget(estate)
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._workers = Workers("resurge-look")
        self._results: SimpleQueue[Result | None] = SimpleQueue()
        self._book = AlertBook()
        self._norms: dict[str, Mapping[str, FileNorm]] = {}
        self._held: set[str] = set()
        self._generations: dict[str, int] = {}
        self._rules: dict[str, list[Detector]] = {}
        self._beats: dict[str, list[Beat]] = {}
        for name in watched_names(estate):
            self._generations[name] = 0
            self._begin_anew(name)

    def start(self) -> None:
        """Every collector looks at once, then on its own beat."""
        for work in (self._schedule, self._dispatch):
            thread = threading.Thread(target=work, name=f"resurge-watch{work.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """No sink is called once this returns (unless a sink calls it). A hung collector is left behind."""
        self._stopping.set()
        self._wake.set()
        self._results.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        self._workers.stop()

    def learn(self, component: str, norms: Mapping[str, FileNorm]) -> None:
        """What the newest good snapshot says; for `repository/NAME`, the objects that must be there."""
        with self._lock:
            self._norms[component] = norms
            for beat in self._beats.get(component, ()):
                _teach(beat.collector, norms)

    def hold(self, component: str) -> None:
        """Look away: from now on nothing about it is told, not even what is being measured at this moment."""
        with self._lock:
            self._held.add(component)
            self._generations[component] = self._generations.get(component, 0) + 1
            self._beats[component] = []

    def release(self, component: str) -> None:
        """Look again, with nothing remembered but the norms."""
        with self._lock:
            if component not in self._held:
                return
            self._held.discard(component)
            self._book.forget(component)
            self._begin_anew(component)
        self._wake.set()

    def active(self) -> tuple[Alert, ...]:
        """Alerts that hold now, with the newest evidence, oldest first."""
        with self._lock:
            return self._book.active()

    def _begin_anew(self, name: str) -> None:
        collectors = collectors_for(name, self._estate, self._budget)
        for collector in collectors:
            if name in self._norms:
                _teach(collector, self._norms[name])
        now, generation = self._clock.monotonic(), self._generations[name]
        self._beats[name] = [Beat(collector, generation, now) for collector in collectors]
        self._rules[name] = list(detectors_for(name))

    def _schedule(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            with self._lock:
                now = self._clock.monotonic()
                beats = [beat for beats in self._beats.values() for beat in beats]
                for beat in beats:
                    if beat.began is not None:
                        self._report_if_overdue(beat, now)
                    elif beat.due <= now:
                        self._begin(beat, now)
                next_due = min((beat.due for beat in beats if beat.due > now), default=now + 1.0)
            self._wake.wait(min(1.0, max(0.001, next_due - self._clock.monotonic())))

    def _begin(self, beat: Beat, now: float) -> None:
        """The beat stays on its grid; looks that were missed are not made up for."""
        every = max(0.01, beat.collector.every_seconds)
        beat.due += every
        if beat.due <= now:
            beat.due = now + every
        beat.began, beat.reported = now, False
        self._workers.submit(lambda: self._look(beat))

    def _look(self, beat: Beat) -> None:
        collector, at = beat.collector, self._clock.now()
        try:
            measurements = collector.collect(at)
        except Exception as error:  # one broken collector must not blind the others
            log.exception("collector %s of %s failed", collector.name, collector.component)
            detail = {"summary": f"{type(error).__name__}: {error}"}
            measurements = [Measurement(collector.component, f"collector-failed:{collector.name}", at, 1.0, detail)]
        self._results.put(Result(collector.component, beat.generation, measurements))
        with self._lock:
            beat.began = None
            late = beat.due <= self._clock.monotonic()
        if late:
            self._wake.set()

    def _report_if_overdue(self, beat: Beat, now: float) -> None:
        collector = beat.collector
        running_seconds = now - (beat.began or now)
        if beat.reported or running_seconds < max(OVERDUE_MIN_SECONDS, OVERDUE_FACTOR * collector.every_seconds):
            return
        beat.reported = True
        log.warning("collector %s of %s hangs since %.1f s", collector.name, collector.component, running_seconds)
        overdue = Measurement(
            collector.component, f"collector-overdue:{collector.name}", self._clock.now(), running_seconds
        )
        self._results.put(Result(collector.component, beat.generation, [overdue]))

    def _dispatch(self) -> None:
        while True:
            results = [self._results.get()]
            try:
                while True:
                    results.append(self._results.get_nowait())
            except Empty:
                pass
            if None in results or self._stopping.is_set():
                return
            self._tell([result for result in results if result is not None])

    def _tell(self, results: Sequence[Result]) -> None:
        with self._lock:
            current = [result for result in results if self._is_current(result)]
        measurements = [measurement for result in current for measurement in result.measurements]
        if measurements:
            _call(self._on_measurements, measurements)
        for result in current:
            for measurement in result.measurements:
                for event in self._judge(result, measurement):
                    _call(self._on_alert, event)

    def _judge(self, result: Result, measurement: Measurement) -> list[Alert | Cleared]:
        """Asked again for each measurement: a sink may have held the component a moment ago."""
        events: list[Alert | Cleared] = []
        with self._lock:
            if not self._is_current(result):
                return events
            for rule in self._rules[result.component]:
                if measurement.kind in rule.watches:
                    anomaly = rule.update(measurement)
                    event = self._book.update(anomaly) if anomaly else None
                    if event is not None:
                        events.append(event)
        return events

    def _is_current(self, result: Result) -> bool:
        return result.component not in self._held and self._generations.get(result.component) == result.generation


def _teach(collector: Collector, norms: Mapping[str, FileNorm]) -> None:
    learn = getattr(collector, "learn", None)
    if learn is not None:
        learn(norms)


def _call(sink: Callable[[Told], None], told: Told) -> None:
    try:
        sink(told)
    except Exception:  # the watch goes on whatever becomes of the one who listens
        log.exception("a listener failed")
