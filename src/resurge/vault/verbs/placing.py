"""Putting files below a target folder without ever leaving it.

Every step goes through handles of folders that were opened without following links, so that neither a name in
a snapshot nor a link planted in the target, before or during a restore, leads outside.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from blake3 import blake3

from resurge.core.errors import AccessDenied, ResurgeError

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
BLOCK_BYTES = 1024 * 1024


class UnsafePath(ResurgeError):
    """A name or a link would lead out of the target."""


def name_parts(name: bytes) -> tuple[bytes, ...]:
    """Refuses what could climb out. An empty name is the target itself."""
    parts = tuple(name.split(b"/")) if name else ()
    if any(part in (b"", b".", b"..") or b"\0" in part for part in parts):
        raise UnsafePath(f"the name {os.fsdecode(name)!r} could lead out of the target: it is refused")
    return parts


class Target:
    """The folder that is restored into. Made if it is not there."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise AccessDenied(
                f"cannot restore into {folder}: {problem.strerror}",
                "Choose another target, or make room for it.",
            ) from problem
        self._folder = os.fsencode(folder.resolve())

    @contextmanager
    def folder(self, parts: tuple[bytes, ...], own: frozenset[tuple[bytes, ...]]) -> Iterator[int]:
        """A handle of the folder `parts`, made where missing.

        What stands in the way of a folder in `own` (those restored) gives way, unless it holds something.
        A link on the way to them is followed only if it stays in the target.
        """
        handle = os.open(self._folder, FOLDER & ~os.O_NOFOLLOW)
        try:
            done: tuple[bytes, ...] = ()
            for part in parts:
                done += (part,)
                below = self._enter(handle, part, done, done in own)
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)

    def _enter(self, handle: int, part: bytes, done: tuple[bytes, ...], own: bool) -> int:
        with suppress(FileExistsError):
            os.mkdir(part, 0o700, dir_fd=handle)
        try:
            return os.open(part, FOLDER, dir_fd=handle)
        except OSError as problem:
            if problem.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
        if own:
            os.unlink(part, dir_fd=handle)
            os.mkdir(part, 0o700, dir_fd=handle)
            return os.open(part, FOLDER, dir_fd=handle)
        return self._enter_resolved(done)

    def _enter_resolved(self, done: tuple[bytes, ...]) -> int:
        shown = os.fsdecode(b"/".join(done))
        real = os.path.realpath(os.path.join(self._folder, *done))  # noqa: PTH118 (bytes)
        base = self._folder.rstrip(b"/") + b"/"
        if not real.startswith(base):
            raise UnsafePath(f"{shown!r} in the target is a link that leads out of it: nothing is written there")
        handle = os.open(self._folder, FOLDER & ~os.O_NOFOLLOW)
        for part in real.removeprefix(base).split(b"/"):
            try:
                below = os.open(part, FOLDER, dir_fd=handle)
            finally:
                os.close(handle)
            handle = below
        return handle


def look(folder: int, name: bytes) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def digest_of(folder: int, name: bytes) -> bytes:
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    digest = blake3()
    with os.fdopen(handle, "rb", buffering=0) as file:
        block = bytearray(BLOCK_BYTES)
        while count := file.readinto(block):
            digest.update(memoryview(block)[:count])
    return digest.digest()


def clear(folder: int, name: bytes) -> None:
    """Make room for something of another kind. A folder that holds something is never removed."""
    found = look(folder, name)
    if found is None:
        return
    if stat.S_ISDIR(found.st_mode):
        os.rmdir(name, dir_fd=folder)
    else:
        os.unlink(name, dir_fd=folder)


def _claim(folder: int, temporary: bytes, name: bytes) -> int | None:
    """A locked handle of the temporary file. None: something else was there and is gone now, try again."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(temporary, flags | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
    except FileExistsError:
        found = look(folder, temporary)
        if found is None:
            return None
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            clear(folder, temporary)  # planted: a link, a pipe, or a second name of another file
            return None
        handle = os.open(temporary, flags | os.O_NONBLOCK, dir_fd=folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise AccessDenied(
            f"another restore is writing {os.fsdecode(name)!r} now", "Wait for it to end, then run again."
        ) from None
    mine, there = os.fstat(handle), look(folder, temporary)
    if there is None or (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino):
        os.close(handle)  # another restore finished with it between our opening and our locking it
        return None
    return handle


@contextmanager
def neighbour(folder: int, name: bytes) -> Iterator[tuple[int, bytes]]:
    """A temporary file beside `name`, for this process alone; what a killed one left is taken over.

    Its name is always the same, so that nothing piles up; a lock tells a live restore from remains.
    """
    temporary = b".resurge-" + blake3(name).hexdigest()[:16].encode() + b".partial"
    while (handle := _claim(folder, temporary, name)) is None:
        pass
    try:
        os.ftruncate(handle, 0)
        yield handle, temporary
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise
    finally:
        os.close(handle)
