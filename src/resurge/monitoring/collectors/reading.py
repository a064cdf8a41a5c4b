"""Read files again and again within a budget, so that a change that kept size and times is found too."""

import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from blake3 import blake3

from resurge.monitoring.collectors.scanning import Signature, signature_of
from resurge.sources.entropy import SAMPLE_BYTES, shannon_entropy

READ_BYTES = 1 << 20
FILE_COST_BYTES = 128 * 1024  # opening a small file costs the time of hashing about this much


class Reading(NamedTuple):
    path: str
    signature: Signature
    digest: str
    entropy: float


class HashBudget:
    """The estate's bytes per second, shared out: each source has its part, and what others left over."""

    def __init__(self, bytes_per_second: int, every_seconds: float, sources: int) -> None:
        self._per_look = bytes_per_second * every_seconds
        self._part = self._per_look / max(1, sources)
        self._left_over = 0.0
        self._lock = threading.Lock()

    def draw(self) -> float:
        with self._lock:
            drawn, self._left_over = self._part + self._left_over, 0.0
            return drawn

    def give_back(self, unspent_bytes: float) -> None:
        with self._lock:
            self._left_over = min(self._per_look, self._left_over + max(0.0, unspent_bytes))


class PartialRead:
    """One file, read in as many sittings as it takes; None of it counts when it changed meanwhile."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._offset = 0
        self._hasher = blake3()
        self._sample = b""
        self._signature: Signature | None = None

    def go_on(self, allowed_bytes: float) -> tuple[int, Reading | None, bool]:
        """Bytes read, the reading when it is whole, and whether it is over (whole or given up)."""
        spent = 0
        try:
            with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123  (a str is cheaper, thousands of times)
                signature = signature_of(os.fstat(file.fileno()))
                if self._signature not in {None, signature}:
                    return spent, None, True
                self._signature = signature
                file.seek(self._offset)
                while spent < max(allowed_bytes, 1):
                    piece = file.read(READ_BYTES)
                    if not piece:
                        if signature_of(os.fstat(file.fileno())) != signature:
                            return spent, None, True
                        return spent, self._whole(signature), True
                    if self._offset == 0:
                        self._sample = piece[:SAMPLE_BYTES]
                    self._hasher.update(piece)
                    self._offset += len(piece)
                    spent += len(piece)
        except OSError:
            return spent, None, True
        return spent, None, False

    def _whole(self, signature: Signature) -> Reading:
        return Reading(self.path, signature, self._hasher.hexdigest(), shannon_entropy(self._sample))


def read_whole(path: str) -> Reading | None:
    """None when it vanished, changed while it was read, or cannot be read."""
    return PartialRead(path).go_on(float("inf"))[1]


class Rereader:
    """Goes round and round. `urgent` paths come first; one look never goes round more than once."""

    def __init__(self) -> None:
        self._queue: deque[str] = deque()
        self._current: PartialRead | None = None

    def read(
        self,
        allowed_bytes: float,
        urgent: Iterable[str],
        everything: Callable[[], Collection[str]],
        tell: Callable[[Reading], None],
    ) -> float:
        """Returns what is left of `allowed_bytes`."""
        first = deque(urgent)
        refilled = False
        while allowed_bytes > 0:
            if self._current is None:
                if first:
                    self._current = PartialRead(first.popleft())
                elif self._queue:
                    self._current = PartialRead(self._queue.popleft())
                elif refilled:
                    break
                else:
                    self._queue.extend(sorted(everything()))
                    refilled = True
                    continue
            spent, reading, over = self._current.go_on(allowed_bytes)
            allowed_bytes -= spent + FILE_COST_BYTES
            if over:
                self._current = None
            if reading is not None:
                tell(reading)
        return allowed_bytes
