"""The file of lines: who may write when, where its last whole line ends, and what becomes of a torn one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from resurge.core.durable import fsync_folder

_BLOCK_BYTES = 1 << 20


class LogFile:
    """`entries.jsonl` in the ledger's folder. A line counts once its newline is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "entries.jsonl"
        self._lock = folder / "lock"

    @contextmanager
    def writing(self) -> Iterator[int]:
        """A handle on the file, alone among all processes."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            new = not self.path.exists()
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if new:
                    fsync_folder(self.folder)
                yield handle
            finally:
                os.close(handle)
        finally:
            os.close(lock)

    def whole_bytes(self) -> int:
        """Up to here nothing changes any more; what follows is being written, or torn."""
        if not self.path.exists():
            return 0
        with self._nobody_writing(), self.path.open("rb") as file:
            return end_of_last_line(file.fileno())

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """Whole lines from the offset `start`, without their newlines."""
        yield from self.lines_between(start, self.whole_bytes())

    def lines_between(self, start: int, end: int) -> Iterator[bytes]:
        if start >= end:
            return
        with self.path.open("rb", buffering=_BLOCK_BYTES) as file:
            file.seek(start)
            position = start
            while position < end:
                line = file.readline()
                if not line:
                    return
                position += len(line)
                yield line[:-1] if line.endswith(b"\n") else line

    def set_torn_aside(self, handle: int) -> int:
        """Under the lock nobody is writing, so the writer of an unfinished line is dead. Returns the end."""
        end, size = end_of_last_line(handle), os.fstat(handle).st_size
        if end < size:
            torn = os.open(self.folder / "torn", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                _write_all(torn, os.pread(handle, size - end, end) + b"\n")
                os.fsync(torn)
            finally:
                os.close(torn)
            os.ftruncate(handle, end)
            os.fsync(handle)
        return end

    @contextmanager
    def _nobody_writing(self) -> Iterator[None]:
        """A copy of a ledger that came without its lock has nobody to wait for."""
        try:
            lock = os.open(self._lock, os.O_RDONLY)
        except FileNotFoundError:
            yield
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
            yield
        finally:
            os.close(lock)


def append_line(handle: int, end: int, line: bytes) -> int:
    """Durable when it returns; gone again when it raises. Returns the new end."""
    data = line + b"\n"
    try:
        os.lseek(handle, end, os.SEEK_SET)
        _write_all(handle, data)
        os.fsync(handle)
    except BaseException:
        with suppress(OSError):
            os.ftruncate(handle, end)
        raise
    return end + len(data)


def end_of_last_line(handle: int) -> int:
    """The offset after the last newline."""
    position = os.fstat(handle).st_size
    while position > 0:
        start = max(0, position - 65536)
        found = os.pread(handle, position - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        position = start
    return 0


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
