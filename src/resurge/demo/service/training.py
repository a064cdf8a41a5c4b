"""The training job: trains for ever, writes checkpoints, and goes on from the newest one.

    python -m resurge.demo.service.training SERVICE_FOLDER [--steps-per-second 20]
    python -m resurge.demo.service.training SERVICE_FOLDER --reference 500    the losses it must have had

It trusts its newest checkpoint, as real jobs do: a poisoned one gives losses that are not a number.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from safetensors import SafetensorError

from resurge.demo.service import BLAS_THREADS, checkpoints
from resurge.demo.service.dataset import read
from resurge.demo.service.durable import remove_leftovers
from resurge.demo.service.failure import ServiceFailure, exit_code_of
from resurge.demo.service.job import Job
from resurge.demo.service.layout import Layout
from resurge.demo.service.registrar import Registrar
from resurge.demo.service.single import only_one

STEPS_PER_SECOND = 20.0
CHECKPOINT_EVERY_STEPS = 20
KEEP = 6
BEHIND_SECONDS = 1.0  # after a longer pause the pace starts anew instead of catching up


class Training:
    """One life of the job: from the newest checkpoint to a signal, or to a step."""

    def __init__(self, layout: Layout, seed: int, every_steps: int, keep: int) -> None:
        self._layout = layout
        self._every_steps = every_steps
        self._keep = keep
        self._stop = False
        self.job = Job(read(layout.dataset), seed)
        layout.checkpoints.mkdir(parents=True, exist_ok=True)
        layout.run.mkdir(parents=True, exist_ok=True)
        remove_leftovers(layout.checkpoints)
        self._newest = ""
        self._resume()
        self._registrar = Registrar(layout, seed)
        self._registrar.tell()

    def stop(self, *_: object) -> None:
        """Finish the step at hand, write a last checkpoint."""
        self._stop = True

    def run(self, steps_per_second: float, until_step: int | None = None) -> None:
        progress = os.open(self._layout.progress, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        due = time.monotonic()
        try:
            while not self._stop and (until_step is None or self.job.step < until_step):
                self._step(progress)
                if steps_per_second:
                    due = max(due + 1 / steps_per_second, time.monotonic() - BEHIND_SECONDS)
                    self._rest_until(due)
        finally:
            os.close(progress)
        if self.job.step and self._newest != checkpoints.name_of(self.job.step):
            self._save()

    def _rest_until(self, due: float) -> None:
        while not self._stop and (left := due - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))

    def _step(self, progress: int) -> None:
        loss = self.job.advance()
        # The line comes before the checkpoint of the same step, so that no step is ever missing: a job killed
        # in between goes on from an older checkpoint and says this step again. One write: no line is torn.
        line = {"step": self.job.step, "loss": loss, "time": time.time(), "checkpoint": self._newest}
        os.write(progress, json.dumps(line).encode() + b"\n")
        if self.job.step % self._every_steps == 0:
            self._save()

    def _save(self) -> None:
        written = checkpoints.write(self._layout.checkpoints, self.job.step, self.job.to_bytes())
        self._newest = written.name
        checkpoints.rotate(self._layout.checkpoints, self._keep)
        self._registrar.tell(written)

    def _resume(self) -> None:
        found = checkpoints.on_disk(self._layout.checkpoints)
        if not found:
            return
        try:
            self.job.resume(found[-1].read_bytes())
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise ServiceFailure(f"the checkpoint {found[-1]} cannot be loaded: {error}") from error
        self._newest = found[-1].name


def print_reference(layout: Layout, seed: int, steps: int) -> None:
    """The losses of a job that is never interrupted, as JSON lines."""
    job = Job(read(layout.dataset), seed)
    for step in range(1, steps + 1):
        print(json.dumps({"step": step, "loss": job.advance()}))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m resurge.demo.service.training",
        description="Train for ever, from the newest checkpoint.",
    )
    parser.add_argument("service", type=Path, help="the service folder")
    parser.add_argument("--seed", type=int, help="default: what the service was prepared with")
    parser.add_argument("--steps-per-second", type=float, default=STEPS_PER_SECOND, help="0: as fast as possible")
    parser.add_argument("--until", type=int, metavar="STEP", help="stop after this step")
    parser.add_argument("--checkpoint-every", type=int, default=CHECKPOINT_EVERY_STEPS, metavar="STEPS")
    parser.add_argument("--keep", type=int, default=KEEP, help="checkpoints kept")
    parser.add_argument("--reference", type=int, metavar="STEPS", help="only print the uninterrupted losses")
    options = parser.parse_args()
    layout = Layout(options.service.absolute())
    seed = layout.seed() if options.seed is None else options.seed
    if options.reference is not None:
        print_reference(layout, seed, options.reference)
        return 0
    with only_one(layout, "training"):
        training = Training(layout, seed, options.checkpoint_every, options.keep)
        signal.signal(signal.SIGTERM, training.stop)
        print(
            f"training from step {training.job.step}, pid {os.getpid()}, BLAS threads: {BLAS_THREADS}",
            flush=True,
        )
        training.run(options.steps_per_second, options.until)
        print(f"stopped after step {training.job.step}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
