"""When to inject what. Pure: the same seed gives the same plan."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

GAP_SECONDS = 6.0  # between two injections, where the time allows


@dataclass(frozen=True, slots=True)
class Slot:
    offset_seconds: float  # from the start of the plan
    fault: str


def spacing(count: int, seconds: float, gap_seconds: float = GAP_SECONDS) -> float:
    """The least time between two of `count` injections in `seconds`."""
    return min(gap_seconds, seconds / count) if count else gap_seconds


def plan(seed: int, faults: Sequence[str], seconds: float, gap_seconds: float = GAP_SECONDS) -> list[Slot]:
    """Every fault once, in a random order, one in each of equally long slots.

    An injection may come as late in its slot as leaves a gap to the end of the slot, so that two are never
    closer than the gap and the last one leaves a gap before `seconds` are over. Where the slots are shorter
    than the gap, every injection comes at the start of its slot.
    """
    if not faults:
        return []
    chance = random.Random(f"plan {seed}")  # noqa: S311 (to be repeatable, not secret)
    order = list(faults)
    chance.shuffle(order)
    width = seconds / len(order)
    free = max(0.0, width - gap_seconds)
    return [Slot(number * width + chance.random() * free, fault) for number, fault in enumerate(order)]
