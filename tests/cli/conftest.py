from pathlib import Path

import pytest

from .command import Resurge


@pytest.fixture
def resurge(tmp_path: Path) -> Resurge:
    return Resurge(tmp_path)


@pytest.fixture
def stocked(resurge: Resurge) -> Resurge:
    """A repository `vault`, and a folder `data` with two files that are not in it yet."""
    data = resurge.folder / "data" / "below"
    data.mkdir(parents=True)
    (data / "weights.bin").write_bytes(bytes(range(256)) * 64)
    (resurge.folder / "data" / "notes.txt").write_text("remember\n")
    assert resurge("-r", "vault", "repo", "init").code == 0
    return resurge
