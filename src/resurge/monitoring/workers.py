"""Threads that may hang without holding anybody up, not even the end of the program."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

MAX_WORKERS = 64


class Workers:
    """Daemon threads, made when work waits and none is free, at most MAX_WORKERS.

    The standard executor joins its threads at exit: one hung read would keep the program from ending.
    """

    def __init__(self, name: str, maximum: int = MAX_WORKERS) -> None:
        self._name = name
        self._maximum = maximum
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._free = 0

    def submit(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._free > self._work.qsize() or self._threads == self._maximum:
                self._work.put(work)
                return
            self._threads += 1
            number = self._threads
            self._work.put(work)
        threading.Thread(target=self._run, name=f"{self._name}-{number}", daemon=True).start()

    def stop(self) -> None:
        """Free threads end now, busy ones when they are done."""
        with self._lock:
            for _ in range(self._threads):
                self._work.put(None)

    def _run(self) -> None:
        while True:
            with self._lock:
                self._free += 1
            work = self._work.get()
            with self._lock:
                self._free -= 1
            if work is None:
                return
            work()
