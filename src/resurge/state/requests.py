"""How commands ask the controller for something: a table, so no port is open and nothing asked is lost."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from resurge.core.clock import Clock, SystemClock
from resurge.core.errors import ResurgeError
from resurge.core.identifiers import new_identifier
from resurge.state.database import StateDatabase

_POLL_SECONDS = 0.02


class NotAnswered(ResurgeError):
    """The controller did not answer in time. `withdrawn`: it had not begun, and now never will."""

    def __init__(self, happened: str, advice: str, *, withdrawn: bool) -> None:
        super().__init__(happened, advice)
        self.withdrawn = withdrawn


@dataclass(frozen=True, slots=True)
class Request:
    id: str
    kind: str
    argument: Mapping[str, Any]
    asked_at: float


@dataclass(frozen=True, slots=True)
class Answer:
    """`error` is one line for a person, None where all went well."""

    result: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


class Requests:
    def __init__(self, database: StateDatabase, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def put(self, kind: str, argument: Mapping[str, object]) -> str:
        row = (new_identifier("request", self._clock), kind, json.dumps(dict(argument)), self._clock.now())
        self._database.run(
            lambda connection: connection.execute(
                "INSERT INTO requests (id, kind, argument, asked_at) VALUES (?, ?, ?, ?)", row
            )
        )
        return row[0]

    def take(self) -> list[Request]:
        """Everything not taken yet, in the order asked. No two takers ever get the same request."""
        at = self._clock.now()
        # Looking first keeps an idle controller from writing to the disk at every turn.
        if not self._database.read("SELECT 1 FROM requests WHERE answered_at IS NULL AND taken_at IS NULL"):
            return []
        return self._database.run(lambda connection: _take(connection, at))

    def give_back(self) -> int:
        """Offer again what a controller took and died over. For the next one, once it holds the lock."""
        return self._database.run(
            lambda connection: (
                connection.execute(
                    "UPDATE requests SET taken_at = NULL WHERE answered_at IS NULL AND taken_at IS NOT NULL"
                ).rowcount
            )
        )

    def answer(self, id: str, result: Mapping[str, object], error: str | None = None) -> None:
        """The first answer stands."""
        row = (self._clock.now(), json.dumps(dict(result)), error, id)
        self._database.run(
            lambda connection: connection.execute(
                "UPDATE requests SET answered_at = ?, result = ?, error = ? WHERE id = ? AND answered_at IS NULL",
                row,
            )
        )

    def wait(self, id: str, timeout_seconds: float) -> Answer:
        """Raise NotAnswered in the end. Whoever stops waiting withdraws what nobody has begun: a recovery
        asked for today must not start by itself when a controller comes up next week."""
        deadline = self._clock.monotonic() + timeout_seconds
        try:
            while (answer := self._look(id)) is None:
                if self._clock.monotonic() >= deadline:
                    return self._give_up(id, timeout_seconds)
                self._clock.sleep(_POLL_SECONDS)
        except BaseException:
            self._withdraw(id)
            raise
        return answer

    def expire(self, before: float) -> int:
        """Forget what was answered before `before` (Unix seconds)."""
        return self._database.run(
            lambda connection: connection.execute("DELETE FROM requests WHERE answered_at < ?", (before,)).rowcount
        )

    def _look(self, id: str) -> Answer | None:
        rows = self._database.read("SELECT answered_at, result, error FROM requests WHERE id = ?", (id,))
        if not rows:
            raise NotAnswered(f"there is no request {id}", "Ask again.", withdrawn=True)
        row = rows[0]
        return None if row["answered_at"] is None else Answer(json.loads(row["result"]), row["error"])

    def _give_up(self, id: str, timeout_seconds: float) -> Answer:
        if self._withdraw(id):
            raise NotAnswered(
                f"no controller took the request within {timeout_seconds:g} s; it was withdrawn",
                "Start the controller with `resurge up`, then ask again.",
                withdrawn=True,
            )
        answer = self._look(id)
        if answer is not None:
            return answer
        raise NotAnswered(
            f"the controller has not finished within {timeout_seconds:g} s; it goes on",
            "See how it comes out with `resurge status`.",
            withdrawn=False,
        )

    def _withdraw(self, id: str) -> bool:
        return self._database.run(
            lambda connection: (
                connection.execute(
                    "DELETE FROM requests WHERE id = ? AND taken_at IS NULL AND answered_at IS NULL", (id,)
                ).rowcount
                > 0
            )
        )


def _take(connection: sqlite3.Connection, at: float) -> list[Request]:
    rows = connection.execute(
        "SELECT id, kind, argument, asked_at FROM requests"
        " WHERE answered_at IS NULL AND taken_at IS NULL ORDER BY asked_at, rowid"
    ).fetchall()
    connection.executemany("UPDATE requests SET taken_at = ? WHERE id = ?", [(at, row["id"]) for row in rows])
    return [Request(row["id"], row["kind"], json.loads(row["argument"]), row["asked_at"]) for row in rows]
