"""{delete, truncate, empty, flip, swap} × each kind of object: found, named, and the rest restores."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from resurge.core.errors import RepositoryDamaged, ResurgeError, SnapshotNotFound
from resurge.vault import Repository, mirror
from tests.vault.kit import CHEAP, PASSWORD, back_up, items, picture

Damage = Callable[[Path], None]


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def _swap(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


DAMAGES: dict[str, Damage] = {
    "delete": Path.unlink,
    "truncate": lambda path: os.truncate(path, path.stat().st_size - 7),
    "empty": lambda path: os.truncate(path, 0),
    "flip": _flip,
    "swap": _swap,
}


class Place:
    """Two snapshots of two folders, each in a pack and an index of its own, and a mirror of all."""

    def __init__(self, folder: Path) -> None:
        self.roots = {}
        self.folder = folder
        self.repository = Repository.create(str(folder / "r"), PASSWORD, kdf=CHEAP)
        self.names: dict[str, dict[str, str]] = {}
        self.ids = {}
        seen: set[str] = set()
        for which in ("kept", "hurt"):
            root = folder / which
            (root / "sub").mkdir(parents=True)
            (root / "sub" / "data").write_bytes(os.urandom(300_000))
            (root / "note").write_text(which)
            self.roots[which] = root
            self.ids[which] = back_up(self.repository, root, component=which).id
            now = {str(p.relative_to(folder / "r")) for p in (folder / "r").rglob("*") if p.is_file()}
            self.names[which] = {name.partition("/")[0]: name for name in now - seen}
            seen = now
        mirror(str(folder / "r"), str(folder / "copy"))

    def path(self, kind: str) -> Path:
        which = "kept" if kind in ("config", "keys") else "hurt"
        return self.folder / "r" / self.names[which][kind]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", ["config", "keys"])
def test_without_config_or_key_opening_says_so(place: Place, kind: str, damage: str) -> None:
    DAMAGES[damage](place.path(kind))
    with pytest.raises(RepositoryDamaged) as caught:
        Repository.open(place.repository.location, PASSWORD)
    assert caught.value.advice
    open_before = place.repository.check()
    assert any(kind in problem for problem in open_before.problems)
    report = mirror(str(place.folder / "copy"), place.repository.location)
    assert report.objects_copied >= 1
    assert Repository.open(place.repository.location, PASSWORD).check(read_data=True).problems in (
        (),
        tuple(p for p in open_before.problems if kind == "keys"),
    )


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", ["index", "packs", "snapshots"])
def test_damage_is_named_and_the_rest_restores(place: Place, kind: str, damage: str) -> None:
    victim = place.path(kind)
    DAMAGES[damage](victim)
    repository = Repository.open(place.repository.location, PASSWORD)
    problems = repository.check(read_data=True).problems
    if (kind, damage) == ("snapshots", "delete"):
        assert problems == (), "a deleted snapshot looks like a forgotten one: format.md says so"
    elif (kind, damage) == ("index", "delete"):
        assert any(place.names["hurt"]["packs"] in problem for problem in problems)
    else:
        assert any(victim.name in problem for problem in problems)
    if kind == "packs":
        (problem,) = problems
        assert f"snapshot {place.ids['hurt'][:8]}" in problem
        assert f"snapshot {place.ids['kept'][:8]}" not in problem
    kept = repository.find("latest", component="kept")
    repository.restore(kept, place.folder / "out", subtree="kept")
    assert picture(place.folder / "out") == picture(place.roots["kept"])
    _try_the_hurt_one(place, repository, kind)
    _heal(place, repository)


def _try_the_hurt_one(place: Place, repository: Repository, kind: str) -> None:
    out = place.folder / "hurt-out"
    if kind == "snapshots":
        with pytest.raises(SnapshotNotFound):
            repository.find(place.ids["hurt"])
    elif kind == "index":
        repository.restore(place.ids["hurt"], out, subtree="hurt")  # the pack's footer says it too
        assert picture(out) == picture(place.roots["hurt"])
    else:
        with pytest.raises(RepositoryDamaged):
            repository.restore(place.ids["hurt"], out, subtree="hurt")


def _heal(place: Place, repository: Repository) -> None:
    """A backup of the same files stores again what was lost; a mirror brings back what it can."""
    mirror(str(place.folder / "copy"), repository.location)
    healed = Repository.open(repository.location, PASSWORD)
    assert healed.check(read_data=True).problems == ()
    out = place.folder / "healed"
    healed.restore(place.ids["hurt"], out, subtree="hurt")
    assert picture(out) == picture(place.roots["hurt"])


def test_a_lost_pack_is_stored_again_by_the_next_backup(place: Place) -> None:
    place.path("packs").unlink()
    fresh = Repository.open(place.repository.location, PASSWORD)
    again = back_up(fresh, place.roots["hurt"], component="hurt")
    assert again.read_bytes == again.total_bytes
    out = place.folder / "out"
    fresh.restore(again, out, subtree="hurt")
    assert picture(out) == picture(place.roots["hurt"])


def test_an_open_repository_notices_that_it_was_lost_and_rebuilt(place: Place) -> None:
    repository = place.repository
    shutil.rmtree(repository.location)
    assert repository.snapshots() == []
    mirror(str(place.folder / "copy"), repository.location)
    assert {each.id for each in repository.snapshots()} == set(place.ids.values())
    repository.restore(place.ids["hurt"], place.folder / "out", subtree="hurt")
    assert picture(place.folder / "out") == picture(place.roots["hurt"])


def test_one_bad_chunk_costs_one_file(place: Place) -> None:
    """A flipped bit in the middle of a pack hits the large file; the note beside it comes back."""
    _flip(place.path("packs"))
    repository = Repository.open(place.repository.location, PASSWORD)
    (problem,) = repository.check(read_data=True).problems
    assert problem.endswith("hurt/sub/data")
    with pytest.raises(RepositoryDamaged, match=r"1 file.*hurt/sub/data"):
        repository.restore(place.ids["hurt"], place.folder / "out")
    names = [each.name for each in items(place.folder / "out")]
    assert names == ["out", "out/hurt", "out/hurt/note", "out/hurt/sub"]


def test_objects_of_another_repository_are_refused(place: Place, tmp_path: Path) -> None:
    other = Repository.create(str(tmp_path / "other"), PASSWORD, kdf=CHEAP)
    back_up(other, place.roots["kept"])
    foreign = list((tmp_path / "other" / "snapshots").iterdir())
    shutil.copy(foreign[0], Path(place.repository.location) / "snapshots")
    repository = Repository.open(place.repository.location, PASSWORD)
    assert len(repository.snapshots()) == 2
    assert any(foreign[0].name in problem for problem in repository.check().problems)
    shutil.copy(tmp_path / "other" / "config", Path(place.repository.location) / "config")
    with pytest.raises(ResurgeError):
        Repository.open(place.repository.location, PASSWORD)


def test_a_repository_without_config_is_not_made_anew_over_its_packs(place: Place) -> None:
    place.path("config").unlink()
    with pytest.raises(ResurgeError, match="whose config is missing"):
        Repository.create(place.repository.location, "new password", kdf=CHEAP)
