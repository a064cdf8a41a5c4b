"""Identifiers that a person can read out on the telephone and that sort by time."""

from datetime import UTC, datetime

from resurge.core.clock import Clock, SystemClock
from resurge.core.randomness import Randomness, SystemRandomness


def new_identifier(prefix: str, clock: Clock | None = None, randomness: Randomness | None = None) -> str:
    """For example `incident-20261123-170455-3fa9c1`: what it is, when (UTC), and 24 bits of chance."""
    at = datetime.fromtimestamp((clock or SystemClock()).now(), UTC)
    return f"{prefix}-{at:%Y%m%d-%H%M%S}-{(randomness or SystemRandomness()).bytes(3).hex()}"
