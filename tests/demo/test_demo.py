"""The demo itself, as a person runs it. It measures seconds, so it runs alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from resurge.demo.household import MARKER
from resurge.demo.scoring import EXPECTED

SEED = os.environ.get("SEED", "7")  # any seed must pass; `make proof` runs more
READY_SECONDS = 60.0


def demo(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "resurge", "demo", "--plain", "--folder", str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def marked(folder: Path) -> list[int]:
    """Processes of this demo that are still alive."""
    found = []
    for process in psutil.process_iter():
        try:
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and process.environ().get(MARKER) == str(folder):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def wait_for_injector(running: subprocess.Popen[str], folder: Path) -> None:
    """Until the demo is in full swing."""
    deadline = time.monotonic() + READY_SECONDS
    while not (folder / "injector.log").exists():
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < deadline, "the demo did not begin"
        time.sleep(0.05)


@pytest.mark.alone
@pytest.mark.timeout(300)
def test_every_fault_is_found_recovered_and_proved(tmp_path: Path) -> None:
    running = demo(tmp_path / "demo", "--seed", SEED)
    said, _ = running.communicate()
    assert running.returncode == 0, said
    report = json.loads((tmp_path / "demo" / "report.json").read_text())
    assert report["kept"] is True
    assert len(report["incidents"]) == len(EXPECTED)
    assert (tmp_path / "demo" / "report.html").stat().st_size > 10_000
    assert not marked(tmp_path / "demo")
    assert [path.name for path in tmp_path.iterdir()] == ["demo"], "something was written outside its folder"


@pytest.mark.alone
def test_with_nothing_broken_no_incident_is_raised(tmp_path: Path) -> None:
    running = demo(tmp_path / "demo", "--seed", SEED, "--faults", "none", "--seconds", "20")
    said, _ = running.communicate()
    assert running.returncode == 0, said
    assert json.loads((tmp_path / "demo" / "report.json").read_text())["incidents"] == []


@pytest.mark.alone
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_whoever_ends_it_early_finds_nothing_left_running(tmp_path: Path, sent: signal.Signals) -> None:
    running = demo(tmp_path / "demo", "--seed", SEED)
    wait_for_injector(running, tmp_path / "demo")
    assert marked(tmp_path / "demo")
    running.send_signal(sent)
    assert running.wait(30) == 130
    assert not marked(tmp_path / "demo")


@pytest.mark.alone
def test_after_a_demo_that_was_killed_the_next_one_cleans_up_and_works(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    killed = demo(folder, "--seed", SEED)
    wait_for_injector(killed, folder)
    killed.kill()
    killed.wait()
    left = marked(folder)
    assert left
    again = demo(folder, "--seed", SEED, "--faults", "inference-killed", "--seconds", "10")
    said, _ = again.communicate()
    assert again.returncode == 0, said
    assert not marked(folder)
    assert not any(psutil.pid_exists(pid) for pid in left)


def test_a_folder_that_is_not_a_demos_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    running = demo(tmp_path)
    said, _ = running.communicate()
    assert running.returncode == 31
    assert "--folder" in said
    assert (tmp_path / "precious").read_text() == "mine"
