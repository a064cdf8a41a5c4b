"""The state of a training job: all that decides how its loss goes on, and its way to bytes and back."""

import json
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load, save

from resurge.demo.service.dataset import Digits
from resurge.demo.service.loader import Loader, generator_from, generator_state
from resurge.demo.service.network import SHAPES, Adam, Weights, fresh_weights, loss_and_gradients, zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOISE = np.float32(3.0)  # added to the pixels (0 to 16), so that the loss stays interesting for hours


class Job:
    """One network in training. Two jobs with the same seed and data have the same losses, bit for bit."""

    def __init__(self, digits: Digits, seed: int) -> None:
        self.seed = seed
        self.step = 0
        self.weights: Weights = fresh_weights(np.random.Generator(np.random.PCG64([seed, 1])))
        self._adam = Adam(zeros(), zeros())
        self._loader = Loader(digits, seed)
        self._noise = np.random.Generator(np.random.PCG64([seed, 2]))

    def advance(self) -> float:
        """One step; returns its loss. A network with NaN in it goes on with NaN, as real jobs do."""
        images, labels = self._loader.next_batch()
        noisy = images + NOISE * self._noise.standard_normal(images.shape, dtype=np.float32)
        self.step += 1
        with np.errstate(all="ignore"):
            loss, gradients = loss_and_gradients(self.weights, noisy, labels)
            self._adam.apply(self.weights, gradients, self.step)
        return loss

    def to_bytes(self) -> bytes:
        """A safetensors file. The same state gives the same bytes: no time is in it, and one key of metadata,
        for the format does not say in which order several are written."""
        tensors: dict[str, NDArray[np.generic]] = {
            "step": np.array([self.step], np.int64),
            "noise.generator": generator_state(self._noise),
        }
        for name in SHAPES:
            tensors[f"model.{name}"] = self.weights[name]
            tensors[f"adam.mean.{name}"] = self._adam.mean[name]
            tensors[f"adam.square.{name}"] = self._adam.square[name]
        tensors |= {f"loader.{name}": tensor for name, tensor in self._loader.state().items()}
        return save(tensors, metadata={"training": json.dumps({"seed": self.seed, "step": self.step})})

    def resume(self, data: bytes) -> None:
        """Go on from what `to_bytes` gave. SafetensorError, KeyError or ValueError for anything else."""
        tensors = load(data)
        self.weights = weights_of(data)
        self._adam.mean = {name: tensors[f"adam.mean.{name}"].copy() for name in SHAPES}
        self._adam.square = {name: tensors[f"adam.square.{name}"].copy() for name in SHAPES}
        self._loader.resume({name: tensors[f"loader.{name}"] for name in ("permutation", "position", "generator")})
        self._noise = generator_from(tensors["noise.generator"])
        self.step = int(tensors["step"][0])


def weights_of(checkpoint: bytes) -> Weights:
    """Only the network's weights."""
    tensors = load(checkpoint)
    return {name: tensors[f"model.{name}"].copy() for name in SHAPES}
