"""The injector's command line and its loop: wait, see that the target is well, break it, say so."""

import argparse
import json
import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from resurge.demo.injector.faults import FAULTS, NEEDS_MARKER, Fault
from resurge.demo.injector.processes import TargetGone
from resurge.demo.injector.scene import Detail, Scene, await_true, look_around
from resurge.demo.injector.slots import plan, spacing
from resurge.demo.service.layout import Layout

PATIENCE_SECONDS = 10.0  # for a target that is still being recovered
SETTLE_SECONDS = 1.0  # a target that was just recovered is left alone for so long
LOOK_SECONDS = 0.2


class Log:
    """One write a line, so that a reader never sees half of one."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def line(self, fault: str, event: str, at: float, detail: Detail) -> None:
        said = {"fault": fault, "event": event, "target": FAULTS[fault].target, "at": at, "detail": detail}
        os.write(self._file, json.dumps(said).encode() + b"\n")


def inject(name: str, scene: Scene, log: Log) -> None:
    fault = FAULTS[name]
    if not _became_ready(fault, scene):
        log.line(name, "not-injected", time.time(), {"why": f"{fault.target} was not well in time"})
        return
    at = time.time()
    try:
        detail = fault.act(scene)
    except (TargetGone, OSError) as error:
        log.line(name, "not-injected", at, {"why": str(error)})
        return
    log.line(name, "injected", at, detail)
    if fault.then is not None:
        log.line(name, "followed", time.time(), fault.then(scene))


def _became_ready(fault: Fault, scene: Scene) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    settled = fault.is_ready(scene)
    while not settled:
        if not await_true(lambda: fault.is_ready(scene), max(0.0, deadline - time.monotonic()), LOOK_SECONDS):
            return False
        time.sleep(SETTLE_SECONDS)
        settled = fault.is_ready(scene)
    return True


def _names(text: str) -> list[str]:
    names = {"all": list(FAULTS), "none": []}.get(text, [name.strip() for name in text.split(",")])
    for name in names:
        if name not in FAULTS:
            raise argparse.ArgumentTypeError(f"there is no fault {name!r}; there are: {', '.join(FAULTS)}")
    return names


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m resurge.demo.injector",
        description="Break the demo's service, one fault after another.",
    )
    parser.add_argument("--service", type=Path, required=True, help="the service folder")
    parser.add_argument("--repository", type=Path, required=True, help="the folder of the primary repository")
    parser.add_argument("--seed", type=int, required=True, help="decides order, times and details")
    parser.add_argument("--seconds", type=float, required=True, help="how long it all takes")
    parser.add_argument("--faults", type=_names, default="all", help="all, none, or names with commas")
    parser.add_argument("--log", type=Path, required=True, help="JSON lines are appended to it")
    parser.add_argument("--start-after", type=float, default=0.0, help="seconds of peace at the beginning")
    parser.add_argument(
        "--marker",
        default="",
        help="value of RESURGE_DEMO in the environment of the Resurge that may be killed",
    )
    options = parser.parse_args()
    if NEEDS_MARKER in options.faults and not options.marker:
        parser.error(f"{NEEDS_MARKER} needs --marker, or it might kill a Resurge that is not the demo's")
    return options


def _end(number: int, _: object) -> None:
    """As an exception, so that a process which was stopped to be killed is still killed."""
    raise SystemExit(128 + number)


def main() -> int:
    parent = os.getppid()
    options = _parse()
    start = time.monotonic() + options.start_after
    layout = Layout(options.service.absolute())
    try:
        scene = look_around(layout, options.repository.absolute(), options.marker, random.Random())  # noqa: S311
        log = Log(options.log)
    except OSError as error:
        print(f"the injector cannot begin: {error}", file=sys.stderr)
        return 1
    least = spacing(len(options.faults), options.seconds)
    not_before = start
    for number, slot in enumerate(plan(options.seed, options.faults, options.seconds)):
        _sleep_until(max(start + slot.offset_seconds, not_before), parent)
        chance = random.Random(f"{options.seed} {number} {slot.fault}")  # noqa: S311 (to be repeatable)
        inject(slot.fault, replace(scene, chance=chance), log)
        not_before = time.monotonic() + least
    _sleep_until(start + options.seconds, parent)
    return 0


def _sleep_until(monotonic: float, parent: int) -> None:
    """Ends the injector if whoever started it is gone: what is broken then, nobody watches."""
    while (left := monotonic - time.monotonic()) > 0:
        if os.getppid() != parent:
            raise SystemExit(1)
        time.sleep(min(left, LOOK_SECONDS))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    sys.exit(main())
