"""The service as the injector knows it: paths, processes, and how everything looked when it was well."""

import hashlib
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from resurge.demo.service.layout import CHECKPOINTS, Layout

Detail = dict[str, object]
POLL_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Scene:
    layout: Layout
    repository: Path
    marker: str  # value of RESURGE_DEMO in the environment of the Resurge that may be killed
    chance: random.Random
    dataset: dict[str, str] = field(default_factory=dict)  # file name → digest, when all was well
    model: str = ""  # digest

    def dataset_is_whole(self) -> bool:
        """Every file is there with its content; whatever else lies there does not matter."""
        folder = self.layout.dataset
        try:
            return self.dataset.keys() <= {path.name for path in folder.iterdir()} and all(
                digest_of(folder / name) == digest for name, digest in self.dataset.items()
            )
        except OSError:
            return False

    def model_is_whole(self) -> bool:
        try:
            return digest_of(self.layout.model) == self.model
        except OSError:
            return False

    def database_is_sound(self) -> bool:
        return is_sound(self.layout.database)

    def repository_is_there(self) -> bool:
        return self.repository.is_dir() and any(self.repository.iterdir())

    def inference_runs(self) -> bool:
        pid = self._running("inference")
        return pid is not None and listens(pid)

    def training_runs(self) -> bool:
        """It made a step in this life, and has a checkpoint."""
        if self._running("training") is None:
            return False
        try:
            began = self.layout.pid_file("training").stat().st_mtime_ns
            stepped = self.layout.progress.stat().st_mtime_ns > began
        except OSError:
            return False
        return stepped and any(self.layout.checkpoints.glob(CHECKPOINTS))

    def pid_of(self, program: str) -> int | None:
        """The live process that the pid file names, if it really is that program."""
        try:
            pid = int(self.layout.pid_file(program).read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if f"resurge.demo.service.{program}".encode() in command else None

    def _running(self, program: str) -> int | None:
        pid = self.pid_of(program)
        return pid if pid is not None and state_of(pid) in ("R", "S", "D") else None


def look_around(layout: Layout, repository: Path, marker: str, chance: random.Random) -> Scene:
    """OSError if the service is not there."""
    dataset = {path.name: digest_of(path) for path in sorted(layout.dataset.iterdir())}
    return Scene(layout, repository, marker, chance, dataset, digest_of(layout.model))


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_sound(database: Path) -> bool:
    try:
        connection = sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True, timeout=1)
        try:
            return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def state_of(pid: int) -> str:
    """The kernel's letter: R, S, D, T (stopped), Z (dead, not yet collected); empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def listens(pid: int) -> bool:
    """Whether the process holds a TCP socket that waits for connections (proc(5): state 0A)."""
    try:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        held = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return False
    return any(row[3] == "0A" and f"socket:[{row[9]}]" in held for row in rows)


def send(pid: int, number: signal.Signals) -> bool:
    """False if the process is gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def await_true(condition: Callable[[], bool], seconds: float, every_seconds: float = POLL_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_seconds)
    return True
