import shutil
from pathlib import Path

import pytest

from .command import Resurge


@pytest.fixture
def resurge(tmp_path: Path) -> Resurge:
    return Resurge(tmp_path)


@pytest.fixture(scope="session")
def empty_vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a key is slow to derive, on purpose."""
    folder = tmp_path_factory.mktemp("empty")
    assert Resurge(folder)("-r", "vault", "repo", "init").code == 0
    return folder / "vault"


@pytest.fixture
def stocked(resurge: Resurge, empty_vault: Path) -> Resurge:
    """An empty repository `vault`, and a folder `data` with two files that are not in it yet."""
    data = resurge.folder / "data" / "below"
    data.mkdir(parents=True)
    (data / "weights.bin").write_bytes(bytes(range(256)) * 64)
    (resurge.folder / "data" / "notes.txt").write_text("remember\n")
    shutil.copytree(empty_vault, resurge.folder / "vault")
    return resurge
