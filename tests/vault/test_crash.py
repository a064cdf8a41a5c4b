"""Killed with SIGKILL, for real, at several moments: the repository is whole, and the next run goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from resurge.vault import Repository
from resurge.vault.storage.local import LocalStore
from tests.vault.kit import CHEAP, PASSWORD, back_up, picture

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 60
PACK_BYTES = 512 * 1024


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.vault.worker", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def kill_when(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """Watches without pause, so that the kill falls into the work and not behind it."""
    give_up = time.monotonic() + DEADLINE_SECONDS
    while not reached():
        assert process.poll() is None, "it ended before the moment at which it was to be killed"
        assert time.monotonic() < give_up
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


@pytest.fixture
def small(tmp_path: Path) -> Repository:
    store = LocalStore(tmp_path / "repository")
    return Repository.create_in(store, PASSWORD, kdf=CHEAP, pack_target_bytes=PACK_BYTES)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    root = tmp_path / "large"
    root.mkdir()
    for number in range(20):
        (root / f"{number:02}").write_bytes(os.urandom(1024 * 1024))
    return root


def packs_in(repository: Repository) -> list[str]:
    return [each.name for each in LocalStore(Path(repository.location)).list("packs")]


@pytest.mark.parametrize("packs", [0, 2, 9])
def test_a_killed_backup_leaves_a_whole_repository_and_its_packs_are_used(
    small: Repository, large: Path, tmp_path: Path, packs: int
) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "f").write_text("an older snapshot")
    older = back_up(small, tmp_path / "first", component="older")
    before = set(packs_in(small))
    temporary = Path(small.location) / "tmp"
    process = start("backup", small.location, str(large), "large")
    kill_when(
        process,
        lambda: len(set(packs_in(small)) - before) >= packs and (packs > 0 or bool(os.listdir(temporary))),
    )
    left = {name: (Path(small.location) / name).stat().st_size for name in set(packs_in(small)) - before}

    repository = Repository.open(small.location, PASSWORD)
    assert repository.snapshots() == [older]
    assert repository.check(read_data=True).problems == ()
    total = sum(path.stat().st_size for path in large.iterdir())
    snapshot = back_up(repository, large, component="large")
    assert snapshot.added_bytes <= total - sum(left.values()) + PACK_BYTES
    assert repository.check(read_data=True).problems == ()
    fresh = Repository.open(small.location, PASSWORD)
    fresh.restore(snapshot, tmp_path / "out", subtree="large")
    assert picture(tmp_path / "out") == picture(large)


@pytest.mark.parametrize("files", [0, 3, 12])
def test_a_killed_restore_goes_on(small: Repository, large: Path, tmp_path: Path, files: int) -> None:
    snapshot = back_up(small, large)
    out = tmp_path / "out"

    def done() -> list[str]:
        folder = out / "large"
        return [name for name in os.listdir(folder) if name.isdigit()] if folder.is_dir() else []

    def reached() -> bool:
        folder = out / "large"
        return len(done()) >= files and folder.is_dir() and bool(os.listdir(folder))

    kill_when(start("restore", small.location, str(out)), reached)
    for name in done():
        assert (out / "large" / name).read_bytes() == (large / name).read_bytes(), "whole or not there"
    already = len(done())
    report = small.restore(snapshot, out)
    assert report.unchanged_files == already
    assert report.unchanged_files + report.written_files == snapshot.files
    assert picture(out / "large") == picture(large), "and nothing is left over"
