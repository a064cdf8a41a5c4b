"""Mini-batches in a random order, from a place that can be left and found again exactly."""

import numpy as np
from numpy.typing import NDArray

from resurge.demo.service.dataset import Digits

BATCH = 32
_WORD = (1 << 64) - 1


class Loader:
    """Walks through a permutation of the data set and draws a new one at the end of each epoch."""

    def __init__(self, digits: Digits, seed: int) -> None:
        self._digits = digits
        self._generator = np.random.Generator(np.random.PCG64(seed))
        self._permutation = self._generator.permutation(len(digits.labels))
        self._position = 0

    def next_batch(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        if self._position + BATCH > len(self._permutation):
            self._permutation = self._generator.permutation(len(self._digits.labels))
            self._position = 0
        chosen = self._permutation[self._position : self._position + BATCH]
        self._position += BATCH
        return self._digits.images[chosen], self._digits.labels[chosen]

    def state(self) -> dict[str, NDArray[np.generic]]:
        return {
            "permutation": self._permutation,
            "position": np.array([self._position], np.int64),
            "generator": generator_state(self._generator),
        }

    def resume(self, state: dict[str, NDArray[np.generic]]) -> None:
        self._permutation = state["permutation"].astype(np.int64)
        self._position = int(state["position"][0])
        self._generator = generator_from(state["generator"])


def generator_state(generator: np.random.Generator) -> NDArray[np.uint64]:
    """A PCG64 generator as six words: state and increment (128 bits each, low word first), and the spare
    32-bit draw that it may hold."""
    said = generator.bit_generator.state
    state, increment = said["state"]["state"], said["state"]["inc"]
    words = [
        state & _WORD,
        state >> 64,
        increment & _WORD,
        increment >> 64,
        said["has_uint32"],
        said["uinteger"],
    ]
    return np.array(words, np.uint64)


def generator_from(words: NDArray[np.generic]) -> np.random.Generator:
    low, high, increment_low, increment_high, has_spare, spare = (int(word) for word in words)
    bits = np.random.PCG64()
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": high << 64 | low, "inc": increment_high << 64 | increment_low},
        "has_uint32": has_spare,
        "uinteger": spare,
    }
    return np.random.Generator(bits)
