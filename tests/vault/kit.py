"""What these tests share: a plain source of items, trees as values, and a store with scripted faults."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from resurge.core.errors import StorageFull
from resurge.vault import KdfParameters, Repository, Snapshot
from resurge.vault.storage.store import Data, Store, Stored

CHEAP = KdfParameters(memory_kib=64, passes=1, lanes=1)
PASSWORD = "correct horse"
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo"}


@dataclass(frozen=True)
class FileItem:
    name: str
    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    link_target: str
    read_from: Path
    opened: Callable[[Path], None] = lambda _path: None

    def open(self) -> BinaryIO:
        self.opened(self.read_from)
        return self.read_from.open("rb", buffering=0)


def item(path: Path, name: str, opened: Callable[[Path], None] = lambda _path: None) -> FileItem:
    found = path.lstat()
    kind = KINDS.get(stat.S_IFMT(found.st_mode), "socket")
    target = os.readlink(path) if kind == "symlink" else ""
    return FileItem(
        name, kind, found.st_mode, found.st_uid, found.st_gid, found.st_size, found.st_mtime_ns,
        found.st_ctime_ns, found.st_ino, target, path, opened,
    )  # fmt: skip


def items(root: Path, opened: Callable[[Path], None] = lambda _path: None) -> Iterator[FileItem]:
    """Everything at and below `root`, named from `root`'s own name on."""

    def visit(path: Path, name: str) -> Iterator[FileItem]:
        yield item(path, name, opened)
        if path.is_dir() and not path.is_symlink():
            for child in sorted(os.listdir(path)):
                yield from visit(path / child, f"{name}/{child}")

    return visit(root, root.name)


def back_up(repository: Repository, root: Path, **options: object) -> Snapshot:
    return repository.backup(items(root), paths=[str(root)], **options)  # type: ignore[arg-type]


def picture(root: Path, *, times: bool = True) -> dict[str, tuple[object, ...]]:
    """Everything that a restore must bring back, comparable."""
    found: dict[str, tuple[object, ...]] = {}
    for each in items(root):
        content: object = b""
        if each.kind == "file":
            content = each.read_from.read_bytes()
        elif each.kind == "symlink":
            content = each.link_target
        key = each.name.partition("/")[2]
        found[key] = (each.kind, stat.S_IMODE(each.mode), content, each.mtime_ns if times else 0)
    return found


class FaultyStore:
    """Any store, with faults: `on_put` may raise or change what is stored; `on_get` changes what is read."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.puts: list[str] = []
        self.on_put: Callable[[int, str, bytes], bytes] = lambda _count, _name, data: data
        self.on_get: Callable[[str, bytes], bytes] = lambda _name, data: data

    @property
    def location(self) -> str:
        return self.inner.location

    def put(self, name: str, data: Data, *, replace: bool = True) -> None:
        changed = self.on_put(len(self.puts), name, bytes(data))
        self.inner.put(name, changed, replace=replace)
        self.puts.append(name)

    def get(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        return self.on_get(name, self.inner.get(name, offset, length))

    def list(self, prefix: str = "") -> Iterator[Stored]:
        return self.inner.list(prefix)

    def size(self, name: str) -> int | None:
        return self.inner.size(name)

    def delete(self, name: str) -> None:
        self.inner.delete(name)

    def clean(self) -> None:
        self.inner.clean()


def full_after(puts: int) -> Callable[[int, str, bytes], bytes]:
    def on_put(count: int, _name: str, data: bytes) -> bytes:
        if count >= puts:
            raise StorageFull("no space left", "Free some.")
        return data

    return on_put
