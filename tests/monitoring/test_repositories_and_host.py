"""A repository seen from outside, and the machine it all runs on."""

import shutil
from pathlib import Path

import pytest
from blake3 import blake3

from resurge.core.errors import ComponentNotFound
from resurge.incidents.records import Symptom
from resurge.monitoring import FileNorm, Measurement, examine
from resurge.monitoring.collectors.repository import list_objects
from resurge.monitoring.detectors.host import DiskFull
from tests.monitoring.estates import estate_of, eventually, flip_bit, watching


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The objects of a repository, named as they are; what they hold matters to nobody here."""
    folder = tmp_path / "vault"
    for number in range(30):
        data = f"object {number}".encode() * 50
        kind = ["keys", "packs/ab", "index", "snapshots"][number % 4]
        path = folder / kind / blake3(data).hexdigest()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "config").write_bytes(b"config")
    (folder / "tmp").mkdir()
    (folder / "tmp" / "half-written").write_bytes(b"x")
    return folder


def expected(repository: Path) -> dict[str, FileNorm]:
    return {name: FileNorm(size, "", 0.0) for name, size in list_objects(repository).items()}


def test_a_lost_repository_is_missing_and_not_damaged(repository: Path, tmp_path: Path) -> None:
    estate = estate_of(tmp_path, primary=repository)
    name, norms = "repository/primary", expected(repository)
    assert "tmp/half-written" not in norms
    assert examine(name, estate, norms) == []
    with watching(estate, {name: norms}) as (_, heard):
        heard.wait_for_looks("repository", 3)
        (repository / "packs" / "cd").mkdir()
        (repository / "packs" / "cd" / blake3(b"new").hexdigest()).write_bytes(b"new")
        heard.wait_for_looks("repository", 3)
        assert heard.events == []
        shutil.rmtree(repository)
        alert = heard.wait_for(Symptom.REPOSITORY_MISSING)
        assert alert.component == name
        heard.wait_for_looks("repository", 3)
        assert heard.symptoms() == {Symptom.REPOSITORY_MISSING}
    assert [a.symptom for a in examine(name, estate, norms)] == [Symptom.REPOSITORY_MISSING]


@pytest.mark.parametrize(
    ("action", "learned"),
    [("delete", True), ("truncate", True), ("truncate", False), ("flip", True), ("flip", False)],
)
def test_a_damaged_object_is_named(repository: Path, tmp_path: Path, action: str, learned: bool) -> None:
    estate = estate_of(tmp_path, primary=repository)
    name, norms = "repository/primary", expected(repository)
    victim = next((repository / "packs" / "ab").iterdir())
    with watching(estate, {name: norms} if learned else {}) as (watcher, heard):
        heard.wait_for_looks("repository", 2)
        if action == "delete":
            victim.unlink()
        elif action == "truncate":
            victim.write_bytes(victim.read_bytes()[:-1])
        else:
            flip_bit(victim)
        alert = heard.wait_for(Symptom.REPOSITORY_DAMAGED)
        assert alert.detail["paths"] == [str(victim.relative_to(repository))]
        found = [a.symptom for a in examine(name, estate, norms)]
        assert found == [Symptom.REPOSITORY_DAMAGED]
        if action == "delete":  # it was forgotten on purpose, and the news of it comes
            watcher.learn(name, expected(repository))
            eventually(lambda: heard.cleared() == {Symptom.REPOSITORY_DAMAGED}, "cleared")


def test_an_unknown_component_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ComponentNotFound, match="nobody"):
        examine("nobody", estate_of(tmp_path), {})


def test_the_host_is_measured(tmp_path: Path) -> None:
    with watching(estate_of(tmp_path)) as (_, heard):
        heard.wait_for_looks("disk", 1)
    assert {"cpu_percent", "memory_percent"} <= {m.name for m in heard.measurements}
    disk = next(m for m in heard.measurements if m.kind == "disk")
    assert 0 < disk.value <= disk.detail["total_bytes"]


@pytest.mark.parametrize(
    ("free_bytes", "total_bytes", "full"),
    [
        (10 << 20, 100 << 30, True),
        (900 << 20, 20 << 30, False),  # under 1 GiB, but 4 % of a small disk
        (5 << 30, 10 << 40, False),  # under 2 %, but plenty
        (0, 1 << 20, True),
    ],
)
def test_a_disk_is_full_under_both_limits(free_bytes: int, total_bytes: int, full: bool) -> None:
    rule = DiskFull("host")
    detail = {"free_bytes": free_bytes, "total_bytes": total_bytes, "summary": "x"}
    found = [rule.update(Measurement("host", "disk:/", at, float(free_bytes), detail)) for at in (1.0, 2.0)]
    assert bool(found[1] and found[1].firing) is full
