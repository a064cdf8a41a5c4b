"""Make the whole service: data set, database, a network trained for a while, the published model, its canary.

python -m resurge.demo.service.prepare SERVICE_FOLDER --seed 1
"""

import argparse
import json
import sys
from pathlib import Path

from resurge.demo.service import dataset, metadata
from resurge.demo.service.durable import write_whole
from resurge.demo.service.failure import ServiceFailure, exit_code_of
from resurge.demo.service.layout import Layout
from resurge.demo.service.publishing import publish
from resurge.demo.service.single import only_one
from resurge.demo.service.training import CHECKPOINT_EVERY_STEPS, KEEP, Training

STEPS = 300


def prepare(layout: Layout, seed: int, steps: int = STEPS) -> str:
    """Returns the SHA-256 of the published model. The folder must not hold a service yet."""
    if layout.settings.exists():
        raise ServiceFailure(f"{layout.folder} holds a service already: choose another folder or remove it")
    layout.folder.mkdir(parents=True, exist_ok=True)
    dataset.build(layout)
    metadata.create(layout.database)
    with only_one(layout, "training"):
        Training(layout, seed, CHECKPOINT_EVERY_STEPS, KEEP).run(0, until_step=steps)
    sha256 = publish(layout)
    write_whole(layout.settings, json.dumps({"seed": seed}).encode() + b"\n")
    return sha256


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m resurge.demo.service.prepare", description="Make the whole service."
    )
    parser.add_argument("service", type=Path, help="the service folder; it is made")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS, help="how long to train before publishing")
    options = parser.parse_args()
    layout = Layout(options.service.absolute())
    sha256 = prepare(layout, options.seed, options.steps)
    print(f"the service is in {layout.folder}; its model has sha256 {sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
