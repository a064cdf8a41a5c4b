"""Backup, unchanged backup and restore, through both command lines, against restic in the same run.

Two loads: one file of BF16 weights, and many small text files. Each time is the median of some rounds, each
with repositories of its own; the two tools take turns, so that a slow moment of the machine hurts both.
`--json` for programs, `--rounds N`, `--mib N` for the size of the weights.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from safetensors.numpy import save_file

PHASES = ("backup", "unchanged", "restore")
PASSWORD = "measured-not-guarded"


@dataclass(frozen=True)
class Tool:
    name: str
    command: str
    environment: Mapping[str, str]
    init: tuple[str, ...]

    def run(self, repository: Path, *arguments: str) -> float:
        """Seconds from the start of the process to its end."""
        before = time.perf_counter()
        subprocess.run(
            [self.command, "-r", str(repository), *arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return time.perf_counter() - before


TOOLS = (
    Tool(
        "resurge",
        str(Path(sys.executable).parent / "resurge"),
        {"RESURGE_PASSWORD": PASSWORD},
        ("repo", "init"),
    ),
    Tool("restic", shutil.which("restic") or "restic", {"RESTIC_PASSWORD": PASSWORD}, ("init",)),
)


def make_weights(folder: Path, mib: int) -> None:
    """What a transformer's checkpoint looks like to a backup: normally distributed, 16 bits each."""
    chance = np.random.default_rng(7)
    values = chance.normal(0, 0.02, (mib, 512, 1024)).astype("<f4")
    upper_halves = (values.view("<u4") >> 16).astype("<u2")
    save_file({f"layer.{number}": layer for number, layer in enumerate(upper_halves)}, folder / "w.safetensors")


def make_files(folder: Path) -> None:
    chance = np.random.default_rng(8)
    for number in range(5000):
        below = folder / f"{number % 50:02d}"
        below.mkdir(exist_ok=True)
        (below / f"{number}.json").write_text(json.dumps(chance.integers(0, 10**6, 400).tolist()))


def stored_bytes(repository: Path) -> int:
    return sum(path.stat().st_size for path in repository.rglob("*") if path.is_file())


def one_round(tool: Tool, load: Path, scratch: Path) -> dict[str, float]:
    repository, target = scratch / "repository", scratch / "target"
    tool.run(repository, *tool.init)
    measured = {"backup": tool.run(repository, "backup", str(load))}
    measured["unchanged"] = tool.run(repository, "backup", str(load))
    measured["stored_bytes"] = stored_bytes(repository)
    measured["restore"] = tool.run(repository, "restore", "latest", "--target", str(target))
    sample = next(path for path in sorted(load.rglob("*")) if path.is_file())
    if (target / sample.relative_to("/")).read_bytes() != sample.read_bytes():
        raise SystemExit(f"{tool.name} restored other bytes than it was given")
    return measured


def measure(load: Path, rounds: int) -> dict[str, dict[str, float]]:
    results: dict[str, list[dict[str, float]]] = {tool.name: [] for tool in TOOLS}
    for number in range(rounds):
        for tool in TOOLS[:: 1 if number % 2 == 0 else -1]:
            with tempfile.TemporaryDirectory(dir=load.parent) as scratch:
                results[tool.name].append(one_round(tool, load, Path(scratch)))
    return {name: {key: median(row[key] for row in rows) for key in rows[0]} for name, rows in results.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--mib", type=int, default=256)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weights, files = Path(folder, "weights"), Path(folder, "files")
        for load in (weights, files):
            load.mkdir()
        make_weights(weights, chosen.mib)
        make_files(files)
        measured = {load.name: measure(load, chosen.rounds) for load in (weights, files)}
    if chosen.json:
        print(json.dumps(measured, indent=2))
        return
    print(f"{'':18}" + "".join(f"{phase + ' s':>12}" for phase in PHASES) + f"{'stored MiB':>12}")
    for load_name, tools in measured.items():
        for tool, row in tools.items():
            times = "".join(f"{row[phase]:>12.2f}" for phase in PHASES)
            print(f"{load_name:9}{tool:9}{times}{row['stored_bytes'] / 2**20:>12.1f}")


if __name__ == "__main__":
    main()
