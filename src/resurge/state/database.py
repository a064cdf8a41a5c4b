"""The state database: SQLite in WAL mode, shared by the controller and every other command.

Writing goes through `run`, which takes a function and not a `with` body, because a full disk is answered by
releasing the reserve and doing the whole transaction again.
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from resurge.core.durable import fsync_folder
from resurge.core.errors import StateDamaged
from resurge.state import schema
from resurge.state.failures import RESTORE_ADVICE, explained, is_full
from resurge.state.reserve import RESERVE_BYTES, Reserve

T = TypeVar("T")
Parameters = Sequence[object] | Mapping[str, object]

_BUSY_SECONDS = 10.0
_CHECKPOINT_PAGES = 256  # 1 MiB of log: little to give up on a full disk, little to replay after a crash
_LOG_KEEP_BYTES = 1 * 2**20


class StateDatabase:
    """One object serves many threads (a connection each) and may not be carried across a fork."""

    def __init__(self, folder: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self.folder = folder
        self.file = folder / "state.db"
        self.reserve = Reserve(folder / "reserve", reserve_bytes)
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._guard = threading.Lock()
        self._with_room(lambda: _create_if_missing(self.file))
        try:
            if self._stored_version() != len(schema.MIGRATIONS):
                self.run(schema.migrate)
            self._with_room(self.reserve.ensure)
        except BaseException:
            self.close()
            raise

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in one write transaction, committed when it returns and undone when it raises.

        `work` may be called twice (see the module), so it touches nothing but the connection. Inside
        another `run` of the same thread it joins that transaction.
        """
        return self._with_room(lambda: self._transact(work))

    def read(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows at once, so that no open reader keeps the log from being folded back."""
        return self._with_room(lambda: self._connection().execute(sql, parameters).fetchall())

    def close(self) -> None:
        """Close every thread's connection; the last one to close folds the log into the database."""
        with self._guard:
            connections = list(self._connections.values())
            self._connections.clear()
        for connection in connections:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection()
        if connection.in_transaction:
            return work(connection)
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            # A full disk makes SQLite roll back by itself; then there is nothing left to undo.
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            raise
        return result

    def _with_room(self, action: Callable[[], T]) -> T:
        """Once more after releasing the reserve, if the disk was full; failures come out explained."""
        try:
            return action()
        except (sqlite3.Error, OSError) as error:
            if self._in_transaction():
                raise  # the outermost call is the one that can do everything again
            if not is_full(error, self.folder):
                raise explained(error, self.file) from error
        self.reserve.release()
        self._fold_log()
        try:
            return action()
        except (sqlite3.Error, OSError) as error:
            raise explained(error, self.file) from error

    def _fold_log(self) -> None:
        """A log that has been folded is written over from its start and asks for no more room."""
        connection = self._connections.get(threading.current_thread())
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _in_transaction(self) -> bool:
        connection = self._connections.get(threading.current_thread())
        return connection is not None and connection.in_transaction

    def _stored_version(self) -> int:
        return int(self.read("PRAGMA user_version")[0][0])

    def _connection(self) -> sqlite3.Connection:
        thread = threading.current_thread()
        with self._guard:
            known = self._connections.get(thread)
            if known is not None:
                return known
            for gone in [other for other in self._connections if not other.is_alive()]:
                self._connections.pop(gone).close()
        connection = _connect(self.file)
        with self._guard:
            self._connections[thread] = connection
        return connection


def _connect(file: Path) -> sqlite3.Connection:
    if not file.exists() or file.stat().st_size == 0:
        # SQLite would take either for a new database and quietly begin with nothing remembered.
        raise StateDamaged(f"{file} is missing or empty, though it was in use", RESTORE_ADVICE)
    connection = sqlite3.connect(
        file.absolute().as_uri() + "?mode=rw",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    try:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
            f"journal_size_limit = {_LOG_KEEP_BYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _create_if_missing(file: Path) -> None:
    """A new database appears under its name whole or not at all, so an empty one is always damage."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if file.exists():
        return
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # two processes may be starting in a new folder at once
        if not file.exists():
            _refuse_orphaned_log(file)
            _build(file)
    finally:
        os.close(folder)


def _refuse_orphaned_log(file: Path) -> None:
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size > 0:
        raise StateDamaged(f"{file} is gone, though its log {log.name} is still there", RESTORE_ADVICE)


def _build(file: Path) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        connection = sqlite3.connect(partial, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            schema.migrate(connection)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
        partial.replace(file)
        fsync_folder(file.parent)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            partial.with_name(partial.name + suffix).unlink(missing_ok=True)
