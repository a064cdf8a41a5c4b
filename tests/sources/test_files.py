"""Folders as they really are: links, pipes, odd names, locked doors, and files that vanish while one looks."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resurge.core.errors import SourceMissing
from resurge.estate import model
from resurge.sources import FilesSource, Item, SqliteSource, open_source


def items_of(source: FilesSource) -> tuple[list[Item], list[str]]:
    unreadable: list[str] = []
    with source.items(lambda path, _: unreadable.append(path)) as items:
        return list(items), unreadable


def names_of(source: FilesSource, root: Path) -> list[str]:
    return [item.name.removeprefix(str(root).lstrip("/")).lstrip("/") for item in items_of(source)[0]]


def test_everything_is_there_in_order_and_as_what_it_is(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a-b").write_bytes(b"xyz")
    (root / "a" / "file").write_bytes(b"12")
    (root / "a" / "link").symlink_to("/nowhere//odd")
    (root / "a" / "to-folder").symlink_to(root)
    os.mkfifo(root / "pipe")
    odd = os.fsdecode(b"\xff\xfe name")
    (root / odd).write_bytes(b"odd")
    (root / ".model.123.partial").write_bytes(b"our own")
    (root / ".hidden.tmp").write_bytes(b"somebody's")
    items, unreadable = items_of(FilesSource(root))
    prefix = str(root)[1:]
    assert unreadable == []
    assert [item.name for item in items] == sorted(item.name for item in items)
    kinds = {item.name.removeprefix(prefix).lstrip("/"): item.kind for item in items}
    assert kinds == {
        "": "folder", ".hidden.tmp": "file", "a": "folder", "a-b": "file", "a/file": "file", "a/link": "symlink",
        "a/to-folder": "symlink", "pipe": "fifo", odd: "file",
    }  # fmt: skip
    by_name = {item.name.removeprefix(prefix + "/"): item for item in items}
    assert by_name["a/link"].link_target == "/nowhere//odd"
    with by_name[odd].open() as file:
        assert file.read() == b"odd"
    assert by_name["a-b"].size == 3
    with pytest.raises(OSError, match="link"):
        by_name["a/link"].open()


@settings(max_examples=40, deadline=None)
@given(st.sets(st.lists(st.sampled_from(["a", "a-b", "a.b", "B", "é", "~"]), min_size=1, max_size=3).map(tuple)))
def test_the_order_is_that_of_names_for_any_tree(
    tmp_path_factory: pytest.TempPathFactory, tree: set[tuple[str, ...]]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for parts in tree:
        root.joinpath(*parts).mkdir(parents=True, exist_ok=True)
    items, _ = items_of(FilesSource(root))
    found = [item.name for item in items]
    assert found == sorted(found)
    expected = {root.joinpath(*parts[:depth]) for parts in tree for depth in range(len(parts) + 1)} | {root}
    assert set(found) == {str(path)[1:] for path in expected}


def test_excluded_files_and_whole_folders_are_left_out(tmp_path: Path) -> None:
    for name in ("keep/a.txt", "keep/a.tmp", "cache/deep/b.txt", "logs/c.log", "d.log"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    source = FilesSource(tmp_path, ("*.tmp", "cache/", "logs/*"))
    assert names_of(source, tmp_path) == ["", "d.log", "keep", "keep/a.txt", "logs"]


def test_a_root_may_be_a_file_or_a_link_and_must_be_there(tmp_path: Path) -> None:
    folder = tmp_path / "v2"
    folder.mkdir()
    (folder / "weights").write_bytes(b"w")
    (tmp_path / "current").symlink_to(folder)
    (file,), _ = items_of(FilesSource(folder / "weights"))
    assert (file.kind, file.name) == ("file", str(folder / "weights")[1:])
    assert names_of(FilesSource(tmp_path / "current"), tmp_path / "current") == ["", "weights"]
    with pytest.raises(SourceMissing, match="absent"):
        items_of(FilesSource(tmp_path / "absent"))


def test_what_vanishes_while_we_walk_is_passed_over(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    unreadable: list[str] = []
    with FilesSource(tmp_path).items(lambda path, _: unreadable.append(path)) as items:
        found = []
        for item in items:
            found.append(item.name.rpartition("/")[2])
            if found == [tmp_path.name, "a"]:
                (tmp_path / "b" / "file").unlink()
                (tmp_path / "b").rmdir()
                (tmp_path / "a" / "file").unlink()
    assert found == [tmp_path.name, "a", "c", "file"]
    assert unreadable == []


def test_a_folder_that_cannot_be_read_is_told_and_the_rest_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name longer than the system takes is as unreadable for root as for anybody."""
    deep = tmp_path / "deep"
    deep.mkdir()
    (tmp_path / "other").touch()
    handle = os.open(deep, os.O_RDONLY)
    try:
        for _ in range(20):  # deeper than a path can name, as only relative steps can make it
            os.mkdir("n" * 250, dir_fd=handle)
            step = os.open("n" * 250, os.O_RDONLY, dir_fd=handle)
            os.close(handle)
            handle = step
    finally:
        os.close(handle)
    items, unreadable = items_of(FilesSource(tmp_path))
    assert len(unreadable) == 1
    assert unreadable[0].startswith(str(deep))
    assert items[-1].name == str(tmp_path / "other")[1:]


def test_put_back_exchanges_the_whole_folder_and_keeps_what_was_excluded(tmp_path: Path) -> None:
    target, restored = tmp_path / "data", tmp_path / "restored"
    for folder, text in ((target, "broken"), (restored, "good")):
        folder.mkdir()
        (folder / "file").write_text(text)
    (target / "since").touch()
    (target / "cache").mkdir()
    (target / "cache" / "x").touch()
    source = FilesSource(target, ("cache",))
    for _ in range(2):  # the second time changes nothing more
        source.put_back(restored)
        assert sorted(str(path.relative_to(target)) for path in target.rglob("*")) == ["cache", "cache/x", "file"]
        assert (target / "file").read_text() == "good"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_put_back_goes_on_after_a_crash_between_its_two_renames(tmp_path: Path) -> None:
    restored = tmp_path / "restored"
    restored.write_text("good")
    (tmp_path / ".model.replaced").write_text("broken")  # the old is aside, the new not yet in place
    FilesSource(tmp_path / "model").put_back(restored)
    assert (tmp_path / "model").read_text() == "good"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    (tmp_path / ".model.replaced").write_text("broken")  # the new is in place, the old not yet gone
    FilesSource(tmp_path / "model").put_back(restored)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    with pytest.raises(SourceMissing):
        FilesSource(tmp_path / "other").put_back(restored)


def test_every_kind_of_source_opens(tmp_path: Path) -> None:
    opened = {kind: open_source(model.Source(kind, tmp_path)) for kind in model.SourceKind}
    assert isinstance(opened[model.SourceKind.SQLITE], SqliteSource)
    assert all(source.paths() == (str(tmp_path),) for source in opened.values())
