"""Chance as a protocol, so that tests can repeat it."""

import os
from typing import Protocol


class Randomness(Protocol):
    def bytes(self, count: int) -> bytes: ...


class SystemRandomness:
    def bytes(self, count: int) -> bytes:
        return os.urandom(count)
