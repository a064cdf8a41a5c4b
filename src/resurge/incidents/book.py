"""Where incidents and the steps of their runs are kept: written whole, read back exactly."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from resurge.core.errors import IncidentNotFound, ResurgeError
from resurge.incidents import lifecycle
from resurge.incidents.records import Incident, IncidentState, Step, StepRecord, StepState
from resurge.incidents.wire import from_text, to_text
from resurge.state.database import StateDatabase

Incidents = list[Incident]
StepRecords = list[StepRecord]
_Change = Callable[[Incident], Incident]


class IncidentBook:
    """Several processes may use it at once: each change reads, checks and writes in one transaction."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def add(self, incident: Incident) -> Incident:
        row = (*_columns(incident), incident.id)
        self._database.run(
            lambda connection: connection.execute(
                "INSERT INTO incidents (component, state, opened_at, record, id) VALUES (?, ?, ?, ?, ?)", row
            )
        )
        return incident

    def get(self, id: str) -> Incident:
        return _only(self._database.read("SELECT record FROM incidents WHERE id = ?", (id,)), id)

    def list(
        self,
        states: Iterable[IncidentState] | None = None,
        component: str | None = None,
        limit: int | None = None,
    ) -> Incidents:
        """Oldest first. With `limit`, the newest so many of them."""
        where, parameters = ["TRUE"], list[object]()
        if states is not None:
            wanted = [str(state) for state in states]
            where.append(f"state IN ({', '.join('?' * len(wanted))})")
            parameters += wanted
        if component is not None:
            where.append("component = ?")
            parameters.append(component)
        parameters.append(-1 if limit is None else limit)
        rows = self._database.read(
            f"SELECT record FROM incidents WHERE {' AND '.join(where)}"  # noqa: S608 (only our own words)
            " ORDER BY opened_at DESC, rowid DESC LIMIT ?",
            parameters,
        )
        return [from_text(row["record"], Incident) for row in reversed(rows)]

    def advance(self, id: str, to: IncidentState, at: float, **changes: Any) -> Incident:
        """lifecycle.advance on what is recorded now: of two who try the same, one is refused."""
        return self._change(id, lambda incident: lifecycle.advance(incident, to, at, **changes))

    def replace(self, id: str, **changes: Any) -> Incident:
        """Change anything but the state, which only `advance` may."""
        return self._change(id, lambda incident: lifecycle.amend(incident, **changes))

    def begin_step(self, run_id: str, position: int, step: Step, at: float) -> StepRecord:
        """Begun again, a step keeps its first `started_at` and counts one more try."""
        row = (run_id, position, step.action, step.component, StepState.RUNNING, at)

        def begin(connection: sqlite3.Connection) -> StepRecord:
            connection.execute(
                "INSERT INTO steps VALUES (?, ?, ?, ?, ?, 1, ?, NULL, '', '{}') ON CONFLICT DO UPDATE SET"
                " state = excluded.state, tries = tries + 1, ended_at = NULL, outcome = '', detail = '{}'",
                row,
            )
            record = _step(connection, run_id, position)
            if (record.action, record.component) != (step.action, step.component):
                raise ResurgeError(
                    f"step {position} of {run_id} was {record.action} of {record.component}"
                    f" and is now {step.action} of {step.component}",
                    "A run keeps its plan. Begin a new run for a new plan.",
                )
            return record

        return self._database.run(begin)

    def end_step(  # noqa: PLR0917 (they are the columns of its row)
        self,
        run_id: str,
        position: int,
        state: StepState,
        at: float,
        outcome: str,
        detail: Mapping[str, object] | None = None,
    ) -> StepRecord:
        row = (state, at, outcome, to_text(detail or {}), run_id, position)

        def end(connection: sqlite3.Connection) -> StepRecord:
            connection.execute(
                "UPDATE steps SET state = ?, ended_at = max(?, started_at), outcome = ?, detail = ?"
                " WHERE run_id = ? AND position = ?",
                row,
            )
            return _step(connection, run_id, position)

        return self._database.run(end)

    def steps(self, run_id: str) -> StepRecords:
        """In the order of the plan."""
        rows = self._database.read("SELECT * FROM steps WHERE run_id = ? ORDER BY position", (run_id,))
        return [_step_record(row) for row in rows]

    def _change(self, id: str, change: _Change) -> Incident:
        def rewrite(connection: sqlite3.Connection) -> Incident:
            rows = connection.execute("SELECT record FROM incidents WHERE id = ?", (id,)).fetchall()
            changed = change(_only(rows, id))
            connection.execute(
                "UPDATE incidents SET component = ?, state = ?, opened_at = ?, record = ? WHERE id = ?",
                (*_columns(changed), id),
            )
            return changed

        return self._database.run(rewrite)


def _columns(incident: Incident) -> tuple[str, str, float, str]:
    return incident.component, str(incident.state), incident.opened_at, to_text(incident)


def _only(rows: list[sqlite3.Row], id: str) -> Incident:
    if not rows:
        raise IncidentNotFound(f"there is no incident {id}", "See `resurge incidents` for those there are.")
    return from_text(rows[0]["record"], Incident)


def _step(connection: sqlite3.Connection, run_id: str, position: int) -> StepRecord:
    row = connection.execute("SELECT * FROM steps WHERE run_id = ? AND position = ?", (run_id, position)).fetchone()
    if row is None:
        raise ResurgeError(f"step {position} of {run_id} was never begun", "This is a fault in Resurge itself.")
    return _step_record(row)


def _step_record(row: sqlite3.Row) -> StepRecord:
    values = {**dict(row), "state": StepState(row["state"])}
    return StepRecord(**{**values, "detail": from_text(row["detail"], dict[str, object])})
