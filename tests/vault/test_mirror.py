"""A copy without a password: safe order, nothing bad is copied, nothing good is replaced by it."""

import os
from pathlib import Path

import pytest

from resurge.core.errors import RepositoryDamaged, RepositoryExists, RepositoryNotFound
from resurge.vault import Repository, mirror
from resurge.vault.repository.opening import read_config
from resurge.vault.storage.local import LocalStore
from resurge.vault.storage.memory import MemoryStore
from resurge.vault.verbs.mirror import mirror_stores
from tests.vault.kit import CHEAP, PASSWORD, FaultyStore, back_up, full_after, picture


def test_a_mirror_opens_restores_and_follows(repository: Repository, source: Path, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy")
    back_up(repository, source)
    first = mirror(repository.location, copy)
    assert first.copied_bytes == repository.stats().stored_bytes
    assert mirror(repository.location, copy).objects_copied == 0
    (source / "more").write_bytes(os.urandom(1000))
    newest = back_up(repository, source)
    assert mirror(repository.location, copy, read_destination=False).objects_copied == 3
    mirrored = Repository.open(copy, PASSWORD)
    mirrored.restore(newest, tmp_path / "out", subtree="source")
    assert picture(tmp_path / "out") == picture(source)


def test_objects_arrive_in_an_order_that_is_whole_at_every_moment(repository: Repository, source: Path) -> None:
    back_up(repository, source)
    back_up(repository, source, component="again")
    origin = LocalStore(Path(repository.location))
    complete = FaultyStore(MemoryStore())
    mirror_stores(origin, complete)
    ranks = ["config", "keys", "packs", "index", "snapshots"]
    order = [ranks.index(name.partition("/")[0]) for name in complete.puts]
    assert order == sorted(order)
    for stop in range(2, len(complete.puts)):
        partial = FaultyStore(MemoryStore())
        partial.on_put = full_after(stop)
        with pytest.raises(Exception, match="no space"):
            mirror_stores(origin, partial)
        half = Repository.open_in(partial, PASSWORD)
        assert half.check(read_data=True).problems == ()
        partial.on_put = full_after(10**9)
        mirror_stores(origin, partial)
        assert len(half.snapshots()) == 2


def test_a_bad_object_is_never_copied_nor_replaces_a_good_one(
    repository: Repository, source: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    back_up(repository, source)
    (pack,) = (Path(repository.location) / "packs").rglob("?" * 64)
    name = str(pack.relative_to(repository.location))
    whole = pack.read_bytes()
    pack.write_bytes(whole[:1000] + b"rot" + whole[1003:])
    assert mirror(repository.location, str(copy)).bad_objects == (name,)
    assert not (copy / name).exists()
    pack.write_bytes(whole)
    assert mirror(repository.location, str(copy)).bad_objects == ()
    pack.write_bytes(whole[:-5])
    for read in (True, False):
        mirror(repository.location, str(copy), read_destination=read)
        assert (copy / name).read_bytes() == whole
    assert mirror(str(copy), repository.location).objects_copied == 1
    assert pack.read_bytes() == whole


def test_another_repository_is_not_overwritten(repository: Repository, tmp_path: Path) -> None:
    other = Repository.create(str(tmp_path / "other"), PASSWORD, kdf=CHEAP)
    with pytest.raises(RepositoryExists):
        mirror(repository.location, other.location)
    assert read_config(LocalStore(tmp_path / "other"))[0].repository_id.hex() == other.id


def test_a_source_that_is_none_is_said(tmp_path: Path, repository: Repository) -> None:
    with pytest.raises(RepositoryNotFound):
        mirror(str(tmp_path / "none"), str(tmp_path / "copy"))
    (Path(repository.location) / "config").write_bytes(b"rubbish")
    with pytest.raises(RepositoryDamaged):
        mirror(repository.location, str(tmp_path / "copy"))
    assert not (tmp_path / "copy").exists()
