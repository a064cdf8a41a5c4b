"""A real service that is gone again after each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.monitoring.estates import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    folder = tmp_path / "service"
    folder.mkdir()
    made = Service(folder)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
