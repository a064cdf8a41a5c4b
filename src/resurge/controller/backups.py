"""Backups on schedules and on change, a few at a time, and the retention that follows each."""

import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from resurge.backup.protect import BackupOutcome
from resurge.backup.retain import to_forget
from resurge.backup.schedule import due_at
from resurge.controller.doubt import doubt_about
from resurge.controller.moves import ACTIVE
from resurge.core.errors import ResurgeError
from resurge.recovery.context import Tools

log = logging.getLogger(__name__)

AT_ONCE = 2  # reading and sealing release the GIL; more would only take the disk from the service
USUAL_OF = 5  # the slowest of so many recent backups is what the next is expected to take


class BackupJobs:
    """Knows what is due and starts it. `start_due` is called from one thread."""

    def __init__(self, tools: Tools, done: Callable[[BackupOutcome], None]) -> None:
        self._tools = tools
        self._done = done
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="backup")
        self._lock = Lock()
        self._running: set[str] = set()
        self._tried_at: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._changed_at: dict[str, float] = {}

    def note_change(self, component: str, at: float) -> None:
        with self._lock:
            self._changed_at[component] = at

    def start_due(self, now: float, held: Collection[str]) -> None:
        """Start every backup that is due, but none of a component in `held`."""
        for name, component in self._tools.estate.components.items():
            if not component.sources or name in held or name in self._running:
                continue
            if self._due(name, now):
                with self._lock:
                    self._running.add(name)
                    self._tried_at[name] = now
                    self._changed_at.pop(name, None)
                self._pool.submit(self._run, name)

    def stop(self) -> None:
        """Waits for backups that are under way: each is published whole or not at all, and soon."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _due(self, name: str, now: float) -> bool:
        schedule = self._tools.estate.components[name].schedule
        good = self._tools.points.newest_good(name)
        usual = self._tools.points.usual_seconds(name, USUAL_OF)
        at = due_at(schedule, good.taken_at if good else None, self._tried_at.get(name), usual)
        changed_at = self._changed_at.get(name)
        quiet = changed_at is not None and now - changed_at >= schedule.debounce_seconds
        return (at is not None and now >= at) or (schedule.on_change and quiet)

    def _run(self, name: str) -> None:
        try:
            outcome = self._tools.protector.back_up(name, doubt=doubt_about(self._tools.book, name))
            for problem in outcome.copy_problems:
                log.warning("backup of %s was not copied: %s", name, problem)
            if not outcome.verdict.good:
                log.warning("backup of %s is suspect: %s", name, "; ".join(outcome.verdict.reasons))
            self._done(outcome)
            self._forget_old(name)
            self._said.pop(name, None)
        except (ResurgeError, OSError) as error:
            if self._said.get(name) != str(error):  # once, and again when it is another reason
                self._said[name] = str(error)
                log.warning("backup of %s failed: %s", name, error)
        except Exception:
            log.exception("backup of %s failed", name)
        finally:
            with self._lock:
                self._running.discard(name)

    def _forget_old(self, name: str) -> None:
        tools = self._tools
        points = tools.points.of(name)
        open_incident = bool(tools.book.list(states=ACTIVE, component=name))
        retention = tools.estate.components[name].objectives.retention
        old = to_forget(points, retention, incident_open=open_incident, now=tools.clock.now())
        if old:
            repository = tools.repositories.open(tools.repositories.primary.name)
            present = {snapshot.id for snapshot in repository.snapshots()}
            repository.forget([snapshot for snapshot in old if snapshot in present])
            tools.points.forget(old, tools.clock.now())
            tools.ledger.append("forget", name, {"snapshots": list(old)})
