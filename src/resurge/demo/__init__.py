"""A small, real AI service, the injector that breaks it, and the scenario that scores what comes of it."""

import secrets
from pathlib import Path

DEMO_SECONDS = 84.0
"""How long the injector works. With preparation and the final checks, the whole stays under two minutes."""


def run_demo(
    folder: Path,
    seed: int | None = None,
    faults: str = "all",
    seconds: float | None = None,
    *,
    plain: bool = False,
) -> int:
    """The exit code: 0 only if every promise was kept. Without a seed, a new one is drawn, and shown."""
    from resurge.demo.scenario import Scenario

    drawn = secrets.randbelow(10_000) if seed is None else seed
    return Scenario(folder.absolute(), drawn, faults, seconds or DEMO_SECONDS, plain=plain).run()
