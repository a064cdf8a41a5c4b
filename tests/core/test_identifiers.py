"""Identifiers say what they name, sort by time, and do not meet."""

from dataclasses import dataclass

from resurge.core.identifiers import new_identifier


@dataclass
class At:
    """A clock that a test sets."""

    seconds: float

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Counting:
    """Chance that can be foreseen."""

    def __init__(self) -> None:
        self.given = 0

    def bytes(self, count: int) -> bytes:
        self.given += 1
        return self.given.to_bytes(count)


def test_it_says_what_and_when() -> None:
    assert new_identifier("incident", At(1_795_453_495.9), Counting()) == "incident-20261123-170455-000001"


def test_later_ones_sort_behind() -> None:
    chance = Counting()
    made = [new_identifier("run", At(seconds), chance) for seconds in (0, 59, 60, 86_400, 2e9)]
    assert made == sorted(made)


def test_those_of_one_second_differ() -> None:
    clock = At(5)
    assert len({new_identifier("run", clock) for _ in range(50)}) == 50
