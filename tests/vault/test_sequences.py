"""Any sequence of changes, backups, forgettings and restores, against naive copies."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from resurge.core.errors import AccessDenied
from resurge.vault import Repository
from resurge.vault.storage.memory import MemoryStore
from tests.vault.kit import CHEAP, PASSWORD, back_up, picture

Picture = dict[str, tuple[object, ...]]
NAMES = st.sampled_from(["a", "b", "c", os.fsdecode(b"\xff"), "a/b", "a/c", "b/a/c"])
SIZES = st.sampled_from([0, 1, 3000, 262_144, 262_145, 700_000])


def _flip_and_hide(path: Path) -> None:
    """Same size, same mtime, other content."""
    if path.is_symlink() or not path.is_file() or not path.stat().st_size:
        return
    before = path.stat()
    with path.open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="resurge-sequence-"))
        self.root = self.folder / "root"
        self.root.mkdir()
        self.store = MemoryStore()
        self.repository = Repository.create_in(self.store, PASSWORD, kdf=CHEAP)
        self.kept: dict[str, Picture] = {}
        self.count = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _clear(self, path: Path) -> None:
        """Make `path` free and its parents folders."""
        for parent in [*reversed(path.relative_to(self.root).parents)][1:]:
            place = self.root / parent
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                place.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)

    @initialize()
    def begin_with_something(self) -> None:
        for name, size in (("a/b", 3000), ("b/a/c", 1), ("c", 262_145)):
            self.write(name, size, 0)
        self.back_up(False)
        self.restore_newest()

    @rule(name=NAMES, size=SIZES, seed=st.integers(0, 3))
    def write(self, name: str, size: int, seed: int) -> None:
        self._clear(self.root / name)
        (self.root / name).write_bytes((bytes([seed]) + bytes(range(251))) * (size // 252) + b"z" * (size % 252))

    @rule(name=NAMES)
    def change_one_byte_and_hide_it(self, name: str) -> None:
        _flip_and_hide(self.root / name)

    @rule(name=NAMES, target_name=NAMES)
    def link(self, name: str, target_name: str) -> None:
        self._clear(self.root / name)
        (self.root / name).symlink_to(target_name)

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        self._clear(self.root / name)

    @rule(name=NAMES, mode=st.sampled_from([0o600, 0o644, 0o755]))
    def change_mode(self, name: str, mode: int) -> None:
        path = self.root / name
        if path.is_file() and not path.is_symlink():
            path.chmod(mode)

    @rule(read_all=st.booleans())
    def back_up(self, read_all: bool) -> None:
        self.count += 1
        snapshot = back_up(self.repository, self.root, taken_at=float(self.count), read_all=read_all)
        self.kept[snapshot.id] = picture(self.root)

    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        if self.kept:
            id_ = data.draw(st.sampled_from(sorted(self.kept)))
            self.repository.forget([id_])
            del self.kept[id_]

    @rule()
    def open_again(self) -> None:
        self.repository = Repository.open_in(self.store, PASSWORD)

    @rule(flip=st.integers(0, 5))
    def damage_what_was_restored(self, flip: int) -> None:
        files = sorted(path for path in (self.folder / "out").rglob("*") if path.is_file())
        if files:
            _flip_and_hide(files[flip % len(files)])

    @rule()
    def restore_newest(self) -> None:
        if self.kept:
            self._restore(self.repository.find("latest").id, in_place=True)

    @rule(data=st.data(), in_place=st.booleans())
    def restore(self, data: st.DataObject, in_place: bool) -> None:
        if self.kept:
            self._restore(data.draw(st.sampled_from(sorted(self.kept))), in_place)

    def _restore(self, id_: str, in_place: bool) -> None:
        out = self.folder / "out"
        if not in_place and out.exists():
            shutil.rmtree(out)
        try:
            self.repository.restore(id_, out, subtree="root")
        except AccessDenied:
            # A folder of an older state that holds something is never removed for a file: then start afresh.
            assert in_place
            shutil.rmtree(out)
            self.repository.restore(id_, out, subtree="root")
        found = picture(out)
        extra = found.keys() - self.kept[id_].keys()
        assert in_place or not extra
        assert {name: each for name, each in found.items() if name not in extra} == self.kept[id_]

    @invariant()
    def whole(self) -> None:
        assert {each.id for each in self.repository.snapshots()} == self.kept.keys()
        assert self.repository.check().problems == ()


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
