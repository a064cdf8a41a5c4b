"""Restoring: in place, exact, resumable, and never outside the target."""

import fcntl
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3

from resurge.core.errors import AccessDenied, ResurgeError, SnapshotNotFound
from resurge.vault import ProgressUpdate, Repository, Snapshot
from resurge.vault.verbs.placing import UnsafePath
from tests.vault.kit import back_up, item, items, picture


@pytest.fixture
def snapshot(repository: Repository, source: Path) -> Snapshot:
    return back_up(repository, source)


def test_everything_comes_back(repository: Repository, source: Path, snapshot: Snapshot, tmp_path: Path) -> None:
    report = repository.restore(snapshot, tmp_path / "out")
    assert picture(tmp_path / "out" / "source") == picture(source)
    assert report.written_files == snapshot.files
    assert report.written_bytes == snapshot.total_bytes
    assert (report.folders, report.links) == (4, 2)


def test_what_is_right_is_left_alone(repository: Repository, source: Path, snapshot: Snapshot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    repository.restore(snapshot, out, subtree="source")
    inodes = {each.name: each.inode for each in items(out)}
    (out / "bytes-4096").write_bytes(os.urandom(4096))
    (out / "bytes-1").unlink()
    (out / "text").chmod(0o777)
    os.utime(out / "script", (5, 5))
    (out / "extra").write_bytes(b"stays")
    report = repository.restore(snapshot.id, out, subtree="source")
    assert (report.written_files, report.unchanged_files) == (2, snapshot.files - 2)
    (out / "extra").unlink()
    os.utime(out, ns=(1, source.stat().st_mtime_ns))
    assert picture(out) == picture(source)
    same = {each.name for each in items(out) if inodes.get(each.name) == each.inode}
    assert "out/text" in same
    assert "out/bytes-4096" not in same


def test_a_subtree_may_be_one_file_or_one_link(
    repository: Repository, source: Path, snapshot: Snapshot, tmp_path: Path
) -> None:
    out = tmp_path / "elsewhere" / "copy"
    repository.restore(snapshot, out, subtree="source/text")
    assert out.read_bytes() == (source / "text").read_bytes()
    repository.restore(snapshot, tmp_path / "elsewhere" / "link", subtree="source/link")
    assert os.readlink(tmp_path / "elsewhere" / "link") == "below/deeper/twin"
    with pytest.raises(SnapshotNotFound, match="holds nothing at"):
        repository.restore(snapshot, out, subtree="source/none")


def test_a_subtree_is_no_prefix_of_names(repository: Repository, tmp_path: Path) -> None:
    for name in ("a", "ab"):
        (tmp_path / "s" / name).mkdir(parents=True)
        (tmp_path / "s" / name / "f").write_text(name)
    snapshot = back_up(repository, tmp_path / "s")
    repository.restore(snapshot, tmp_path / "out", subtree="s/a")
    assert [each.name for each in items(tmp_path / "out")] == ["out", "out/f"]


def test_nothing_outside_the_selection_is_touched(
    repository: Repository, source: Path, snapshot: Snapshot, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "source" / "below").mkdir(parents=True)
    (out / "source" / "text").write_text("mine")
    os.utime(out / "source", ns=(7, 7))
    before = (out / "source" / "text").stat()
    chosen = os.fsdecode(b"source/not-utf8-\xff\xfe")
    report = repository.restore(snapshot, out, only=lambda name: name in (chosen, "source/below/deeper/twin"))
    assert report.written_files == 2
    assert (out / "source" / "below" / "deeper" / "twin").exists()
    assert (out / chosen).read_bytes() == b"name"
    assert (out / "source" / "text").stat() == before


def test_one_file_is_read_in_pieces(repository: Repository, source: Path, snapshot: Snapshot) -> None:
    pieces = list(repository.read(snapshot, "source/bytes-5242880"))
    assert len(pieces) > 1
    assert b"".join(pieces) == (source / "bytes-5242880").read_bytes()
    assert list(repository.read("latest", "source/bytes-0")) == []
    with pytest.raises(SnapshotNotFound):
        repository.read(snapshot, "source/below")


def test_progress_knows_its_totals(repository: Repository, snapshot: Snapshot, tmp_path: Path) -> None:
    told: list[ProgressUpdate] = []
    repository.restore(snapshot, tmp_path / "out", progress=told.append)
    assert (told[-1].done_bytes, told[-1].total_bytes) == (snapshot.total_bytes, snapshot.total_bytes)
    assert (told[-1].done_files, told[-1].total_files) == (snapshot.files, snapshot.files)


def test_what_cannot_be_made_is_noted(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.touch()
    odd = [replace(item(path, f"odd/{kind}"), kind=kind) for kind in ("socket", "block-device")]
    report = repository.restore(repository.backup(odd, paths=["p"]), tmp_path / "out")
    assert report.notes == [
        "odd/socket: a socket is not restored",
        "odd/block-device: a block-device is not restored",
    ]


def test_what_stands_in_the_way_gives_way_unless_it_holds_something(
    repository: Repository, source: Path, snapshot: Snapshot, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "below").write_text("a file where a folder was")
    (out / "text").mkdir()
    (out / "link").write_text("a file where a link was")
    (out / "pipe").symlink_to("text")
    (out / "script").mkdir()
    (out / "script" / "precious").write_text("kept")
    with pytest.raises(AccessDenied, match="source/script"):
        repository.restore(snapshot, out, subtree="source")
    assert (out / "script" / "precious").read_text() == "kept"
    (out / "script" / "precious").unlink()
    repository.restore(snapshot, out, subtree="source")
    assert picture(out) == picture(source)


@pytest.mark.parametrize("name", ["../out-of-here", "a/../../b", "/etc/x", "a//b", "./a", "a/\0b"])
def test_a_name_that_climbs_is_refused(repository: Repository, tmp_path: Path, name: str) -> None:
    (tmp_path / "f").write_text("x")
    snapshot = repository.backup([item(tmp_path / "f", name), item(tmp_path / "f", "fine")], paths=["p"])
    with pytest.raises(UnsafePath):
        repository.restore(snapshot, tmp_path / "deep" / "target")
    assert not (tmp_path / "deep").exists() or not list((tmp_path / "deep" / "target").iterdir())


def test_planted_links_are_never_followed_out(
    repository: Repository, source: Path, snapshot: Snapshot, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_text("untouched")
    out = tmp_path / "out"
    out.mkdir()
    (out / "below").symlink_to(outside)
    (out / "text").symlink_to(outside / "victim")
    temporary = f".resurge-{blake3(b'bytes-1').hexdigest()[:16]}.partial"
    (out / temporary).symlink_to(outside / "victim")
    os.link(outside / "victim", out / f".resurge-{blake3(b'script').hexdigest()[:16]}.partial")
    os.mkfifo(out / f".resurge-{blake3(b'bytes-0').hexdigest()[:16]}.partial")
    repository.restore(snapshot, out, subtree="source")
    assert [each.name for each in outside.iterdir()] == ["victim"]
    assert (outside / "victim").read_text() == "untouched"
    assert picture(out) == picture(source)


def test_a_link_on_the_way_is_followed_only_within_the_target(
    repository: Repository, snapshot: Snapshot, tmp_path: Path
) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    (out / "real").mkdir(parents=True)
    outside.mkdir()
    (out / "source").symlink_to("real")
    repository.restore(snapshot, out, only=lambda name: name == "source/text")
    assert (out / "real" / "text").exists()
    (out / "source").unlink()
    (out / "source").symlink_to(outside)
    with pytest.raises(ResurgeError, match="leads out"):
        repository.restore(snapshot, out, only=lambda name: name == "source/text")
    assert list(outside.iterdir()) == []


def test_a_target_that_is_a_file_is_refused(repository: Repository, snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(AccessDenied, match="cannot restore into"):
        repository.restore(snapshot, tmp_path / "taken", subtree="source")


def test_two_restores_do_not_write_one_file_at_once(repository: Repository, snapshot: Snapshot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    temporary = out / f".resurge-{blake3(b'text').hexdigest()[:16]}.partial"
    with temporary.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(AccessDenied, match="another restore"):
            repository.restore(snapshot, out, subtree="source")
    repository.restore(snapshot, out, subtree="source")
    assert not temporary.exists()


def test_owners_come_back_where_they_may(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    mine = item(tmp_path / "f", "f")
    theirs = replace(mine, name="g", uid=12345, gid=23456, mode=stat.S_IFREG | 0o4755)
    repository.restore(repository.backup([mine, theirs], paths=["p"]), tmp_path / "out")
    found = (tmp_path / "out" / "g").stat()
    expected = (12345, 23456) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    assert (found.st_uid, found.st_gid) == expected
    assert stat.S_IMODE(found.st_mode) == 0o4755
