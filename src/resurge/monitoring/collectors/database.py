"""SQLite's own opinion of a database: quick when it changed, whole as often as that is cheap."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from resurge.incidents.records import Symptom
from resurge.monitoring.measurement import Measurement
from resurge.sources.health import Health, examine_sqlite

BUSY_SECONDS = 0.2  # a lock held longer than this is waited for at the next look
WHOLE_CHECK_SECONDS = 2.0  # at most this often,
WHOLE_CHECK_SHARE = 0.02  # and never for more than this share of the time


class DatabaseCollector:
    def __init__(self, component: str, path: Path, every_seconds: float) -> None:
        self.component = component
        self.name = f"database:{path}"
        self.every_seconds = every_seconds
        self._path = path
        self._seen: tuple[tuple[int, int, int], ...] = ()
        self._health = Health(True, None, "not examined yet")
        self._next_whole_check_at = 0.0

    def collect(self, at: float) -> Sequence[Measurement]:
        seen = tuple(_stat(f"{self._path}{suffix}") for suffix in ("", "-wal", "-journal"))
        if at >= self._next_whole_check_at or not self._health.good:
            # what is damaged stays so until the whole check says otherwise: the quick one sees less
            began = time.monotonic()
            self._take(examine_sqlite(self._path, busy_seconds=BUSY_SECONDS))
            seconds = time.monotonic() - began
            self._next_whole_check_at = at + max(WHOLE_CHECK_SECONDS, seconds / WHOLE_CHECK_SHARE)
        elif seen != self._seen:
            self._take(examine_sqlite(self._path, quick=True, busy_seconds=BUSY_SECONDS))
        self._seen = seen
        health = self._health
        detail = {
            "missing": [str(self._path)] if health.symptom is Symptom.CONTENT_MISSING else [],
            "damaged": [str(self._path)] if health.symptom is Symptom.DATABASE_DAMAGED else [],
            "summary": health.summary,
        }
        return [Measurement(self.component, self.name, at, float(health.good), detail)]

    def _take(self, health: Health) -> None:
        if health.examined:
            self._health = health


def _stat(path: str) -> tuple[int, int, int]:
    try:
        found = os.lstat(path)
    except OSError:
        return (-1, 0, 0)
    return (found.st_size, found.st_mtime_ns, found.st_ino)
