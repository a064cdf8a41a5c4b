"""Put a restored file or folder where it belongs, so that a crash at any moment can be run again."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from resurge.core.durable import fsync_folder
from resurge.core.errors import SourceMissing


def put_in_place(restored: Path, target: Path, *, keep: Callable[[str], bool] | None = None) -> None:
    """Exchange `target` for `restored`, then remove what was there; what `keep` names in it moves over.

    The old is renamed aside (`.NAME.replaced`) before the new is renamed in. Found again after a crash: aside
    and no target → the new still has to come; aside and target → the old still has to go.
    Raises SourceMissing if neither the restored nor the target is there.
    """
    aside = target.with_name(f".{target.name}.replaced")
    if not os.path.lexists(restored):
        if not os.path.lexists(target):
            raise SourceMissing(f"{restored} is not there", "Restore it again, then put it back.")
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        arrived = _on_same_file_system(restored, target)
        old = aside if os.path.lexists(aside) and not os.path.lexists(target) else target
        if keep is not None and old.is_dir() and arrived.is_dir():
            _move_kept(old, arrived, keep)
        if os.path.lexists(target):
            _remove(aside)
            target.rename(aside)
        arrived.rename(target)
        fsync_folder(target.parent)
    _remove(aside)
    if os.path.lexists(restored):  # it was copied over from another file system
        _remove(restored)


def _on_same_file_system(restored: Path, target: Path) -> Path:
    if restored.lstat().st_dev == target.parent.stat().st_dev:
        return restored
    near = target.with_name(f".{target.name}.{os.getpid()}.partial")
    _remove(near)
    if restored.is_dir() and not restored.is_symlink():
        shutil.copytree(restored, near, symlinks=True)
    else:
        shutil.copy2(restored, near, follow_symlinks=False)
    return near


def _move_kept(old: Path, new: Path, keep: Callable[[str], bool]) -> None:
    for folder, folders, files in os.walk(old):
        for name in [*folders, *files]:
            path = Path(folder, name)
            relative = path.relative_to(old)
            if not keep(str(relative)):
                continue
            destination = new / relative
            if not os.path.lexists(destination):
                destination.parent.mkdir(parents=True, exist_ok=True)
                path.rename(destination)
            if name in folders:
                folders.remove(name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
