"""The demo's processes: started, kept running where an operating system would, and all gone in the end.

The demo makes itself the reaper of its orphans (prctl(2), PR_SET_CHILD_SUBREAPER), so that services whose starter
was killed still have a parent that can end them.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from resurge.core.errors import ResurgeError

MARKER = "RESURGE_DEMO"
_PR_SET_CHILD_SUBREAPER = 36
END_SECONDS = 5.0


class Household:
    """Everything that one demo started. Use as a context manager: nothing is left running behind it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = {**os.environ, MARKER: str(folder), "PYTHONUNBUFFERED": "1", "TMPDIR": str(folder)}
        self._own: list[subprocess.Popen[bytes]] = []
        self.controller: subprocess.Popen[bytes] | None = None
        self.controller_starts = 0

    def __enter__(self) -> "Household":
        end_leftovers(self._folder)
        # One way out for all three. Ctrl-C too: whoever is started in the background inherits that it is ignored.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        return self

    def __exit__(self, *_: object) -> None:
        self.end_controller()
        end_leftovers(self._folder)
        self.reap()

    def run(self, module: str, *arguments: str) -> str:
        """To its end. What it prints to standard output comes back; a failure says its last line."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(
            command, env=self._environment, cwd=self._folder, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it printed nothing"]
            raise ResurgeError(f"{module} ended with {done.returncode}: {last[0]}")
        return done.stdout

    def start(self, module: str, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
        return self._spawn([sys.executable, "-m", module, *arguments], log)

    def start_declared(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._spawn(list(command), log, environment)

    def keep_controller(self, log: Path) -> bool:
        """Start it when it is not running, as a service manager would. True: it had to be started."""
        if self.controller is not None and self.controller.poll() is None:
            return False
        self.controller = self._spawn([sys.executable, "-m", "resurge", "up"], log)
        self.controller_starts += 1
        return True

    def end_controller(self) -> None:
        """Gracefully, so that what it has begun is written down."""
        if self.controller is None or self.controller.poll() is not None:
            return
        self.controller.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.controller.wait(2 * END_SECONDS)

    def reap(self) -> None:
        """Collect orphans that ended; those started here are collected by their own handles."""
        mine = {process.pid for process in self._own if process.poll() is None}
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.Error, ChildProcessError):
                if child.pid not in mine and child.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(child.pid, os.WNOHANG)

    def _spawn(
        self, command: list[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                env={**self._environment, **(environment or {})},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._own.append(process)
        return process


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def end_leftovers(folder: Path) -> int:
    """End every process that carries this demo's mark: an earlier demo may have been killed. Returns how many."""
    found = [process for process in psutil.process_iter() if _is_marked(process, folder)]
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(found, END_SECONDS)
    return len(found)


def _is_marked(process: psutil.Process, folder: Path) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and process.environ().get(MARKER) == str(folder)
    except (psutil.Error, OSError):
        return False
