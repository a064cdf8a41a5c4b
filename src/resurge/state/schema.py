"""What the state database holds. Migrations are only ever added at the end, never changed."""

import sqlite3

from resurge.core.errors import StateDamaged

_FIRST = (
    # An incident is kept whole as JSON; the columns beside it are those that are searched.
    """CREATE TABLE incidents (
        id TEXT PRIMARY KEY, component TEXT NOT NULL, state TEXT NOT NULL,
        opened_at REAL NOT NULL, record TEXT NOT NULL)""",
    "CREATE INDEX incidents_by_state ON incidents (state, opened_at)",
    "CREATE INDEX incidents_by_component ON incidents (component, opened_at)",
    """CREATE TABLE steps (
        run_id TEXT NOT NULL, position INTEGER NOT NULL, action TEXT NOT NULL, component TEXT NOT NULL,
        state TEXT NOT NULL, tries INTEGER NOT NULL, started_at REAL NOT NULL, ended_at REAL,
        outcome TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (run_id, position)) WITHOUT ROWID""",
    """CREATE TABLE recovery_points (
        snapshot TEXT NOT NULL, repository TEXT NOT NULL, component TEXT NOT NULL,
        taken_at REAL NOT NULL, finished_at REAL NOT NULL, verdict TEXT NOT NULL,
        reasons TEXT NOT NULL DEFAULT '[]', stored_bytes INTEGER NOT NULL, read_bytes INTEGER NOT NULL,
        seconds REAL NOT NULL, forgotten_at REAL, PRIMARY KEY (repository, snapshot))""",
    "CREATE INDEX recovery_points_by_component ON recovery_points (component, taken_at)",
    """CREATE TABLE drills (
        id TEXT PRIMARY KEY, component TEXT NOT NULL, snapshot TEXT NOT NULL, started_at REAL NOT NULL,
        ended_at REAL, passed INTEGER, rto_seconds REAL, detail TEXT NOT NULL DEFAULT '{}')""",
    "CREATE INDEX drills_by_component ON drills (component, started_at)",
    "CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE requests (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, argument TEXT NOT NULL, asked_at REAL NOT NULL,
        taken_at REAL, answered_at REAL, result TEXT, error TEXT)""",
    "CREATE INDEX requests_open ON requests (asked_at) WHERE answered_at IS NULL",
    # A value of NULL is "not a number": SQLite cannot keep a NaN.
    """CREATE TABLE series (
        component TEXT NOT NULL, name TEXT NOT NULL, at REAL NOT NULL, value REAL,
        PRIMARY KEY (component, name, at)) WITHOUT ROWID""",
    "CREATE INDEX series_by_time ON series (at)",
    """CREATE TABLE series_buckets (
        component TEXT NOT NULL, name TEXT NOT NULL, at REAL NOT NULL,
        low REAL, mean REAL, high REAL, points INTEGER NOT NULL,
        PRIMARY KEY (component, name, at)) WITHOUT ROWID""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database up to this code. To be called inside one write transaction: all or nothing."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise StateDamaged(
            f"the state database was written by a newer Resurge (schema {version}, "
            f"this one knows up to {len(MIGRATIONS)})",
            "Upgrade Resurge on this machine; the database is as it was.",
        )
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
