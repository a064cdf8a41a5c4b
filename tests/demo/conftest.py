import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from resurge.demo.service.dataset import SHEET
from resurge.demo.service.layout import LABELS, Layout

from .living import Living, run

SEED = 7
SMALL = 70  # sheets


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Made once, never changed: each test breaks a copy."""
    folder = tmp_path_factory.mktemp("prepared") / "service"
    made = run("-m", "resurge.demo.service.prepare", folder, "--seed", str(SEED), "--steps", "140")
    assert made.returncode == 0, made.stderr
    return Layout(folder)


@pytest.fixture(scope="session")
def small(prepared: Layout, tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """The same with the first 200 images only: quicker to copy, and its epochs are short."""
    service = Layout(tmp_path_factory.mktemp("small") / "service")
    service.dataset.mkdir(parents=True)
    shutil.copy(prepared.settings, service.settings)
    lines = (prepared.dataset / LABELS).read_text().splitlines(keepends=True)[: 1 + SMALL * SHEET]
    (service.dataset / LABELS).write_text("".join(lines))
    for name in {line.split(",")[0] for line in lines[1:]}:
        shutil.copy(prepared.dataset / name, service.dataset)
    for program in (
        ("registry", "init", service.folder),
        ("training", service.folder, "--steps-per-second", "0", "--until", "140"),
        ("registry", "publish", service.folder),
    ):
        made = run("-m", f"resurge.demo.service.{program[0]}", *program[1:])
        assert made.returncode == 0, made.stderr
    return service


@pytest.fixture
def layout(small: Layout, tmp_path: Path) -> Layout:
    """A small service of the test's own, to break."""
    return Layout(Path(shutil.copytree(small.folder, tmp_path / "service")))


@pytest.fixture
def whole(prepared: Layout, tmp_path: Path) -> Layout:
    """One with all images."""
    return Layout(Path(shutil.copytree(prepared.folder, tmp_path / "service")))


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Living]:
    processes = Living(tmp_path)
    yield processes
    processes.end()
