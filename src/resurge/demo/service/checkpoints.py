"""The folder of checkpoints: written whole, the newest few kept."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from resurge.demo.service.durable import write_whole
from resurge.demo.service.layout import CHECKPOINTS


@dataclass(frozen=True, slots=True)
class Checkpoint:
    name: str
    step: int
    sha256: str
    stored_bytes: int
    created_at: float  # Unix seconds


def on_disk(folder: Path) -> list[Path]:
    """Oldest first, by the step in the name."""
    return sorted(folder.glob(CHECKPOINTS), key=step_of)


def step_of(path: Path) -> int:
    return int(path.name.removeprefix("step-").removesuffix(".safetensors"))


def name_of(step: int) -> str:
    return f"step-{step:08d}.safetensors"


def write(folder: Path, step: int, data: bytes) -> Checkpoint:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name_of(step)
    write_whole(path, data)
    return Checkpoint(path.name, step, hashlib.sha256(data).hexdigest(), len(data), time.time())


def describe(path: Path) -> Checkpoint | None:
    """A checkpoint as it lies there; None if it was rotated away meanwhile."""
    try:
        data, created_at = path.read_bytes(), path.stat().st_mtime
    except FileNotFoundError:
        return None
    return Checkpoint(path.name, step_of(path), hashlib.sha256(data).hexdigest(), len(data), created_at)


def describe_all(folder: Path) -> dict[str, Checkpoint]:
    found = (describe(path) for path in on_disk(folder))
    return {checkpoint.name: checkpoint for checkpoint in found if checkpoint is not None}


def rotate(folder: Path, keep: int) -> None:
    for path in on_disk(folder)[:-keep]:
        path.unlink(missing_ok=True)
