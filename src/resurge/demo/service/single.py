"""One process of a kind at a time, and a pid file by which others find it.

A lock decides, not the pid file: the kernel gives it back however the process ends, and a pid may have been
given to somebody else since.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from resurge.demo.service.durable import write_whole
from resurge.demo.service.failure import ALREADY_RUNNING, ServiceFailure
from resurge.demo.service.layout import Layout

PATIENCE_SECONDS = 1.0  # a process that was just killed takes a moment to let go


@contextmanager
def only_one(layout: Layout, program: str) -> Iterator[None]:
    """Hold the lock and keep the pid file for as long as the block runs."""
    layout.run.mkdir(parents=True, exist_ok=True)
    pid_file = layout.pid_file(program)
    lock = os.open(layout.run / f".{program}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _locked(lock):
            holder = pid_file.read_text().strip() if pid_file.exists() else "unknown"
            raise ServiceFailure(
                f"{program} already runs in {layout.folder} (pid {holder}): stop it first", ALREADY_RUNNING
            )
        mine = f"{os.getpid()}\n"
        write_whole(pid_file, mine.encode())
        try:
            yield
        finally:
            if pid_file.exists() and pid_file.read_text() == mine:
                pid_file.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _locked(lock: int) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
