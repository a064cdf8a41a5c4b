"""The controller: one loop that looks at everything active and starts what is due. It decides nothing itself."""

import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock

from resurge import __version__
from resurge.backup.protect import BackupOutcome
from resurge.controller.backups import BackupJobs
from resurge.controller.changes import ChangeWatch
from resurge.controller.handling import Handler, touched
from resurge.controller.moves import ACTIVE, BUSY, RUNNING
from resurge.controller.overdue import overdue_alerts
from resurge.controller.requests import answer_requests
from resurge.controller.switches import HEARTBEAT_SECONDS, Switches
from resurge.core.errors import ResurgeError
from resurge.estate.model import Estate
from resurge.incidents.records import Alert
from resurge.monitoring.alerts import Cleared
from resurge.monitoring.measurement import Measurement
from resurge.monitoring.watcher import Watcher
from resurge.recovery.actions.prove import as_norms
from resurge.recovery.context import Tools
from resurge.recovery.facts import REPOSITORY_PREFIX
from resurge.recovery.workflow import Engine
from resurge.state import Notes, Requests, SeriesStore, StateDatabase

log = logging.getLogger(__name__)

TURN_SECONDS = 0.1
SLOW_TURN_SECONDS = 2.0
HOUSEKEEPING_SECONDS = 10.0
FULL_SERIES_SECONDS = 6 * 3600.0  # then one mean, lowest and highest a minute
KEEP_SERIES_SECONDS = 30 * 86400.0
KEEP_REQUESTS_SECONDS = 86400.0


class Controller:
    """`run` until `stop`. Made under the exclusive lock of the state folder."""

    def __init__(
        self, tools: Tools, switches: Switches, database: StateDatabase, watched: Estate, engine: Engine
    ) -> None:
        """`watched`: the estate as declared; `tools.estate` also holds Resurge's own state, which nobody probes."""
        self._tools = tools
        self._switches = switches
        self._requests = Requests(database, tools.clock)
        self._notes = Notes(database)
        self._series = SeriesStore(database)
        self._reserve = database.reserve
        self._engine = engine
        self._wake = Event()
        self._stopping = Event()
        self._handler = Handler(tools, switches, engine.start)
        self._watcher = Watcher(watched, tools.clock, self._on_alert, self._on_measurements)
        self._backups = BackupJobs(tools, self._on_backup)
        self._changes = ChangeWatch(list(tools.estate.components.values()), self._on_change)
        self._movers = ThreadPoolExecutor(4, thread_name_prefix="incident")
        self._moving: set[str] = set()
        self._answering: Future[None] | None = None
        self._lock = Lock()
        self._held: dict[str, frozenset[str]] = {}  # by incident
        self._learned: dict[str, str] = {}  # component → snapshot that its norms come from
        self._unreadable: dict[str, str] = {}
        self._watched_since = tools.clock.monotonic()
        self._beaten_at = self._tidied_at = 0.0
        self._began_at = tools.clock.now()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Runs that were cut off go on first, with their components held, then the monitor starts to look."""
        self._handler.watched_until = self._switches.last_beat()
        self._tools.ledger.append("start", self._tools.estate.name, {"version": __version__, "pid": os.getpid()})
        self._hold_running()
        self._engine.launch()
        self._rescue_runs()
        self._tools.protector.make_new_copies(self._notes)
        self._learn_norms()
        self._requests.give_back()
        self._watcher.start()
        self._changes.start()
        self._watched_since = self._tools.clock.monotonic()
        try:
            while not self._stopping.is_set():
                self._timed_turn()
                self._wake.wait(TURN_SECONDS)
                self._wake.clear()
        finally:
            self._close()

    def _rescue_runs(self) -> None:
        for incident in self._tools.book.list(states=RUNNING):
            if incident.plan and incident.run_id:
                self._engine.rescue(incident.id, incident.run_id, len(incident.plan.steps))

    def _timed_turn(self) -> None:
        began = self._tools.clock.monotonic()
        self._turn()
        took = self._tools.clock.monotonic() - began
        if took > SLOW_TURN_SECONDS:
            log.warning("a turn of the controller took %.1f s: this machine or its disk is overloaded", took)

    def _turn(self) -> None:
        try:
            now = self._tools.clock.now()
            self._hold_running()
            self._start_moves()
            self._backups.start_due(now, self._not_to_back_up())
            if self._answering is None or self._answering.done():
                self._answering = self._movers.submit(
                    answer_requests, self._requests, self._tools, self._switches, self._handler
                )
            if now - self._beaten_at >= HEARTBEAT_SECONDS:
                self._beaten_at = now
                self._switches.beat(now, os.getpid())
                self._switches.remember(self._tools.ledger.head())
                self._learn_norms()
            if now - self._tidied_at >= HOUSEKEEPING_SECONDS:
                self._tidied_at = now
                self._reserve.ensure()
                self._rescue_runs()
                self._series.thin(now - FULL_SERIES_SECONDS)
                self._series.expire(now - KEEP_SERIES_SECONDS)
                self._requests.expire(now - KEEP_REQUESTS_SECONDS)
        except (ResurgeError, OSError):
            log.exception("a turn of the controller failed; the next one tries again")

    # --- incidents ---

    def _start_moves(self) -> None:
        alerts = self._alerts()
        self._handler.open_for(alerts)
        for incident in self._tools.book.list(states=ACTIVE - RUNNING):
            with self._lock:
                if incident.id in self._moving:
                    continue
                self._moving.add(incident.id)
            self._movers.submit(self._move, incident.id)

    def _move(self, incident_id: str) -> None:
        try:
            watched_for = self._tools.clock.monotonic() - self._watched_since
            self._handler.move(incident_id, self._alerts, watched_for)
        except Exception:
            log.exception("incident %s could not be moved on; the next turn tries again", incident_id)
        finally:
            with self._lock:
                self._moving.discard(incident_id)
            self._hold_running()

    def _alerts(self) -> tuple[Alert, ...]:
        held = self._held_components()
        found = (*self._watcher.active(), *self._overdue())
        return tuple(alert for alert in found if alert.component not in held)

    def _overdue(self) -> tuple[Alert, ...]:
        good = {name: self._tools.points.newest_good(name) for name in self._tools.estate.components}
        times = {name: point.taken_at for name, point in good.items() if point is not None}
        return overdue_alerts(self._tools.estate, times, self._began_at, self._tools.clock.now())

    def _hold_running(self) -> None:
        """Hold what runs touch; release what no run touches any more."""
        running = {incident.id: touched(incident) for incident in self._tools.book.list(states=RUNNING)}
        with self._lock:
            before = frozenset().union(*self._held.values())
            self._held = running
            after = frozenset().union(*running.values())
            for component in after - before:
                self._watcher.hold(component)
            if before - after:
                self._learned.clear()
                self._watched_since = self._tools.clock.monotonic()
        if before - after:
            self._learn_norms()
            for component in before - after:
                self._watcher.release(component)

    def _held_components(self) -> frozenset[str]:
        with self._lock:
            return frozenset().union(*self._held.values())

    # --- backups and norms ---

    def _not_to_back_up(self) -> set[str]:
        """Components that a run touches or whose state is in doubt; all of them while a repository is.

        Not those that wait for a person: their backups go on, judged, or protection would end in silence.
        """
        active = self._tools.book.list(states=BUSY)
        if any(incident.component.startswith(REPOSITORY_PREFIX) for incident in active):
            return set(self._tools.estate.components)
        return {incident.component for incident in active} | set(self._held_components())

    def _learn_norms(self) -> None:
        """The monitor compares with the newest good snapshot, whoever took it."""
        for name, component in self._tools.estate.components.items():
            point = self._tools.points.newest_good(name) if component.sources else None
            if point is None or self._learned.get(name) == point.snapshot:
                continue
            try:
                files = self._tools.protector.last_good_files(name)
            except ResurgeError as error:
                if self._unreadable.get(name) != point.snapshot:
                    self._unreadable[name] = point.snapshot
                    log.warning("cannot read the norms of %s: %s", name, error)
                continue
            self._learned[name] = point.snapshot
            self._watcher.learn(name, as_norms(files))

    # --- called from other threads ---

    def _on_alert(self, change: Alert | Cleared) -> None:
        log.info("alert %s: %s", "cleared" if isinstance(change, Cleared) else "raised", change)
        self._wake.set()

    def _on_measurements(self, measurements: Sequence[Measurement]) -> None:
        self._series.add((m.component, m.name, m.at, m.value) for m in measurements)

    def _on_backup(self, outcome: BackupOutcome) -> None:
        if outcome.verdict.good:
            self._wake.set()

    def _on_change(self, component: str) -> None:
        self._backups.note_change(component, self._tools.clock.now())

    def _close(self) -> None:
        self._watcher.stop()
        self._changes.stop()
        self._movers.shutdown(wait=True, cancel_futures=True)
        self._backups.stop()
        self._engine.destroy()
