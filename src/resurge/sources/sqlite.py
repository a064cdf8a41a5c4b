"""A SQLite database, copied consistently while others write to it.

SQLite's backup interface copies pages without looking at them, so the copy is checked before it is handed
over: a damaged database must never become a good snapshot.
"""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from resurge.core.errors import ChecksFailed, ResurgeError, SourceMissing
from resurge.sources.item import Item, OnUnreadable, item_at
from resurge.sources.placing import put_in_place

BUSY_SECONDS = 10.0
COMPANIONS = ("-wal", "-shm", "-journal")


class DatabaseDamaged(ChecksFailed):
    """SQLite itself says that the file is malformed, or that it is no database."""


class DatabaseBusy(ResurgeError):
    """Somebody held a lock for longer than BUSY_SECONDS. That is no damage: try again later."""


def open_read_only(path: Path, *, busy_seconds: float = BUSY_SECONDS, immutable: bool = False) -> sqlite3.Connection:
    """`immutable` promises that nobody writes, and then no lock or companion file is used."""
    uri = f"file:{quote(str(path))}?mode=ro" + ("&immutable=1" if immutable else "")
    return sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None)


def integrity_problems(connection: sqlite3.Connection, *, quick: bool = False) -> tuple[str, ...]:
    """What SQLite's own check says; empty means well. Raises sqlite3.Error when it cannot even look."""
    rows = connection.execute(f"PRAGMA {'quick_check' if quick else 'integrity_check'}(20)").fetchall()
    return tuple(str(row[0]) for row in rows if row[0] != "ok")


def is_busy(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) or 0
    return code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class SqliteSource:
    def __init__(self, path: Path) -> None:
        self.path = path

    def paths(self) -> tuple[str, ...]:
        return (str(self.path),)

    @contextmanager
    def items(self, on_unreadable: OnUnreadable) -> Iterator[list[Item]]:
        """One file item. Raises DatabaseDamaged rather than yield a copy that SQLite calls malformed."""
        try:
            original = item_at(str(self.path).lstrip("/"), self.path.resolve(strict=True))
        except FileNotFoundError as error:
            raise SourceMissing(
                f"The database {self.path} is not there", "Check the path in resurge.yaml, or restore it."
            ) from error
        with tempfile.TemporaryDirectory(prefix="resurge-sqlite-") as folder:
            copy = Path(folder) / "copy.db"
            try:
                self._copy(copy)
            except PermissionError as error:
                on_unreadable(str(self.path), error)
                yield []
                return
            yield [self._item(original, copy)]

    def _copy(self, copy: Path) -> None:
        # SQLite calls every failure to open the same; this one says permission where it is that. The file is only
        # asked about: opening and closing it here would drop every lock that this process holds on it (POSIX), and
        # with them the log of a database that is in use (sqlite.org/howtocorrupt.html, section 2.2).
        if not os.access(self.path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.path))
        try:
            with closing(open_read_only(self.path)) as source, closing(sqlite3.connect(copy)) as target:
                target.execute("PRAGMA synchronous=OFF")  # a temporary copy; the vault makes it durable
                source.backup(target)
            with closing(open_read_only(copy, immutable=True)) as check:
                problems = integrity_problems(check)
        except sqlite3.Error as error:
            if is_busy(error):
                raise DatabaseBusy(
                    f"The database {self.path} stayed locked for {BUSY_SECONDS:.0f} s",
                    "Find the process that holds a transaction open; the next backup tries again.",
                ) from error
            problems = (str(error),)
        if problems:
            raise DatabaseDamaged(
                f"The database {self.path} is damaged: {problems[0]}",
                "Restore its newest good snapshot; nothing was backed up from this state.",
            )

    def _item(self, original: Item, copy: Path) -> Item:
        """Named and owned as the original; inode and ctime are the copy's own, so that it is always read.

        Commits may lie in the write-ahead log alone, where the main file's times say nothing about them.
        """
        copied = item_at(original.name, copy)
        newest = original.mtime_ns
        with suppress(OSError):
            newest = max(newest, Path(f"{self.path}-wal").stat().st_mtime_ns)
        return replace(copied, mode=original.mode, uid=original.uid, gid=original.gid, mtime_ns=newest)

    def put_back(self, restored: Path) -> None:
        """A log left from the broken database would be replayed into the restored one: it goes first."""
        target = self.path.resolve() if self.path.is_symlink() else self.path
        if os.path.lexists(restored):
            for companion in COMPANIONS:
                Path(f"{target}{companion}").unlink(missing_ok=True)
        put_in_place(restored, target)
