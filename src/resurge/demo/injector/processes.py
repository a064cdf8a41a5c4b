"""Faults of processes: killed, hung, and dead after a last bad write."""

import os
import signal
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from resurge.demo.injector.scene import Detail, Scene, await_true, send, state_of
from resurge.demo.service.layout import CHECKPOINTS

STOP_SECONDS = 1.0


class TargetGone(Exception):
    """What was to be broken vanished just before."""


def kill_inference(scene: Scene) -> Detail:
    pid = _pid(scene, "inference")
    send(pid, signal.SIGKILL)
    return {"pid": pid, "signal": "SIGKILL"}


def hang_inference(scene: Scene) -> Detail:
    pid = _pid(scene, "inference")
    send(pid, signal.SIGSTOP)
    return {"pid": pid, "signal": "SIGSTOP"}


def poison_checkpoint(scene: Scene) -> Detail:
    """Like a node that goes bad, writes once more, and dies. It is stopped first, so that no good checkpoint
    comes after the bad one; whatever happens here, it is not left stopped."""
    pid = _pid(scene, "training")
    send(pid, signal.SIGSTOP)
    try:
        if not await_true(lambda: state_of(pid) in ("T", "Z", ""), STOP_SECONDS):
            raise TargetGone(f"process {pid} did not stop")
        newest = max(scene.layout.checkpoints.glob(CHECKPOINTS), default=None)
        if newest is None:
            raise TargetGone("there is no checkpoint")
        poisoned = _with_nan(newest, scene)
        temporary = newest.with_name(f".{newest.name}.partial")
        temporary.write_bytes(poisoned)
        temporary.replace(newest)
    finally:
        send(pid, signal.SIGKILL)
    return {"pid": pid, "checkpoint": newest.name, "stored_bytes": len(poisoned)}


def _with_nan(checkpoint: Path, scene: Scene) -> bytes:
    """The same file, well-formed, with a tenth of the network's weights not a number."""
    with safe_open(checkpoint, framework="numpy") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    for name, tensor in tensors.items():
        if name.startswith("model."):
            damaged = tensor.reshape(-1).copy()
            chosen = scene.chance.sample(range(damaged.size), max(1, damaged.size // 10))
            damaged[chosen] = np.nan
            tensors[name] = damaged.reshape(tensor.shape)
    return bytes(save(tensors, metadata=metadata))


def _pid(scene: Scene, program: str) -> int:
    pid = scene.pid_of(program)
    if pid is None or pid == os.getpid():
        raise TargetGone(f"{program} does not run")
    return pid
