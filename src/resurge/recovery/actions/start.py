"""Start a component's process, once: a process that this very step started before is found by its token."""

from resurge.recovery.context import Outcome, StepContext
from resurge.recovery.processes import find_by_token, find_live, spawn, wait_until_up


def start(context: StepContext) -> Outcome:
    component = context.component
    if component.process is None:
        return Outcome(f"{component.name} has no process")
    mine = find_by_token(context.token)
    if mine is not None:
        return Outcome(f"process {mine.pid} was already started by this step", {"pid": mine.pid})
    live = find_live(component.process)
    if live is not None:
        return Outcome(f"process {live.pid} is running", {"pid": live.pid})
    pid = spawn(component.process, context.token)
    wait_until_up(component.name, component.process, pid)
    return Outcome(f"process {pid} started", {"pid": pid})
