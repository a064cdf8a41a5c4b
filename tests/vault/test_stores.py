"""One contract for every store."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from resurge.core.errors import AccessDenied, RepositoryError, StorageFull
from resurge.vault.storage.local import ABANDONED_SECONDS, LocalStore
from resurge.vault.storage.locations import open_store
from resurge.vault.storage.memory import MemoryStore
from resurge.vault.storage.store import ObjectExists, ObjectMissing, Store, explain
from tests.vault.kit import FaultyStore

MAKERS: dict[str, Callable[[Path], Store]] = {
    "local": lambda folder: LocalStore(folder / "store"),
    "memory": lambda folder: MemoryStore(),
    "named memory": lambda folder: open_store(f"memory:{folder}"),
    "faulty, without faults": lambda folder: FaultyStore(LocalStore(folder / "store")),
}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MAKERS[request.param](tmp_path)


def test_what_was_put_is_got(store: Store) -> None:
    for data in (b"", b"x", bytes(range(256)) * 5000):
        store.put("packs/ab/abcd", data)
        assert store.get("packs/ab/abcd") == data
        assert store.size("packs/ab/abcd") == len(data)


def test_any_buffer_can_be_put(store: Store) -> None:
    store.put("a", bytearray(b"one"))
    store.put("b", memoryview(b"twofold")[3:])
    assert (store.get("a"), store.get("b")) == (b"one", b"fold")


def test_a_range_is_got_and_ends_with_the_object(store: Store) -> None:
    store.put("a", b"0123456789")
    assert store.get("a", 3, 4) == b"3456"
    assert store.get("a", 8, 100) == b"89"
    assert store.get("a", 7) == b"789"
    assert store.get("a", 100, 5) == b""


def test_a_missing_object_is_named_as_such(store: Store) -> None:
    with pytest.raises(ObjectMissing):
        store.get("index/none")
    assert store.size("index/none") is None
    store.delete("index/none")


def test_listing_stays_below_its_prefix(store: Store) -> None:
    for name in ("config", "packs/aa/1", "packs/bb/2", "packsother/3"):
        store.put(name, b"12")
    assert {(each.name, each.size_bytes) for each in store.list("packs")} == {
        ("packs/aa/1", 2),
        ("packs/bb/2", 2),
    }
    assert {each.name for each in store.list()} == {"config", "packs/aa/1", "packs/bb/2", "packsother/3"}
    assert list(store.list("nothing")) == []


def test_put_replaces_only_where_it_may(store: Store) -> None:
    store.put("config", b"first")
    with pytest.raises(ObjectExists):
        store.put("config", b"second", replace=False)
    assert store.get("config") == b"first"
    store.put("config", b"third")
    assert store.get("config") == b"third"


def test_of_many_that_put_without_replacing_one_wins(store: Store) -> None:
    outcomes: list[bool] = []
    barrier = threading.Barrier(8)

    def attempt(number: int) -> None:
        barrier.wait()
        try:
            store.put("config", str(number).encode(), replace=False)
            outcomes.append(True)
        except ObjectExists:
            outcomes.append(False)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 7 + [True]


def test_deleted_is_gone(store: Store) -> None:
    store.put("snapshots/a", b"1")
    store.delete("snapshots/a")
    assert list(store.list()) == []


def test_a_failed_put_leaves_nothing(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    store.put("packs/aa/1", b"whole")
    blocked = tmp_path / "store" / "packs" / "aa" / "2"
    blocked.mkdir()
    (blocked / "inside").touch()
    with pytest.raises(RepositoryError):
        store.put("packs/aa/2", b"cannot replace a folder")
    assert os.listdir(tmp_path / "store" / "tmp") == []


def test_only_abandoned_temporary_files_are_cleaned(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("config", b"x")
    old, young = tmp_path / "tmp" / "old", tmp_path / "tmp" / "young"
    old.touch()
    young.touch()
    past = young.stat().st_mtime - ABANDONED_SECONDS - 60
    os.utime(old, (past, past))
    store.clean()
    assert (old.exists(), young.exists()) == (False, True)
    assert {each.name for each in store.list()} == {"config"}


@pytest.mark.parametrize("name", ["", "../x", "a//b", "/etc/passwd", "a/./b", "tmp/x"])
def test_a_local_store_refuses_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not an object's name"):
        LocalStore(tmp_path).put(name, b"")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EACCES, AccessDenied),
        (errno.EPERM, AccessDenied),
        (errno.EROFS, AccessDenied),
        (errno.ENOENT, ObjectMissing),
        (errno.EIO, RepositoryError),
    ],
)
def test_what_the_system_says_becomes_what_a_person_can_use(number: int, expected: type) -> None:
    problem = explain(OSError(number, os.strerror(number)), "/a/place")
    assert type(problem) is expected
    assert "/a/place" in str(problem)


def test_a_full_device_is_said_as_full() -> None:
    """The kernel's own error, from a device that is always full."""
    with pytest.raises(OSError) as caught, open("/dev/full", "wb", buffering=0) as file:
        file.write(b"x")
    assert isinstance(explain(caught.value, "/dev/full"), StorageFull)


def test_a_location_names_one_store(tmp_path: Path) -> None:
    for location in (f"memory:{tmp_path}", str(tmp_path / "s"), f"file://{tmp_path}/s"):
        open_store(location).put("config", location.encode())
        assert open_store(location).get("config") == location.encode()
    assert open_store(str(tmp_path / "s")).get("config") == f"file://{tmp_path}/s".encode()


def test_an_unknown_kind_of_place_is_refused() -> None:
    with pytest.raises(RepositoryError, match="no place"):
        open_store("s3://bucket")
