import os
from pathlib import Path

import pytest

from resurge.state import Reserve


def test_it_holds_real_blocks_and_gives_them_back(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 2**20)
    assert not reserve.held
    assert reserve.ensure()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 2**20
    assert reserve.ensure()
    assert reserve.release()
    assert not reserve.held
    assert not reserve.release()
    assert os.listdir(tmp_path) == []


def test_a_file_that_only_looks_large_is_not_held(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 2**20)
    reserve.path.touch()
    os.truncate(reserve.path, 2**20)
    if reserve.path.stat().st_blocks:
        pytest.skip("this file system has no sparse files")
    assert not reserve.held
    assert reserve.ensure()


def test_it_is_not_taken_where_it_would_fill_the_disk(tmp_path: Path) -> None:
    system = os.statvfs(tmp_path)
    reserve = Reserve(tmp_path / "reserve", system.f_bavail * system.f_frsize)
    assert not reserve.ensure()
    assert os.listdir(tmp_path) == []
