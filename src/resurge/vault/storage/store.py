"""What a store of objects promises, whatever it is made of.

Names are relative paths of lower-case letters, digits and `/`. Objects are never changed in place.
"""

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from resurge.core.errors import AccessDenied, RepositoryError, ResurgeError, StorageFull

Data = bytes | bytearray | memoryview


class ObjectMissing(RepositoryError):
    """The store has no object of that name."""


class ObjectExists(RepositoryError):
    """An object of that name was there, and it was not to be replaced."""


@dataclass(frozen=True, slots=True)
class Stored:
    name: str
    size_bytes: int


class Store(Protocol):
    """Errors: ObjectMissing, StorageFull, AccessDenied; RepositoryError for anything else that I/O may do."""

    @property
    def location(self) -> str: ...

    def put(self, name: str, data: Data, *, replace: bool = True) -> None:
        """Whole or not at all, and durable on return. With `replace=False`, ObjectExists if it is there."""
        ...

    def get(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """`length` bytes from `offset`, or up to the end. A range past the end is cut short."""
        ...

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """Every object below the folder `prefix` (`""` for all), in no promised order."""
        ...

    def size(self, name: str) -> int | None:
        """None: there is no such object."""
        ...

    def delete(self, name: str) -> None:
        """Deleting what is not there is no error."""
        ...

    def clean(self) -> None:
        """Remove what writers that died left behind and nobody will miss."""
        ...


def explain(problem: OSError, where: str) -> ResurgeError:
    """The error of our tree that an OSError means."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            f"no space left at {where}",
            "Free some space there, or choose a repository on another disk; then run again.",
        )
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        reason = "it is mounted read-only" if problem.errno == errno.EROFS else "permission denied"
        return AccessDenied(f"cannot use {where}: {reason}", "Give this user the right to read and write there.")
    if problem.errno in (errno.ENOENT, errno.ENOTDIR):
        return ObjectMissing(f"{where} is not there")
    return RepositoryError(f"cannot use {where}: {problem.strerror or problem}", "Check the disk and its connection.")
