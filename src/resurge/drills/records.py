"""What a drill showed, and the book that keeps it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from resurge.state.database import StateDatabase


@dataclass(frozen=True, slots=True)
class DrillResult:
    """`rto_seconds` is measured: from the start of the restore to the end of the checks."""

    id: str
    component: str
    snapshot: str
    started_at: float
    ended_at: float
    passed: bool
    checks: tuple[str, ...]  # what was asked, in order, and answered well
    failure: str = ""

    @property
    def seconds(self) -> float:
        return self.rto_seconds

    @property
    def rto_seconds(self) -> float:
        return self.ended_at - self.started_at


class DrillBook:
    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def record(self, result: DrillResult) -> None:
        detail = json.dumps({"checks": result.checks, "failure": result.failure})
        row = (
            result.id,
            result.component,
            result.snapshot,
            result.started_at,
            result.ended_at,
            int(result.passed),
            result.rto_seconds,
            detail,
        )
        self._database.run(lambda c: c.execute("INSERT INTO drills VALUES (?,?,?,?,?,?,?,?)", row))

    def all(self, since: float = 0.0) -> Sequence[DrillResult]:
        """Oldest first."""
        rows = self._database.read("SELECT * FROM drills WHERE started_at >= ? ORDER BY started_at", (since,))
        found = []
        for row in rows:
            detail = json.loads(row["detail"])
            found.append(
                DrillResult(
                    id=row["id"],
                    component=row["component"],
                    snapshot=row["snapshot"],
                    started_at=row["started_at"],
                    ended_at=row["ended_at"],
                    passed=bool(row["passed"]),
                    checks=tuple(detail["checks"]),
                    failure=detail["failure"],
                )
            )
        return found

    def last_passed_at(self, component: str) -> float | None:
        rows = self._database.read(
            "SELECT max(ended_at) AS at FROM drills WHERE component = ? AND passed = 1", (component,)
        )
        return rows[0]["at"] if rows else None
