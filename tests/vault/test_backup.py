"""Backing up: what is read, what is stored, and what a snapshot says of it."""

import math
import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3

import resurge
from resurge.core.errors import (
    AccessDenied,
    RepositoryExists,
    RepositoryNotFound,
    SnapshotNotFound,
    StorageFull,
    WrongPassword,
)
from resurge.vault import ProgressUpdate, Repository
from resurge.vault.storage.local import LocalStore
from tests.vault.kit import CHEAP, PASSWORD, FaultyStore, back_up, full_after, item, items


def age(root: Path) -> None:
    """Wait until no file is so fresh that its ctime would be distrusted."""
    newest = max(each.ctime_ns for each in items(root))
    while time.time_ns() - newest < 60_000_000:
        time.sleep(0.005)


def test_the_library_is_exported_at_the_top() -> None:
    assert resurge.Repository is Repository


def test_a_snapshot_says_what_was_kept(repository: Repository, source: Path) -> None:
    snapshot = back_up(repository, source, component="model", tags=["a", "b"], taken_at=1000.5)
    files = [each for each in items(source) if each.kind == "file"]
    assert (snapshot.files, snapshot.folders) == (len(files), 4)
    assert snapshot.total_bytes == snapshot.read_bytes == sum(each.size for each in files)
    assert (snapshot.new_files, snapshot.changed_files) == (len(files), 0)
    assert (snapshot.component, snapshot.tags, snapshot.taken_at) == ("model", ("a", "b"), 1000.5)
    assert snapshot.paths == (str(source),)
    assert snapshot.parent is None
    assert 0 < snapshot.stored_bytes < snapshot.added_bytes
    assert repository.snapshots() == [snapshot]


def test_nodes_carry_digest_and_entropy(repository: Repository, source: Path) -> None:
    snapshot = back_up(repository, source)
    nodes = {node.name: node for node in repository.nodes(snapshot)}
    assert list(nodes) == [each.name for each in items(source)]
    for each in items(source):
        node = nodes[each.name]
        assert (node.kind, node.mode, node.mtime_ns) == (each.kind, each.mode, each.mtime_ns)
        assert node.link_target == each.link_target
        if each.kind == "file":
            assert node.digest == blake3(each.read_from.read_bytes()).hexdigest()
        else:
            assert node.digest == ""
    assert nodes["source/bytes-0"].entropy == 0.0
    assert nodes["source/bytes-1"].entropy == 0.0
    assert nodes["source/bytes-5242880"].entropy > 7.9
    counts = Counter("the same line\n" * 5000)  # the sample holds whole lines but for its end
    total = sum(counts.values())
    expected = -sum(n / total * math.log2(n / total) for n in counts.values())
    assert nodes["source/text"].entropy == pytest.approx(expected, abs=0.01)


def test_unchanged_files_are_not_opened_again(repository: Repository, source: Path) -> None:
    age(source)
    first = back_up(repository, source)
    (source / "bytes-1").write_bytes(b"y")
    opened: list[Path] = []
    second = repository.backup(items(source, opened.append), paths=[str(source)])
    assert opened == [source / "bytes-1"]
    assert (second.parent, second.new_files, second.changed_files) == (first.id, 0, 1)
    assert (second.read_bytes, second.total_bytes) == (1, first.total_bytes)
    assert second.added_bytes < 10_000
    third = repository.backup(items(source, opened.append), paths=[str(source)], read_all=True)
    assert third.read_bytes == third.total_bytes
    assert (third.new_files, third.changed_files) == (0, 0)


def test_a_change_that_leaves_size_and_mtime_alone_is_seen(repository: Repository, source: Path) -> None:
    age(source)
    back_up(repository, source)
    victim = source / "bytes-4096"
    times = victim.stat()
    victim.write_bytes(os.urandom(4096))
    os.utime(victim, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert back_up(repository, source).changed_files == 1


def test_a_file_too_fresh_to_be_trusted_is_read_again(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "fresh"
    path.write_bytes(b"abc")
    ahead = replace(item(path, "fresh"), ctime_ns=time.time_ns() + 10**10)
    repository.backup([ahead], paths=["p"])
    opened: list[Path] = []
    repository.backup([replace(ahead, opened=opened.append)], paths=["p"])
    assert opened == [path]


def test_a_parent_has_the_same_paths_and_component(repository: Repository, source: Path) -> None:
    age(source)
    first = back_up(repository, source, component="a")
    other = back_up(repository, source, component="b")
    assert other.parent is None
    assert other.added_bytes == 0, "all of it was found again"
    assert back_up(repository, source, component="a").parent == first.id


def test_the_same_content_is_stored_once(repository: Repository, tmp_path: Path) -> None:
    root = tmp_path / "twins"
    root.mkdir()
    data = os.urandom(3_000_000)
    (root / "one").write_bytes(data)
    (root / "two").write_bytes(data)
    (root / "moved").write_bytes(b"in front" + data)
    snapshot = back_up(repository, root)
    # The chunks at the shifted front differ; the rest is found again.
    assert snapshot.added_bytes < len(data) + 3 * 1024 * 1024
    repository_bytes = repository.stats().stored_bytes
    assert repository_bytes < 2.5 * len(data)


def test_an_unreadable_file_is_named_and_the_rest_kept(repository: Repository, source: Path) -> None:
    def opened(path: Path) -> None:
        if path.name == "text":
            raise PermissionError(13, "Permission denied")

    snapshot = repository.backup(
        items(source, opened),
        paths=[str(source)],
        unreadable=lambda: [("source/hidden", "Input/output error")],
    )
    assert snapshot.unreadable == (
        ("source/hidden", "Input/output error"),
        ("source/text", "Permission denied"),
    )
    names = {node.name for node in repository.nodes(snapshot)}
    assert "source/text" not in names
    assert "source/bytes-1" in names
    assert repository.check(read_data=True).problems == ()


def test_a_file_that_grows_while_it_is_read_is_kept_as_read(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"short")
    stale = item(path, "growing")
    path.write_bytes(os.urandom(400_000))
    snapshot = repository.backup([stale], paths=["p"])
    (node,) = repository.nodes(snapshot)
    assert node.size == 400_000
    assert b"".join(repository.read(snapshot, "growing")) == path.read_bytes()


def test_progress_tells_of_every_file(repository: Repository, source: Path) -> None:
    told: list[ProgressUpdate] = []
    snapshot = back_up(repository, source, progress=told.append)
    assert told[-1].done_bytes == snapshot.total_bytes
    assert [each.done_files for each in told] == list(range(1, snapshot.files + 1))


def test_references_find_snapshots(repository: Repository, source: Path) -> None:
    with pytest.raises(SnapshotNotFound, match="no snapshot yet"):
        repository.find("latest")
    newer = back_up(repository, source, component="a", taken_at=200.0)
    older = back_up(repository, source, component="b", taken_at=100.0)
    assert repository.snapshots() == [older, newer]
    assert repository.find("latest") == newer
    assert repository.find("latest", component="b") == older
    assert repository.find(older.id[:12]) == older
    for reference in ("", "zz", older.id + "0"):
        with pytest.raises(SnapshotNotFound):
            repository.find(reference)


def test_forgetting_is_all_or_nothing(repository: Repository, source: Path) -> None:
    kept = back_up(repository, source, taken_at=1.0)
    gone = back_up(repository, source, taken_at=2.0)
    for wrong in ("", "latest", "0" * 64):
        with pytest.raises(SnapshotNotFound):
            repository.forget([gone.id, wrong])
    assert repository.snapshots() == [kept, gone]
    repository.forget([gone.id])
    assert repository.snapshots() == [kept]
    assert repository.check(read_data=True).problems == ()


def test_many_files_stay_linear_in_packs(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_bytes(b"content")
    one = item(path, "x")
    many = [replace(one, name=f"many/{number:06}", inode=number) for number in range(12_000)]
    first = repository.backup(many, paths=["p"])
    many[6000] = replace(many[6000], mode=0o600)
    second = repository.backup(many, paths=["p"])
    assert repository.stats().packs == 2
    assert second.added_bytes < first.added_bytes / 4, "one changed node stores one segment and the root"
    assert sum(1 for _ in repository.nodes(second)) == 12_000


def test_a_full_store_is_said_and_what_was_sent_is_used_again(source: Path, tmp_path: Path) -> None:
    store = FaultyStore(LocalStore(tmp_path / "r"))
    repository = Repository.create_in(store, PASSWORD, kdf=CHEAP, pack_target_bytes=1024 * 1024)
    good = back_up(repository, source)
    (source / "new").write_bytes(os.urandom(6 * 1024 * 1024))
    store.on_put = full_after(len(store.puts) + 3)
    with pytest.raises(StorageFull):
        back_up(repository, source)
    assert repository.snapshots() == [good]
    assert repository.check(read_data=True).problems == ()
    store.on_put = full_after(10**9)
    again = back_up(Repository.open_in(store, PASSWORD), source)
    assert again.added_bytes < 5 * 1024 * 1024
    assert repository.check(read_data=True).problems == ()


def test_what_is_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(RepositoryNotFound, match="no repository at") as caught:
        Repository.open(str(tmp_path / "none"), PASSWORD)
    assert "resurge repo init" in caught.value.advice
    (tmp_path / "photo").write_bytes(b"x")
    with pytest.raises(RepositoryNotFound, match="is a folder, but no repository"):
        Repository.open(str(tmp_path), PASSWORD)
    with pytest.raises(RepositoryNotFound):
        Repository.open(str(tmp_path / "photo"), PASSWORD)
    with pytest.raises(RepositoryExists, match="not empty"):
        Repository.create(str(tmp_path), PASSWORD, kdf=CHEAP)


def test_a_repository_is_not_made_twice(repository: Repository) -> None:
    with pytest.raises(RepositoryExists):
        Repository.create(repository.location, "other", kdf=CHEAP)
    assert Repository.open(repository.location, PASSWORD).id == repository.id


def test_a_wrong_password_is_said(repository: Repository) -> None:
    with pytest.raises(WrongPassword) as caught:
        Repository.open(repository.location, "wrong")
    assert "wrong password" in str(caught.value)


def test_passwords_are_expensive_to_guess_unless_asked_otherwise(tmp_path: Path) -> None:
    repository = Repository.create(str(tmp_path / "r"), PASSWORD)
    (key,) = (tmp_path / "r" / "keys").iterdir()
    assert b"\x93\xce\x00\x01\x00\x00\x03\x04" in key.read_bytes()  # MessagePack: [65536, 3, 4]
    assert Repository.open(repository.location, PASSWORD).id == repository.id


def test_a_place_without_permission_is_said(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)  # root may write anywhere: be nobody for a moment
    try:
        with pytest.raises(AccessDenied):
            Repository.create(str(closed / "r"), PASSWORD, kdf=CHEAP)
    finally:
        if was_root:
            os.seteuid(0)
