from collections.abc import Iterator
from pathlib import Path

import pytest

from resurge.state import StateDatabase


@pytest.fixture
def database(tmp_path: Path) -> Iterator[StateDatabase]:
    with StateDatabase(tmp_path / "state", reserve_bytes=65536) as opened:
        yield opened
