"""What SQLite's and the operating system's complaints mean to the person who runs Resurge."""

import errno
import os
import sqlite3
from pathlib import Path

from resurge.core.errors import AccessDenied, ResurgeError, StateDamaged, StorageFull
from resurge.state.reserve import FULL, nearly_full

RESTORE_ADVICE = (
    "Stop the controller, set the file aside (do not delete it), and bring the last good copy back with "
    "`resurge restore @resurge --target DIR`. Repositories and the ledger are not touched by this damage."
)
_UNREADABLE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FORBIDDEN = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
_OCCUPIED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def is_full(error: Exception, folder: Path) -> bool:
    """Did this fail for want of room? SQLite hides some such failures behind a plain I/O error."""
    if isinstance(error, OSError):
        return error.errno in FULL
    code = _primary_code(error)
    if code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}:
        return nearly_full(folder)
    return code == sqlite3.SQLITE_FULL


def explained(error: Exception, file: Path) -> Exception:
    """The same failure as an error that says what to do; a mistake in our own SQL comes back unchanged."""
    if is_full(error, file.parent):
        return StorageFull(
            f"no room left to write {file}",
            f"Free some space on the file system of {file.parent}. The reserve file has been used up; "
            "it is taken back by itself once there is room.",
        )
    if isinstance(error, OSError):
        return _explained_os(error, file)
    return _explained_sqlite(error, file)


def _explained_sqlite(error: Exception, file: Path) -> Exception:
    code = _primary_code(error)
    if code in _UNREADABLE:
        return StateDamaged(f"{file} is damaged ({error})", RESTORE_ADVICE)
    if code in _FORBIDDEN or (code == sqlite3.SQLITE_CANTOPEN and not _reachable(file)):
        return _forbidden(file)
    if code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}:
        return StateDamaged(f"{file} cannot be read and written ({error})", RESTORE_ADVICE)
    if code in _OCCUPIED:
        return ResurgeError(
            f"{file} has been held by another process for too long",
            "Try again. If it stays so, look for a stopped or very busy `resurge` process.",
        )
    return error


def _reachable(file: Path) -> bool:
    return os.access(file, os.R_OK | os.W_OK) and os.access(file.parent, os.W_OK | os.X_OK)


def _primary_code(error: Exception) -> int:
    """The low byte; the rest of an extended code only narrows it."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _explained_os(error: OSError, file: Path) -> Exception:
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return _forbidden(file)
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return AccessDenied(
            f"{file.parent} cannot be the state folder: something that is no folder is in the way",
            "Name another folder under `state:` in resurge.yaml, or move what is in the way.",
        )
    return StateDamaged(f"{file} cannot be used ({error.strerror})", RESTORE_ADVICE)


def _forbidden(file: Path) -> AccessDenied:
    return AccessDenied(
        f"no permission to read and write {file}",
        f"Run as the user who owns {file.parent}, or give this user access to it.",
    )
