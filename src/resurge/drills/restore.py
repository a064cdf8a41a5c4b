"""The restore drill: bring the newest good snapshot back in a separate place, use it, measure, remove everything.

Nothing of the running service is touched. What a drill proves of a component depends on what it declares: hashes
always; weights open and are finite; a database passes its integrity check; with `drill:`, what was restored is
started and its canary answers.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from resurge.backup.points import RecoveryPoint
from resurge.core.environment import clean_environment
from resurge.core.errors import RecoveryFailed, ResurgeError
from resurge.core.identifiers import new_identifier
from resurge.drills.records import DrillBook, DrillResult
from resurge.estate.model import Component, Drill, Source, SourceKind
from resurge.monitoring.collectors.canary import ask_canary
from resurge.recovery.context import Tools
from resurge.sources.health import examine_sqlite, examine_tensors

if TYPE_CHECKING:
    from resurge.vault import Progress

READY_POLL_SECONDS = 0.05


def drill_restore(
    tools: Tools, drills: DrillBook, component: Component, progress: "Progress | None" = None
) -> DrillResult:
    """Never raises for a drill that fails: the result says so, in the book and in the ledger too."""
    started_at = tools.clock.now()
    point = tools.points.newest_good(component.name)
    checks: list[str] = []
    failure = ""
    try:
        if point is None:
            raise RecoveryFailed(f"'{component.name}' has no good snapshot yet")
        with _separate_place(tools) as place:
            _rehearse(tools, component, point, place, checks=checks, progress=progress)
    except (ResurgeError, OSError) as error:
        failure = str(error)
    result = DrillResult(
        id=new_identifier("drill", tools.clock),
        component=component.name,
        snapshot=point.snapshot if point else "",
        started_at=started_at,
        ended_at=tools.clock.now(),
        passed=not failure,
        checks=tuple(checks),
        failure=failure,
    )
    drills.record(result)
    body = {
        "snapshot": result.snapshot,
        "passed": result.passed,
        "rto_seconds": result.rto_seconds,
        "checks": list(result.checks),
        "failure": result.failure,
    }
    tools.ledger.append("drill", component.name, body, key=result.id)
    return result


@contextmanager
def _separate_place(tools: Tools) -> Iterator[Path]:
    """On the estate's own disk: that is where a real restore would have to find room and speed."""
    place = Path(tempfile.mkdtemp(prefix="drill-", dir=tools.estate.state_folder))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _rehearse(
    tools: Tools,
    component: Component,
    point: RecoveryPoint,
    place: Path,
    *,
    checks: list[str],
    progress: "Progress | None",
) -> None:
    name, repository, snapshot = tools.repositories.holding(point.snapshot)
    roots: list[Path] = []
    for number, source in enumerate(component.sources):
        root = place / str(number) / source.path.name
        root.parent.mkdir()
        report = repository.restore(snapshot, root, subtree=str(source.path).lstrip("/"), progress=progress)
        checks.append(
            f"{report.written_files} file(s) of {source.path.name} restored from '{name}', every hash verified"
        )
        checks.extend(_open(source, root))
        roots.append(root)
    if component.drill is not None and roots:
        checks.append(_start_and_ask(component.drill, roots[0]))


def _open(source: Source, root: Path) -> list[str]:
    if source.kind is SourceKind.SQLITE:
        health = examine_sqlite(root)
        if not health.good:
            raise RecoveryFailed(f"the restored database is not whole: {health.summary}")
        return ["database opened, integrity check clean"]
    files = [path for path in (root.rglob("*") if root.is_dir() else [root]) if path.is_file()]
    weights = [path for path in files if path.suffix in {".safetensors", ".npy", ".npz"}]
    for path in weights:
        health = examine_tensors(path)
        if not health.good:
            raise RecoveryFailed(f"restored {path.name}: {health.summary}")
    return [f"{len(weights)} tensor file(s) opened, every number finite"] if weights else []


def _start_and_ask(drill: Drill, restored: Path) -> str:
    port = _free_port()
    words = {"{restored}": str(restored), "{port}": str(port)}
    command = [_fill(word, words) for word in drill.start]
    canary = replace(drill.canary, url=_fill(drill.url, words))
    process = subprocess.Popen(
        command,
        env=clean_environment(drill.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + drill.ready_seconds
        while (answer := ask_canary(canary)).problem:
            if process.poll() is not None:
                raise RecoveryFailed(f"what was restored did not start: {command[0]} ended with {process.returncode}")
            if time.monotonic() >= deadline:
                raise RecoveryFailed(f"the restored service does not answer its canary as before: {answer.problem}")
            time.sleep(READY_POLL_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it started too
        process.wait()
    return f"started on port {port}, canary identical ({canary.comparator.value})"


def _fill(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
