"""Recovery points: which snapshots of a component may be gone back to, and the book that remembers them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Row

from resurge.state.database import StateDatabase

ROUNDING_SECONDS = 0.001  # an onset that was narrowed to the end of a backup must not fall before it by a rounding


@dataclass(frozen=True, slots=True)
class RecoveryPoint:
    """A snapshot with its verdict. Times in Unix seconds; `taken_at` is when reading began: the state's age."""

    snapshot: str
    repository: str
    component: str
    taken_at: float
    finished_at: float
    verdict: str  # good | suspect
    reasons: tuple[str, ...]
    read_bytes: int
    stored_bytes: int

    @property
    def id(self) -> str:
        return self.snapshot

    @property
    def good(self) -> bool:
        return self.verdict == "good"

    @property
    def seconds(self) -> float:
        return self.finished_at - self.taken_at


def good_before(points: Sequence[RecoveryPoint], onset_at: float) -> tuple[RecoveryPoint, ...]:
    """Good points whose reading had *ended* before the onset, newest first.

    A snapshot that was being read when the fault came may hold half of the damage.
    """
    fit = (point for point in points if point.good and point.finished_at <= onset_at + ROUNDING_SECONDS)
    return tuple(sorted(fit, key=lambda point: point.taken_at, reverse=True))


class PointBook:
    """Kept in the state database; a copy of each verdict is sealed in the ledger."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def record(self, point: RecoveryPoint) -> None:
        self._database.run(
            lambda c: c.execute(
                "INSERT OR REPLACE INTO recovery_points"
                " (snapshot, repository, component, taken_at, finished_at, verdict, reasons,"
                " stored_bytes, read_bytes, seconds) VALUES (?,?,?,?,?,?,?,?,?,?)",
                (
                    point.snapshot,
                    point.repository,
                    point.component,
                    point.taken_at,
                    point.finished_at,
                    point.verdict,
                    json.dumps(point.reasons),
                    point.stored_bytes,
                    point.read_bytes,
                    point.seconds,
                ),
            )
        )

    def of(self, component: str) -> list[RecoveryPoint]:
        """Those that are still kept, oldest first, suspect ones included."""
        rows = self._database.read(
            "SELECT * FROM recovery_points WHERE component = ? AND forgotten_at IS NULL ORDER BY taken_at, finished_at",
            (component,),
        )
        return [_point(row) for row in rows]

    def all(self, since: float = 0.0) -> list[RecoveryPoint]:
        """Every backup that was ever made, oldest first, those that retention has let go too."""
        rows = self._database.read(
            "SELECT * FROM recovery_points WHERE finished_at >= ? ORDER BY taken_at, finished_at", (since,)
        )
        return [_point(row) for row in rows]

    def newest_good(self, component: str) -> RecoveryPoint | None:
        rows = self._database.read(
            "SELECT * FROM recovery_points WHERE component = ? AND forgotten_at IS NULL AND verdict = 'good'"
            " ORDER BY taken_at DESC, finished_at DESC LIMIT 1",
            (component,),
        )
        return _point(rows[0]) if rows else None

    def usual_seconds(self, component: str, of: int) -> float:
        """The longest of so many recent backups: what the next one is expected to take."""
        rows = self._database.read(
            "SELECT max(seconds) AS longest FROM"
            " (SELECT seconds FROM recovery_points WHERE component = ? ORDER BY taken_at DESC LIMIT ?)",
            (component, of),
        )
        return float(rows[0]["longest"] or 0.0)

    def distrust_after(self, component: str, onset_at: float, reason: str) -> int:
        """Points still being read at the onset, or later, turn suspect. Returns how many."""
        changed = [p for p in self.of(component) if p.good and p.finished_at > onset_at + ROUNDING_SECONDS]
        for point in changed:
            self._database.run(
                lambda c, p=point: c.execute(  # type: ignore[misc]
                    "UPDATE recovery_points SET verdict = 'suspect', reasons = ? WHERE snapshot = ?",
                    (json.dumps([*p.reasons, reason]), p.snapshot),
                )
            )
        return len(changed)

    def forget(self, snapshots: Sequence[str], at: float) -> None:
        """They are no longer kept; that they were made stays on record."""
        rows = [(at, snapshot) for snapshot in snapshots]
        self._database.run(
            lambda c: c.executemany("UPDATE recovery_points SET forgotten_at = ? WHERE snapshot = ?", rows)
        )


def _point(row: Row) -> RecoveryPoint:
    return RecoveryPoint(
        snapshot=row["snapshot"],
        repository=row["repository"],
        component=row["component"],
        taken_at=row["taken_at"],
        finished_at=row["finished_at"],
        verdict=row["verdict"],
        reasons=tuple(json.loads(row["reasons"])),
        read_bytes=row["read_bytes"],
        stored_bytes=row["stored_bytes"],
    )
