"""A file or a folder, as it lies on disk.

Symlinks are kept as symlinks, with one exception: a *root* that is a symlink is followed, because who
declares `/data/current` wants the data and not a link of twenty bytes. Hidden files of other programs' atomic
writers are kept unless excluded (nobody can tell them from data); Resurge's own `.NAME.PID.partial` never is.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from heapq import heappop, heappush
from pathlib import Path

from resurge.core.errors import SourceMissing
from resurge.sources.item import Item, OnUnreadable, item_at
from resurge.sources.placing import put_in_place

OWN_TEMPORARY = re.compile(r"\..+\.\d+\.partial")


def is_excluded(relative: str, patterns: tuple[str, ...]) -> bool:
    """`relative` is a path below the root. A folder that matches is left out with all that it holds."""
    return any(fnmatchcase(relative, pattern.rstrip("/")) for pattern in patterns)


class FilesSource:
    def __init__(self, path: Path, exclude: tuple[str, ...] = ()) -> None:
        self.path = path
        self.exclude = exclude

    def paths(self) -> tuple[str, ...]:
        return (str(self.path),)

    @contextmanager
    def items(self, on_unreadable: OnUnreadable) -> Iterator[Iterator[Item]]:
        try:
            root = item_at(str(self.path).lstrip("/"), self.path.resolve(strict=True))
        except (FileNotFoundError, NotADirectoryError, RuntimeError) as error:
            raise SourceMissing(
                f"{self.path} is not there", "Check the path in resurge.yaml, or restore it."
            ) from error
        yield self._walk(root, on_unreadable)

    def _walk(self, root: Item, on_unreadable: OnUnreadable) -> Iterator[Item]:
        """A heap of names yet to come keeps the order and holds no more than the open front of the tree."""
        yield root
        if root.kind != "folder":
            return
        front: list[tuple[str, str]] = []  # name, real path
        self._open_folder(root, front, root.name, on_unreadable)
        while front:
            name, path = heappop(front)
            try:
                item = item_at(name, path)
            except FileNotFoundError:
                continue  # it vanished while we walked: it is not part of this state
            except OSError as error:
                on_unreadable("/" + name, error)
                continue
            yield item
            if item.kind == "folder":
                self._open_folder(item, front, root.name, on_unreadable)

    def _open_folder(
        self, folder: Item, front: list[tuple[str, str]], root_name: str, on_unreadable: OnUnreadable
    ) -> None:
        below = folder.name[len(root_name) + 1 :]
        try:
            with os.scandir(folder.read_from) as entries:
                for entry in entries:
                    relative = f"{below}/{entry.name}" if below else entry.name
                    if OWN_TEMPORARY.fullmatch(entry.name) or is_excluded(relative, self.exclude):
                        continue
                    heappush(front, (f"{folder.name}/{entry.name}", entry.path))
        except FileNotFoundError:
            return
        except OSError as error:
            on_unreadable("/" + folder.name, error)

    def put_back(self, restored: Path) -> None:
        """What the source excludes was never backed up, so what of it is still there stays there."""
        target = self.path.resolve() if self.path.is_symlink() else self.path
        put_in_place(restored, target, keep=lambda relative: is_excluded(relative, self.exclude))
