"""How long work tells how far it is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """Totals are None where they are not known beforehand."""

    done_bytes: int
    total_bytes: int | None
    done_files: int
    total_files: int | None
    current: str


Progress = Callable[[ProgressUpdate], None]


def silent(_update: ProgressUpdate) -> None:
    """For those who do not ask."""
