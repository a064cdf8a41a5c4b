"""A file that only holds room, so that Resurge can still write when everything else has filled the disk."""

import errno
import os
from contextlib import suppress
from pathlib import Path

RESERVE_BYTES = 8 * 2**20
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Reserve:
    """Whether it is held is read from the file system each time: any process may have released it."""

    def __init__(self, path: Path, size_bytes: int = RESERVE_BYTES) -> None:
        self.path = path
        self.size_bytes = size_bytes

    @property
    def held(self) -> bool:
        """True only if the file's blocks really exist: a sparse file gives nothing back when it goes."""
        try:
            status = self.path.stat()
        except OSError:
            return False
        return status.st_size >= self.size_bytes and status.st_blocks * 512 >= self.size_bytes

    def ensure(self) -> bool:
        """Hold the reserve again if there is room; returns `held`.

        Twice its size must be free. With less, taking it back would fill the disk a second time.
        """
        if self.held:
            return True
        partial = self.path.with_name(f".{self.path.name}.{os.getpid()}.partial")
        try:
            if _free_bytes(self.path.parent) < 2 * self.size_bytes:
                return False
            _allocate(partial, self.size_bytes)
            partial.replace(self.path)
        except OSError as error:
            if error.errno in FULL:
                return False
            raise
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        return self.held

    def release(self) -> bool:
        """Give the room back; returns whether there was any to give."""
        held = self.held
        with suppress(FileNotFoundError):
            self.path.unlink()
        return held


def _free_bytes(folder: Path) -> int:
    system = os.statvfs(folder)
    return system.f_bavail * system.f_frsize


def nearly_full(folder: Path) -> bool:
    """Less free than SQLite needs for its shared memory and a few pages, or no inode for a new file."""
    try:
        system = os.statvfs(folder)
    except OSError:
        return False
    no_inode = system.f_files > 0 and system.f_favail == 0
    return no_inode or system.f_bavail * system.f_frsize < 256 * 1024


def _allocate(path: Path, size_bytes: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.posix_fallocate(handle, 0, size_bytes)
        if os.fstat(handle).st_blocks * 512 < size_bytes:
            # Compressing file systems keep zeros in no room at all; they cannot do that to chance.
            for start in range(0, size_bytes, 2**20):
                os.pwrite(handle, os.urandom(min(2**20, size_bytes - start)), start)
        os.fsync(handle)
    finally:
        os.close(handle)
