"""Find, start and await the processes that components declare."""

import subprocess
import time

import psutil

from resurge.core.environment import clean_environment
from resurge.core.errors import RecoveryFailed
from resurge.estate.model import Process

STEP_VARIABLE = "RESURGE_STEP"
UP_SECONDS = 8.0
POLL_SECONDS = 0.02


def find_live(process: Process) -> psutil.Process | None:
    """The process that the pid file names, unless it has ended (a zombie has) or the number is someone else's."""
    try:
        pid = int(process.pid_file.read_text().strip())
        found = psutil.Process(pid)
        if found.status() == psutil.STATUS_ZOMBIE:
            return None
        # The file is written by the process itself: one that was born after it was written is another.
        born_later = found.create_time() > process.pid_file.stat().st_mtime + 1.0
        return None if born_later else found
    except (OSError, ValueError, psutil.Error):
        return None


def ended_within(process: psutil.Process, seconds: float) -> bool:
    """A zombie has ended: collecting it is its parent's business, which need not be ours."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(POLL_SECONDS)
    return False


def find_by_token(token: str) -> psutil.Process | None:
    """A live process that was started with this token in its environment."""
    for found in psutil.process_iter():
        try:
            if found.status() != psutil.STATUS_ZOMBIE and found.environ().get(STEP_VARIABLE) == token:
                return found
        except psutil.Error:
            continue
    return None


def spawn(process: Process, token: str) -> int:
    """Start it in a session of its own, so that it outlives whoever started it."""
    process.log_file.parent.mkdir(parents=True, exist_ok=True)
    environment = clean_environment({**process.environment, STEP_VARIABLE: token})
    try:
        with process.log_file.open("ab") as log:
            child = subprocess.Popen(
                process.start,
                cwd=process.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise RecoveryFailed(f"cannot start {process.start[0]}: {error.strerror}") from error
    return child.pid


def wait_until_up(name: str, process: Process, pid: int) -> None:
    """Until the pid file names the new process. One that ends before that has failed, and its log says why."""
    deadline = time.monotonic() + UP_SECONDS
    while time.monotonic() < deadline:
        live = find_live(process)
        if live is not None:
            return
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(POLL_SECONDS)
    lines = process.log_file.read_text(errors="replace").strip().splitlines()[-1:] or ["its log is empty"]
    raise RecoveryFailed(f"'{name}' did not come up: {lines[0]}", f"Its log: {process.log_file}")
