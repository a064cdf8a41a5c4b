"""What every probe of a service reports, and the probes that ask over a socket or run a command."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from resurge.core.environment import clean_environment
from resurge.estate.model import Probe, Process
from resurge.monitoring.collectors.process import find_process
from resurge.monitoring.collectors.web import Exchange, exchange
from resurge.monitoring.measurement import Measurement

Ask = Callable[[], Exchange]


class ProbeCollector:
    """Ask, and say how it went: `outcome` is ok, refused, timeout, failed or (a canary) wrong.

    `started_at` goes with it, so that a detector can tell a service that is still starting from a hung one.
    """

    def __init__(self, component: str, what: str, ask: Ask, every_seconds: float, process: Process | None) -> None:
        self.component = component
        self.name = what
        self.every_seconds = every_seconds
        self._ask = ask
        self._process = process

    def collect(self, at: float) -> Sequence[Measurement]:
        answer = self._ask()
        look = find_process(self._process) if self._process else None
        detail = {
            "outcome": answer.outcome,
            "seconds": round(answer.seconds, 4),
            "summary": f"{self.name.partition(':')[2] or self.name}: {answer.problem or 'answers'}",
            "started_at": look.started_at if look else None,
        }
        good = float(answer.outcome == "ok")
        timing = Measurement(self.component, f"seconds:{self.name}", at, answer.seconds)
        return [Measurement(self.component, self.name, at, good, detail), timing]


def ask_http(probe: Probe) -> Exchange:
    answer = exchange(probe.target, timeout_seconds=probe.timeout_seconds)
    if answer.outcome == "ok" and answer.status != probe.expect_status:
        problem = f"status {answer.status} instead of {probe.expect_status}"
        return Exchange("failed", answer.seconds, answer.status, problem=problem)
    return answer


def ask_tcp(address: str, timeout_seconds: float) -> Exchange:
    began = time.monotonic()
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_seconds):
            return Exchange("ok", time.monotonic() - began)
    except TimeoutError:
        return Exchange("timeout", time.monotonic() - began, problem=f"no answer in {timeout_seconds:g} s")
    except ConnectionRefusedError:
        return Exchange("refused", time.monotonic() - began, problem="the connection is refused")
    except (OSError, ValueError) as error:
        return Exchange("failed", time.monotonic() - began, problem=str(error))


def ask_command(command: Sequence[str], timeout_seconds: float, folder: Path) -> Exchange:
    """Exit code 0 is well. At the deadline its whole process group goes, children included."""
    began = time.monotonic()
    argv = [sys.executable if command[0] == "python" else command[0], *command[1:]]
    try:
        child = subprocess.Popen(
            argv,
            cwd=folder,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return Exchange("failed", time.monotonic() - began, problem=f"it cannot be started: {error}")
    try:
        _, errors = child.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return Exchange("timeout", time.monotonic() - began, problem=f"not done in {timeout_seconds:g} s")
    if child.returncode != 0:
        last = errors.decode(errors="replace").strip().splitlines()[-1:] or [""]
        problem = f"exit code {child.returncode}. {last[0][:200]}".strip()
        return Exchange("failed", time.monotonic() - began, child.returncode, problem=problem)
    return Exchange("ok", time.monotonic() - began)
