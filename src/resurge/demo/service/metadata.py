"""The metadata database: runs, checkpoints and the model registry, in SQLite.

WAL, for two reasons: whoever copies or checks the database never makes training wait, and a writer that is
killed in the middle of a transaction leaves a file that a read-only reader can still open (a rollback journal
would first have to be rolled back, which a reader may not). It is opened for each transaction and only if it
exists, so that a database that was lost is never replaced by an empty one.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from resurge.demo.service.checkpoints import Checkpoint

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, seed INTEGER NOT NULL, started_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS checkpoints (
    name TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(id), step INTEGER NOT NULL, sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL, created_at REAL NOT NULL, removed_at REAL
);
CREATE INDEX IF NOT EXISTS checkpoints_by_step ON checkpoints (run, step);
CREATE TABLE IF NOT EXISTS models (
    name TEXT PRIMARY KEY, step INTEGER NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
    published_at REAL NOT NULL
);
"""
BUSY_SECONDS = 2.0


def run_name(seed: int) -> str:
    return f"digits-seed-{seed}"


def create(path: Path) -> None:
    """Idempotent. Small pages: the database is small, and has several of them all the same."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA page_size = 1024")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
    finally:
        connection.close()


@contextmanager
def transaction(
    path: Path, busy_seconds: float = BUSY_SECONDS, *, writing: bool = True
) -> Iterator[sqlite3.Connection]:
    """All or nothing. sqlite3.DatabaseError if the database is missing, locked for too long, or damaged."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, timeout=busy_seconds, isolation_level=None
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()  # what was not committed is rolled back


def begin_run(connection: sqlite3.Connection, seed: int) -> None:
    connection.execute(
        "INSERT INTO runs VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING", (run_name(seed), seed, time.time())
    )


def record(connection: sqlite3.Connection, seed: int, checkpoints: Iterable[Checkpoint]) -> None:
    """What the caller wrote itself: it replaces what an earlier life of the job said of the same step."""
    connection.executemany(
        "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (name) DO UPDATE SET"
        " sha256 = excluded.sha256, bytes = excluded.bytes, removed_at = NULL,"
        " created_at = CASE sha256 WHEN excluded.sha256 THEN created_at ELSE excluded.created_at END",
        _rows(seed, checkpoints),
    )


def adopt(connection: sqlite3.Connection, seed: int, checkpoints: Iterable[Checkpoint]) -> None:
    """What the caller found on the disk: added where it is missing. A file that differs from what was
    recorded when it was written is not believed, so that damage does not become the truth."""
    connection.executemany(
        "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (name) DO UPDATE SET"
        " removed_at = NULL WHERE sha256 = excluded.sha256",
        _rows(seed, checkpoints),
    )


def mark_removed(connection: sqlite3.Connection, seed: int, present: Iterable[str]) -> None:
    """Every checkpoint of the run that is not among the present ones."""
    connection.execute(
        "UPDATE checkpoints SET removed_at = ? WHERE run = ? AND removed_at IS NULL"
        " AND name NOT IN (SELECT value FROM json_each(?))",
        (time.time(), run_name(seed), json.dumps(list(present))),
    )


def record_model(
    connection: sqlite3.Connection, name: str, step: int, sha256: str, stored_bytes: int, *, replace: bool
) -> None:
    """`replace`: it was just published. Otherwise it was found on the disk, and what is recorded stays."""
    verb = "REPLACE" if replace else "IGNORE"
    connection.execute(
        f"INSERT OR {verb} INTO models VALUES (?, ?, ?, ?, ?)",  # noqa: S608 (two constants)
        (name, step, sha256, stored_bytes, time.time()),
    )


def _rows(seed: int, checkpoints: Iterable[Checkpoint]) -> list[tuple[str | int | float, ...]]:
    return [(c.name, run_name(seed), c.step, c.sha256, c.stored_bytes, c.created_at) for c in checkpoints]
