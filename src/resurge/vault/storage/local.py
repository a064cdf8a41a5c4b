"""A folder as a store: write beside, fsync, rename, fsync the folder."""

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from resurge.core.durable import fsync_folder
from resurge.core.errors import AccessDenied
from resurge.vault.storage.store import Data, ObjectExists, Stored, explain

TEMPORARY_FOLDER = "tmp"
ABANDONED_SECONDS = 24 * 3600.0


class LocalStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def location(self) -> str:
        return str(self._folder)

    def _path(self, name: str) -> Path:
        parts = name.split("/")
        if not name or any(part in ("", ".", "..") for part in parts) or parts[0] == TEMPORARY_FOLDER:
            raise ValueError(f"not an object's name: {name!r}")
        return self._folder.joinpath(*parts)

    def _make(self, folder: Path) -> None:
        """Make a folder, and make that durable, up to the first one that was there."""
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        fsync_folder(folder.parent)

    def put(self, name: str, data: Data, *, replace: bool = True) -> None:
        path = self._path(name)
        temporary = self._folder / TEMPORARY_FOLDER / f"{os.getpid()}-{os.urandom(8).hex()}"
        try:
            self._make(path.parent)
            self._make(temporary.parent)
        except FileExistsError as problem:
            raise AccessDenied(
                f"cannot use {path.parent}: something that is no folder is in the way", "Choose another place for it."
            ) from problem
        except OSError as problem:
            raise explain(problem, str(path)) from problem
        try:
            try:
                self._write(temporary, data)
                if replace:
                    temporary.replace(path)
                else:
                    os.link(temporary, path)
                    temporary.unlink()
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            fsync_folder(path.parent)
        except FileExistsError:
            raise ObjectExists(f"{path} exists already") from None
        except OSError as problem:
            raise explain(problem, str(path)) from problem

    @staticmethod
    def _write(path: Path, data: Data) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)

    def get(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        path = self._path(name)
        try:
            with path.open("rb", buffering=0) as file:
                if offset:
                    file.seek(offset)
                return _read(file.fileno(), length)
        except OSError as problem:
            raise explain(problem, str(path)) from problem

    def list(self, prefix: str = "") -> Iterator[Stored]:
        root = self._path(prefix) if prefix else self._folder
        waiting = [(root, prefix)]
        while waiting:
            folder, below = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    found = [each for entry in entries if (each := _status(entry))]
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as problem:
                raise explain(problem, str(folder)) from problem
            for name, status in found:
                if not below and name == TEMPORARY_FOLDER:
                    continue
                full = f"{below}/{name}" if below else name
                if stat.S_ISDIR(status.st_mode):
                    waiting.append((folder / name, full))
                elif stat.S_ISREG(status.st_mode):
                    yield Stored(full, status.st_size)

    def size(self, name: str) -> int | None:
        path = self._path(name)
        try:
            return path.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as problem:
            raise explain(problem, str(path)) from problem

    def delete(self, name: str) -> None:
        path = self._path(name)
        try:
            path.unlink(missing_ok=True)
            fsync_folder(path.parent)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as problem:
            raise explain(problem, str(path)) from problem

    def clean(self) -> None:
        """A temporary file that nobody wrote to for a day belongs to a writer that died."""
        folder = self._folder / TEMPORARY_FOLDER
        try:
            for path in list(folder.iterdir()):
                if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    path.unlink(missing_ok=True)
        except OSError:
            return  # another process cleans too, or may not be cleaned: nothing depends on it


def _status(entry: os.DirEntry[str]) -> tuple[str, os.stat_result] | None:
    """None: it vanished between being listed and being looked at."""
    try:
        return entry.name, entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None


def _read(handle: int, length: int | None) -> bytes:
    if length is None:
        length = max(0, os.fstat(handle).st_size - os.lseek(handle, 0, os.SEEK_CUR))
    parts = []
    while length > 0:
        part = os.read(handle, length)
        if not part:
            break
        parts.append(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
