"""One controller for each state folder. The kernel holds the lock: it goes when the process dies, however."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from resurge.core.errors import AccessDenied, AlreadyRunning

_PATIENCE_SECONDS = 0.5  # `holder` takes the lock for an instant to see whether it is free


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold `folder/lock`, with this process's id written inside, or raise AlreadyRunning."""
    handle = _open(folder / "lock")
    try:
        _acquire(handle, folder)
        _write_pid(handle, str(os.getpid()))
        try:
            yield
        finally:
            _write_pid(handle, "")
    finally:
        os.close(handle)  # the file stays: removing it would let two processes lock two different files


def holder(folder: Path) -> int | None:
    """The process that holds the lock, 0 if it cannot be told which, None if nobody does."""
    try:
        handle = os.open(folder / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise _denied(folder / "lock") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_pid(handle)
    else:
        return None
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise _denied(path) from error


def _denied(path: Path) -> AccessDenied:
    return AccessDenied(f"no permission to lock {path}", f"Run as the user who owns {path.parent}.")


def _acquire(handle: int, folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise _already_running(_read_pid(handle), folder) from None
            time.sleep(0.02)
        else:
            return


def _already_running(pid: int, folder: Path) -> AlreadyRunning:
    who = f"process {pid}" if pid else "another process"
    return AlreadyRunning(
        f"{who} already runs the controller of {folder}",
        f"Use that one, or stop it first (kill {pid})." if pid else "Use that one, or stop it first.",
    )


def _read_pid(handle: int) -> int:
    text = os.pread(handle, 32, 0).strip()
    return int(text) if text.isdigit() else 0


def _write_pid(handle: int, text: str) -> None:
    os.ftruncate(handle, 0)
    with suppress(OSError):  # on a full disk the lock holds as well; only its message knows less
        os.pwrite(handle, text.encode(), 0)
