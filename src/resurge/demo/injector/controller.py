"""The fault that aims at Resurge itself: killed while it puts the data set back."""

import os
import signal
import time
from pathlib import Path

from resurge.demo.injector.scene import POLL_SECONDS, Detail, Scene, send

GIVE_UP_SECONDS = 15.0
SCAN_SECONDS = 0.25
MARKER = "RESURGE_DEMO"


def kill_mid_restore(scene: Scene) -> Detail:
    """Wait for the first file of the data set to be back, then SIGKILL every Resurge with the marker."""
    started = time.monotonic()
    known: list[int] = []
    next_scan = started
    while time.monotonic() < started + GIVE_UP_SECONDS:
        if _files_back(scene, at_least_one=True):
            return _kill(known, scene) | {"waited_seconds": round(time.monotonic() - started, 3)}
        if time.monotonic() >= next_scan:  # beforehand, so that the kill itself is quick
            known = _marked_resurges(scene.marker)
            next_scan = time.monotonic() + SCAN_SECONDS
        time.sleep(POLL_SECONDS)
    return {"killed": [], "gave_up": f"no file of the data set came back within {GIVE_UP_SECONDS:.0f} s"}


def _kill(known: list[int], scene: Scene) -> Detail:
    alive = [pid for pid in known if _is_marked_resurge(pid, scene.marker)] or _marked_resurges(scene.marker)
    present = _files_back(scene)
    at = time.time()
    killed = [pid for pid in alive if send(pid, signal.SIGKILL)]
    return {"killed": killed, "killed_at": at, "files_present": present, "files_expected": len(scene.dataset)}


def _files_back(scene: Scene, *, at_least_one: bool = False) -> int:
    """How many files of the data set are there under their own names; stops at one if that is enough."""
    count = 0
    try:
        with os.scandir(scene.layout.dataset) as entries:
            for entry in entries:
                count += entry.name in scene.dataset
                if at_least_one and count:
                    break
    except OSError:
        return 0
    return count


def _marked_resurges(marker: str) -> list[int]:
    pids = sorted(int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit())
    return [pid for pid in pids if pid not in (os.getpid(), os.getppid()) and _is_marked_resurge(pid, marker)]


def _is_marked_resurge(pid: int, marker: str) -> bool:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return is_resurge_up([os.fsdecode(each) for each in arguments]) and (f"{MARKER}={marker}".encode() in environment)


def is_resurge_up(arguments: list[str]) -> bool:
    """`…/resurge up`, `python …/resurge --json up`, `python -m resurge up` or `python -m resurge.cli up`."""
    for number, argument in enumerate(arguments):
        if Path(argument).name == "resurge" or argument == "resurge.cli":
            return "up" in arguments[number + 1 :]
    return False
