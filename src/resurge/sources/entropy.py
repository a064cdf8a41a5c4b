"""How random bytes look: text 4 to 5 bits per byte, weights 6 to 7.5, encrypted data near 8.

Shannon, A Mathematical Theory of Communication (1948), over single bytes.
"""

from pathlib import Path

import numpy as np

SAMPLE_BYTES = 65536


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
