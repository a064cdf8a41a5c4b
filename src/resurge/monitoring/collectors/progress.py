"""Follow a training job by the JSON lines it writes: {"step": int, "loss": float, …}, one line a step."""

import json
import math
import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resurge.estate.model import Comparator, Probe, Process
from resurge.monitoring.collectors.process import find_process
from resurge.monitoring.measurement import STARTUP_GRACE_SECONDS, Measurement

MAX_READ_BYTES = 4 << 20  # of one look, and of the history at the first
REMEMBERED_STEPS = 10_000


class LineTail:
    """New whole lines since the last call. A torn last line waits; a replaced or cut file starts anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode: int | None = None
        self._offset = 0

    def read(self) -> tuple[list[bytes], bool]:
        """The lines, and whether they begin a new file. Nothing when the file is not there."""
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                anew = found.st_ino != self._inode or found.st_size < self._offset
                if anew:
                    self._inode, self._offset = found.st_ino, max(0, found.st_size - MAX_READ_BYTES)
                file.seek(self._offset)
                data = file.read(MAX_READ_BYTES)
        except OSError:
            return [], False
        whole, newline, _ = data.rpartition(b"\n")
        if not newline and len(data) == MAX_READ_BYTES:
            self._offset += len(data)  # no line is that long: skip it rather than read it for ever
        self._offset += len(whole) + len(newline)
        return (whole.split(b"\n") if newline else []), anew


def parse_step(line: bytes) -> tuple[int, float] | None:
    """Step and loss; a loss that is no number at all (null, "NaN") is NaN. None for any other line."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or type(record.get("step")) is not int or "loss" not in record:
        return None
    loss: Any = record["loss"]
    try:
        return record["step"], float(loss)
    except (TypeError, ValueError, OverflowError):
        return record["step"], math.nan


@dataclass(slots=True)
class LossCurve:
    """Pure: the newest loss of each of the last steps, and the first step that came out differently."""

    comparator: Comparator
    tolerance: float
    losses: OrderedDict[int, float]
    last_step: int | None = None
    last_loss: float = math.nan
    diverged: dict[str, float] | None = None

    def add(self, step: int, loss: float, *, compare: bool = True) -> None:
        """A loss that was not finite is no claim: what comes in its place later cannot contradict it."""
        was = self.losses.pop(step, None)
        if compare and was is not None and math.isfinite(was) and math.isfinite(loss) and self.diverged is None:
            allowed = self.tolerance if self.comparator is Comparator.TOLERANCE else 0.0
            if abs(was - loss) > allowed:
                self.diverged = {"step": step, "was": was, "now": loss}
        self.losses[step] = loss
        self.last_step, self.last_loss = step, loss
        if len(self.losses) > REMEMBERED_STEPS:
            self.losses.popitem(last=False)


def new_curve(probe: Probe) -> LossCurve:
    return LossCurve(probe.comparator, probe.tolerance, OrderedDict())


class ProgressCollector:
    def __init__(self, component: str, probe: Probe, every_seconds: float, process: Process | None) -> None:
        self.component = component
        self.name = f"progress:{probe.target}"
        self.every_seconds = every_seconds
        self._probe = probe
        self._process = process
        self._tail = LineTail(Path(probe.target))
        self._curve = new_curve(probe)
        self._grew_at: float | None = None
        self._waiting_since: float | None = None
        self._first_look_at: float | None = None

    def collect(self, at: float) -> Sequence[Measurement]:
        first = self._first_look_at is None
        if first:
            self._first_look_at = at
        grew = self._follow(compare=not first)
        if grew:
            self._grew_at, self._waiting_since = at, None
        elif self._waiting_since is None:
            self._waiting_since = at
        curve = self._curve
        detail = {
            "step": curve.last_step,
            "loss": curve.last_loss if math.isfinite(curve.last_loss) else None,
            "loss_finite": None if curve.last_step is None else math.isfinite(curve.last_loss),
            "grew": grew,
            "stalled": not grew and self._is_stalled(at),
            "waiting_since": self._waiting_since,
            "diverged": curve.diverged,
        }
        told = [Measurement(self.component, self.name, at, float(curve.last_step or 0), detail)]
        if grew and math.isfinite(curve.last_loss):
            told.append(Measurement(self.component, "loss", at, curve.last_loss))
        return told

    def _follow(self, *, compare: bool) -> bool:
        """History is remembered, not judged: what it contradicts in itself was somebody's business before."""
        lines, anew = self._tail.read()
        if anew and compare:
            self._curve = new_curve(self._probe)
        grew = False
        for line in lines:
            found = parse_step(line)
            if found is not None:
                self._curve.add(*found, compare=compare)
                grew = True
        return grew

    def _is_stalled(self, at: float) -> bool:
        """Only a running process can stall; one that is starting has its grace before the clock starts."""
        since = self._grew_at if self._grew_at is not None else self._first_look_at or at
        if self._process is not None:
            look = find_process(self._process)
            if look.state == "dead":
                return False
            if (
                look.started_at is not None
                and since < look.started_at + STARTUP_GRACE_SECONDS
                and (self._grew_at is None or self._grew_at < look.started_at)
            ):
                since = look.started_at + STARTUP_GRACE_SECONDS
        return at - since > self._probe.stall_seconds
