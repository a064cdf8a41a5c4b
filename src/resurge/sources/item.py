"""What every source yields and promises. A source knows no vault: it hands over items, and their bytes."""

import os
import stat
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

OnUnreadable = Callable[[str, OSError], None]

_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character-device",
    stat.S_IFBLK: "block-device",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to keep. `name` is its absolute path without the leading `/`, as `os.fsdecode` gives it."""

    name: str
    kind: str
    mode: int  # permission bits only
    uid: int
    gid: int
    size: int  # bytes of a file's content; 0 for everything else
    mtime_ns: int
    ctime_ns: int
    inode: int
    link_target: str  # "" unless it is a symlink
    read_from: Path  # where the bytes are: the copy of a database lies elsewhere than its name says

    def open(self) -> BinaryIO:
        """The bytes of a file, never through a symlink that took its place meanwhile. Raises OSError."""
        handle = os.open(self.read_from, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        return os.fdopen(handle, "rb")


class Source(Protocol):
    """One declared thing to copy."""

    def items(self, on_unreadable: OnUnreadable) -> AbstractContextManager[Iterable[Item]]:
        """In order of name, which puts a folder before its content. Raises SourceMissing without a root.

        What cannot be read is told to `on_unreadable` with its absolute path; the rest still comes.
        """
        ...

    def put_back(self, restored: Path) -> None:
        """Move what was restored at `restored` into place. Doing it again changes nothing more."""
        ...

    def paths(self) -> tuple[str, ...]:
        """Absolute paths of the roots."""
        ...


def item_at(name: str, path: Path | str) -> Item:
    """The item that lies at `path` now, a symlink as itself. Raises OSError."""
    found = os.lstat(path)
    kind = _KINDS[stat.S_IFMT(found.st_mode)]
    return Item(
        name=name,
        kind=kind,
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        size=found.st_size if kind == "file" else 0,
        mtime_ns=found.st_mtime_ns,
        ctime_ns=found.st_ctime_ns,
        inode=found.st_ino,
        link_target=os.readlink(path) if kind == "symlink" else "",  # noqa: PTH115  (Path would tidy it)
        read_from=Path(path),
    )
