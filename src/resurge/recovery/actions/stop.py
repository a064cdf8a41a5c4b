"""Stop a component's process: SIGTERM, a grace, SIGKILL. A stopped (SIGSTOP) process cannot hear SIGTERM."""

import contextlib

import psutil

from resurge.core.errors import RecoveryFailed
from resurge.recovery.context import Outcome, StepContext
from resurge.recovery.processes import ended_within, find_live

KILL_SECONDS = 5.0


def stop(context: StepContext) -> Outcome:
    component = context.component
    if component.process is None:
        return Outcome(f"{component.name} has no process")
    live = find_live(component.process)
    if live is None:
        return Outcome("it was not running")
    frozen = live.status() == psutil.STATUS_STOPPED
    with contextlib.suppress(psutil.NoSuchProcess):
        if not frozen:
            live.terminate()
            if ended_within(live, component.process.stop_seconds):
                return Outcome(f"process {live.pid} ended on SIGTERM", {"pid": live.pid})
        live.kill()
    if not ended_within(live, KILL_SECONDS):
        raise RecoveryFailed(
            f"process {live.pid} of '{component.name}' does not end on SIGKILL",
            "It hangs in the kernel, most likely on a disk or a network file system.",
        )
    why = "was frozen" if frozen else "did not end in time"
    return Outcome(f"process {live.pid} {why} and was killed", {"pid": live.pid})
