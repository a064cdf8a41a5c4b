"""Each fault, as the real injector process does it to the real service."""

import hashlib
import json
import math
import os
import random
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from resurge.demo.injector import controller
from resurge.demo.injector.contents import LOCKED, RANSOM_NOTE
from resurge.demo.injector.faults import FAULTS
from resurge.demo.injector.scene import look_around, state_of
from resurge.demo.service import checkpoints
from resurge.demo.service.layout import Layout

from .conftest import SMALL
from .living import Living, ask, await_true, progress, registry, run


class Injected:
    """Runs the injector on one service and reads its log."""

    def __init__(self, layout: Layout, living: Living) -> None:
        self.layout, self.living = layout, living
        self.repository = layout.folder.parent / "repository"
        (self.repository / "packs").mkdir(parents=True)
        (self.repository / "packs" / "one").write_bytes(b"pack")
        self.log = layout.folder.parent / "injections.jsonl"

    def argv(self, faults: str, *more: str, seed: int = 5, seconds: float = 0) -> list[str]:
        return [
            "-m", "resurge.demo.injector", "--service", str(self.layout.folder),
            "--repository", str(self.repository), "--seed", str(seed), "--seconds", str(seconds),
            "--faults", faults, "--log", str(self.log), "--marker", "this-demo", *more,
        ]  # fmt: skip

    def one(self, fault: str, **how: Any) -> dict[str, Any]:
        """Inject one fault; returns what the log says of it."""
        before = time.time()
        done = run(*self.argv(fault, **how))
        assert (done.returncode, done.stderr) == (0, "")
        (line,) = self.lines()
        assert (line["fault"], line["event"]) == (fault, "injected")
        assert line["target"] == FAULTS[fault].target
        assert before <= line["at"] <= time.time()
        detail: dict[str, Any] = line["detail"]
        return detail

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture
def injected(layout: Layout, living: Living) -> Injected:
    return Injected(layout, living)


def test_inference_killed(injected: Injected) -> None:
    process, _ = injected.living.inference(injected.layout.folder)
    assert injected.one("inference-killed")["pid"] == process.pid
    assert process.wait() == -signal.SIGKILL


def test_inference_hung(injected: Injected) -> None:
    process, port = injected.living.inference(injected.layout.folder)
    injected.one("inference-hung")
    await_true(lambda: state_of(process.pid) == "T", "the process to stop")
    with pytest.raises(TimeoutError):
        ask(port, "GET", "/healthz", seconds=0.2)


def test_model_bit_flipped(injected: Injected) -> None:
    layout = injected.layout
    before = layout.model.read_bytes()
    _, port = injected.living.inference(layout.folder)
    detail = injected.one("model-bit-flipped")
    after = layout.model.read_bytes()
    difference = int.from_bytes(before, "little") ^ int.from_bytes(after, "little")
    assert difference == 1 << (8 * detail["offset"] + detail["bit"])
    assert detail["offset"] >= 8 + int.from_bytes(before[:8], "little")
    load(after)  # still well-formed
    status, body = ask(port, "POST", "/predict", layout.canary_request.read_bytes())
    assert (status, body) != (200, layout.canary_answers.read_bytes())


def test_model_truncated(injected: Injected) -> None:
    before = injected.layout.model.read_bytes()
    _, port = injected.living.inference(injected.layout.folder)
    detail = injected.one("model-truncated")
    assert injected.layout.model.read_bytes() == before[: detail["bytes_left"]]
    assert 0 < detail["bytes_left"] < detail["bytes_before"] == len(before)
    assert ask(port, "GET", "/healthz")[0] == 503


def test_dataset_deleted(injected: Injected) -> None:
    assert injected.one("dataset-deleted")["files"] == 1 + SMALL
    assert not injected.layout.dataset.exists()


def test_checkpoint_poisoned(injected: Injected) -> None:
    layout = injected.layout
    process = injected.living.training(layout, "--steps-per-second", "100", lines=30)
    detail = injected.one("checkpoint-poisoned")
    assert process.wait() == -signal.SIGKILL
    newest = checkpoints.on_disk(layout.checkpoints)[-1]
    assert newest.name == detail["checkpoint"]
    tensors = load(newest.read_bytes())
    assert {name for name, tensor in tensors.items() if np.isnan(tensor.astype(float)).any()} == {
        name for name in tensors if name.startswith("model.")
    }
    checked = registry("check", layout)  # stopped before it could be registered, or after
    assert checked.returncode == 1
    assert f"checkpoint {newest.name} is" in checked.stdout
    steps_before = len(progress(layout))
    injected.living.training(layout, "--steps-per-second", "0", "--until", str(checkpoints.step_of(newest) + 3))
    await_true(lambda: len(progress(layout)) >= steps_before + 3, "a job that goes on from it")
    assert all(math.isnan(float(str(line["loss"]))) for line in progress(layout)[steps_before:])


@pytest.mark.parametrize("seed", range(3))
def test_database_corrupted(injected: Injected, seed: int) -> None:
    layout = injected.layout
    process = injected.living.training(layout, "--steps-per-second", "200", lines=5)
    size = layout.database.stat().st_size
    detail = injected.one("database-corrupted", seed=seed)
    assert layout.database.stat().st_size >= size
    assert 1 in detail["pages"]
    assert len(detail["pages"]) > 1
    connection = sqlite3.connect(f"file:{layout.database}?mode=ro", uri=True)
    with pytest.raises(sqlite3.DatabaseError):
        connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    await_true(lambda: "registrations wait" in injected.living.output(process), "training to notice")
    assert process.poll() is None
    assert not list(layout.folder.glob(".integrity-*"))


def test_repository_lost(injected: Injected) -> None:
    injected.one("repository-lost")
    assert not injected.repository.exists()


def test_ransomware(whole: Layout, living: Living) -> None:
    injected = Injected(whole, living)
    folder = whole.dataset
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    detail = injected.one("ransomware")
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != RANSOM_NOTE}
    renamed = {name for name in after if name.endswith(LOCKED)}
    changed = {name.removesuffix(LOCKED): data for name, data in after.items() if before.get(name) != data}
    assert (folder / RANSOM_NOTE).read_text()
    assert 150 <= len(changed) == detail["encrypted"] <= 400
    assert 0 < len(renamed) == detail["renamed"] < len(changed)
    assert {name.removesuffix(LOCKED) for name in after} == set(before)
    assert all(len(data) == len(before[name]) for name, data in changed.items())
    together = np.frombuffer(b"".join(changed.values()), np.uint8)
    shares = np.bincount(together, minlength=256) / len(together)
    assert -(shares * np.log2(shares)).sum() > 7.9
    assert detail["seconds"] >= 0.45


def test_a_seed_repeats_its_damage(layout: Layout, living: Living, tmp_path: Path) -> None:
    good = layout.model.read_bytes()
    damages = []
    for number, seed in enumerate((1, 1, 2)):
        layout.model.write_bytes(good)
        (tmp_path / str(number)).mkdir()
        log = tmp_path / str(number) / "log"
        run(
            "-m", "resurge.demo.injector", "--service", layout.folder, "--repository", tmp_path,
            "--seed", str(seed), "--seconds", "0", "--faults", "model-bit-flipped", "--log", log,
        )  # fmt: skip
        damages.append(hashlib.sha256(layout.model.read_bytes()).hexdigest())
    assert damages[0] == damages[1] != damages[2]


RESURGE = """
import pathlib, shutil, sys, time
good, target = map(pathlib.Path, sys.argv[2:4])
while target.exists():
    time.sleep(0.001)
target.mkdir()
for path in sorted(good.iterdir()):
    shutil.copy(path, target / path.name)
    time.sleep(0.002)
time.sleep(60)
"""


def test_resurge_killed_mid_restore(injected: Injected, small: Layout, tmp_path: Path) -> None:
    """A stand-in restores the data set slowly; only the one that carries this demo's marker is killed."""
    stand_in = tmp_path / "resurge"
    stand_in.write_text(RESURGE)
    bystander = tmp_path / "elsewhere" / "resurge"
    bystander.parent.mkdir()
    bystander.write_text("import time; time.sleep(60)")
    living = injected.living
    mine = living.start(
        stand_in, "up", small.dataset, injected.layout.dataset, environment={"RESURGE_DEMO": "this-demo"}
    )
    others = [
        living.start(bystander, "up", environment={"RESURGE_DEMO": "another-demo"}),
        living.start(bystander, "up"),
        living.start(bystander, "status", environment={"RESURGE_DEMO": "this-demo"}),
    ]
    assert run(*injected.argv("resurge-killed-mid-restore")).returncode == 0
    assert mine.wait() == -signal.SIGKILL
    assert [other.poll() for other in others] == [None] * 3
    first, second = injected.lines()
    assert (first["event"], second["event"]) == ("injected", "followed")
    assert second["detail"]["killed"] == [mine.pid]
    assert 1 <= second["detail"]["files_present"] < second["detail"]["files_expected"] == 1 + SMALL
    assert first["at"] < second["detail"]["killed_at"]


def test_it_gives_up_on_a_restore_that_never_comes(injected: Injected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "GIVE_UP_SECONDS", 0.1)
    scene = look_around(injected.layout, injected.repository, "this-demo", random.Random(1))
    injected.layout.dataset.rename(injected.layout.folder / "elsewhere")
    detail = controller.kill_mid_restore(scene)
    assert detail["killed"] == []
    assert "came back" in str(detail["gave_up"])


@pytest.mark.parametrize(
    ("arguments", "is_it"),
    [
        (["/venv/bin/python", "/venv/bin/resurge", "up"], True),
        (["/venv/bin/resurge", "--estate", "x.yaml", "up"], True),
        (["python", "-m", "resurge", "up"], True),
        (["python", "-m", "resurge.cli", "up", "--json"], True),
        (["python", "-m", "resurge.cli", "status"], False),
        (["docker", "compose", "up"], False),
        (["up", "resurge"], False),
        (["python", "-m", "resurge.demo.injector", "up"], False),
        ([], False),
    ],
)
def test_what_counts_as_resurge_up(arguments: list[str], is_it: bool) -> None:
    assert controller.is_resurge_up(arguments) is is_it


def test_it_waits_for_a_target_that_is_still_being_recovered(injected: Injected) -> None:
    layout, living = injected.layout, injected.living
    model = layout.model.read_bytes()
    injector = living.start(*injected.argv("inference-killed,model-truncated", seconds=0))
    await_true(injected.log.exists, "the injector to begin")
    started = time.time()
    process = living.service("inference", layout.folder, "--port", "0")
    assert injector.wait() == 0
    assert process.wait() == -signal.SIGKILL
    assert {line["fault"] for line in injected.lines()} == {"inference-killed", "model-truncated"}
    assert next(line["at"] for line in injected.lines() if line["fault"] == "inference-killed") > started
    assert "listening" in living.output(process)
    assert len(layout.model.read_bytes()) < len(model)


def test_what_is_never_well_is_not_injected(injected: Injected, monkeypatch: pytest.MonkeyPatch) -> None:
    from resurge.demo.injector import __main__ as injector

    monkeypatch.setattr(injector, "PATIENCE_SECONDS", 0.1)
    scene = look_around(injected.layout, injected.repository, "", random.Random(1))
    injector.inject("inference-killed", scene, injector.Log(injected.log))
    (line,) = injected.lines()
    assert (line["event"], line["fault"]) == ("not-injected", "inference-killed")


def test_nothing_is_broken_when_nothing_is_asked_for(injected: Injected) -> None:
    before = {path: path.read_bytes() for path in injected.layout.folder.rglob("*") if path.is_file()}
    started = time.monotonic()
    assert run(*injected.argv("none", "--start-after", "0.2", seconds=0.5)).returncode == 0
    assert time.monotonic() - started >= 0.7
    assert injected.lines() == []
    assert before == {path: path.read_bytes() for path in injected.layout.folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_it_can_be_ended_at_any_time(injected: Injected, number: signal.Signals) -> None:
    injector = injected.living.start(*injected.argv("repository-lost,dataset-deleted", seconds=12))
    await_true(lambda: len(injected.lines()) == 1, "the first of two injections")
    os.kill(injector.pid, number)
    assert injector.wait() != 0
    assert injected.living.output(injector) == ""
    assert len(injected.lines()) == 1


def test_it_ends_with_the_process_that_started_it(injected: Injected, tmp_path: Path) -> None:
    starter = (
        "import subprocess, sys, time\n"
        "print(subprocess.Popen([sys.executable, *sys.argv[1:]]).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = injected.living.start("-c", starter, *injected.argv("none", seconds=60))
    await_true(injected.log.exists, "the injector to begin")
    injector = int(injected.living.output(parent))
    parent.kill()
    parent.wait()
    await_true(lambda: state_of(injector) in ("Z", ""), "the injector to end")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--faults", "earthquake"], "earthquake"),
        (["--faults", "all"], "--marker"),
        (["--faults", "none", "--service", "/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_what_it_refuses(injected: Injected, arguments: list[str], said: str) -> None:
    refused = run(*injected.argv("none", *arguments, "--marker", ""))
    assert refused.returncode in (1, 2)
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert injected.lines() == []
