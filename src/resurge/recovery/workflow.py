"""Runs as DBOS workflows: whoever kills the controller at any step, the next start goes on from there.

DBOS is a singleton of its process, so its functions are of the module and find their tools in `_tools`. Only the
controller launches it, under the lock of the state folder: a second process on the same SQLite file would carry
out live steps a second time. Arguments are identifiers only, stored as portable JSON.
"""

from pathlib import Path

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID

from resurge.recovery.carry_out import carry_out, conclude
from resurge.recovery.context import Tools

APPLICATION_VERSION = "1"  # raised when the order of calls in `recover` changes; old runs must be ended before

ALIVE = frozenset({"PENDING", "ENQUEUED", "DELAYED"})

_tools: list[Tools] = []


@DBOS.step(name="carry_out_step")
def _carry_out_step(incident_id: str, run_id: str, position: int) -> str:
    return carry_out(_tools[0], incident_id, run_id, position)


@DBOS.step(name="conclude_run", retries_allowed=True, interval_seconds=0.5, max_attempts=10, backoff_rate=1.5)
def _conclude_run(incident_id: str, run_id: str, failure: str) -> None:
    conclude(_tools[0], incident_id, run_id, failure)


@DBOS.workflow(name="recover")
def _recover(incident_id: str, run_id: str, steps: int) -> str:
    failure = ""
    for position in range(steps):
        try:
            failure = _carry_out_step(incident_id, run_id, position)
        except Exception as error:  # noqa: BLE001 - book or ledger could not be written: the run must still be ended
            failure = f"step {position + 1} could not be recorded: {error}"
        if failure:
            break
    _conclude_run(incident_id, run_id, failure)
    return failure


class Engine:
    """Durable runs. Create it under the state folder's lock, and `launch` before the first `start`."""

    def __init__(self, state_folder: Path, tools: Tools) -> None:
        self._database = state_folder / "runs.db"
        self._tool_set = tools

    def launch(self) -> None:
        """Runs that were cut off go on at once."""
        config: DBOSConfig = {
            "name": "resurge",
            "system_database_url": f"sqlite:///{self._database}",
            "application_version": APPLICATION_VERSION,
            "executor_id": "controller",
            "log_level": "ERROR",
            "console_log_level": "ERROR",
            "serializer": DBOSPortableJSONSerializer(),
        }
        _tools[:] = [self._tool_set]
        DBOS(config=config)
        DBOS.launch()

    def start(self, incident_id: str, run_id: str, steps: int) -> None:
        """Begin a run, or join it when it was begun before."""
        with SetWorkflowID(run_id):
            DBOS.start_workflow(_recover, incident_id, run_id, steps)

    def rescue(self, incident_id: str, run_id: str, steps: int) -> None:
        """A run that its incident believes to be under way: begin it if it never began, end it if it broke off."""
        status = DBOS.get_workflow_status(run_id)
        if status is None:
            self.start(incident_id, run_id, steps)
        elif status.status not in ALIVE:
            conclude(self._tool_set, incident_id, run_id, "the run broke off; see the log")

    def destroy(self) -> None:
        """Leave runs that are under way to the next start."""
        DBOS.destroy(workflow_completion_timeout_sec=0)
        _tools.clear()
