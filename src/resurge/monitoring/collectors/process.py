"""Is the declared process there, and does the scheduler run it?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import psutil

from resurge.estate.model import Process
from resurge.monitoring.measurement import Measurement

PID_FILE_SLACK_SECONDS = 2.0  # clock ticks and coarse file times between a process's birth and its pid file


@dataclass(frozen=True, slots=True)
class ProcessLook:
    state: Literal["running", "stopped", "dead"]
    pid: int | None
    started_at: float | None  # Unix seconds; None when dead
    summary: str


def find_process(process: Process) -> ProcessLook:
    """A zombie is dead: nothing of it runs. So is a process that only inherited the number in the pid file.

    A process is born before it writes its pid file. One that is younger is somebody else, unless its command
    line is the declared one (somebody wrote the file early, or touched it back).
    """
    try:
        pid = int(process.pid_file.read_text().split()[0])
        written_at = process.pid_file.stat().st_mtime
    except FileNotFoundError:
        return ProcessLook("dead", None, None, f"there is no process: {process.pid_file} is missing")
    except (OSError, ValueError, IndexError):
        return ProcessLook("dead", None, None, f"{process.pid_file} names no process")
    return _look_at(pid, written_at, process)


def _look_at(pid: int, written_at: float, process: Process) -> ProcessLook:
    try:
        found = psutil.Process(pid)
        with found.oneshot():
            status, started_at = found.status(), found.create_time()
            if started_at > written_at + PID_FILE_SLACK_SECONDS and not _is_declared(found, process):
                return ProcessLook("dead", pid, None, f"process {pid} is gone; its number belongs to another now")
    except (psutil.NoSuchProcess, ValueError, OverflowError):
        return ProcessLook("dead", pid, None, f"process {pid} is gone")
    if status in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
        return ProcessLook("dead", pid, None, f"process {pid} has ended (zombie)")
    if status in {psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP}:
        return ProcessLook("stopped", pid, started_at, f"process {pid} exists but is stopped")
    return ProcessLook("running", pid, started_at, f"process {pid} runs ({status})")


def _is_declared(found: psutil.Process, process: Process) -> bool:
    """`argv[0]` may be resolved to another path; the rest must be there, in order."""
    try:
        given = found.cmdline()
    except psutil.Error:
        return False
    declared = list(process.start[1:])
    return bool(declared) and given[-len(declared) :] == declared


class ProcessCollector:
    name = "process"

    def __init__(self, component: str, process: Process, every_seconds: float) -> None:
        self.component = component
        self.every_seconds = every_seconds
        self._process = process

    def collect(self, at: float) -> Sequence[Measurement]:
        look = find_process(self._process)
        detail = {
            "state": look.state,
            "pid": look.pid,
            "started_at": look.started_at,
            "summary": look.summary,
        }
        return [Measurement(self.component, "process", at, float(look.state == "running"), detail)]
