"""How random bytes look: text 4 to 5 bits per byte, weights 6 to 7.5, encrypted data near 8.

Shannon, A Mathematical Theory of Communication (1948), over single bytes.
"""

import math
from functools import lru_cache
from pathlib import Path

import numpy as np

SAMPLE_BYTES = 65536
RANDOM_WITHIN_BITS = 0.35  # this near to what random bytes of the same length measure
JUMP_BITS = 0.4  # and this much above what the file measured before


def shannon_entropy(data: bytes) -> float:
    """Bits per byte, 0 to 8; 0 for no data. 64 KiB of random bytes measure about 7.997, not 8."""
    if not data:
        return 0.0
    counts = np.bincount(np.frombuffer(data, dtype=np.uint8), minlength=256)
    shares = counts[counts > 0] / len(data)
    return abs(float(-(shares * np.log2(shares)).sum()))


def sample_entropy(path: Path | str, sample_bytes: int = SAMPLE_BYTES) -> float:
    """Of the first `sample_bytes` of the content: the vault samples the same way, so the two compare."""
    with Path(path).open("rb", buffering=0) as file:
        return shannon_entropy(file.read(sample_bytes))


@lru_cache(maxsize=4096)
def random_entropy(sample_bytes: int) -> float:
    """The mean entropy (bits per byte) that so many random bytes measure: 5.77 for 64, 7.997 for 64 KiB.

    Each of the 256 values occurs k times with Poisson probability, and takes k·log2(k)/n from log2(n).
    """
    if sample_bytes <= 1:
        return 0.0
    rate = sample_bytes / 256
    if rate > 32:  # the sum's tail is long, and Miller's correction (1955) is exact enough
        return 8 - 255 / (2 * sample_bytes * math.log(2))
    spent, probability = 0.0, math.exp(-rate)
    for count in range(1, int(rate + 12 * math.sqrt(rate)) + 12):
        probability *= rate / count
        spent += probability * count * math.log2(count)
    return math.log2(sample_bytes) - 256 * spent / sample_bytes


def looks_encrypted(before_bits: float, now_bits: float, size: int) -> bool:
    """Its bytes are as random as so few bytes can be, and they were not before. Entropies as `sample_entropy` says."""
    expected = random_entropy(min(size, SAMPLE_BYTES))
    return now_bits >= expected - RANDOM_WITHIN_BITS and now_bits - before_bits >= JUMP_BITS
