"""A small network for digits: 64 → 64 (ReLU) → 10 (softmax), and Adam.

Adam: D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015 (arXiv:1412.6980), with
its own constants.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Weights = dict[str, Floats]

HIDDEN = 64
SHAPES: dict[str, tuple[int, ...]] = {
    "hidden.weight": (64, HIDDEN),
    "hidden.bias": (HIDDEN,),
    "output.weight": (HIDDEN, 10),
    "output.bias": (10,),
}
MEAN_DECAY = np.float32(0.9)
SQUARE_DECAY = np.float32(0.999)
TINY = np.float32(1e-8)
SCALE = np.float32(1 / 16)  # pixels are 0 to 16


@dataclass(slots=True)
class Adam:
    mean: Weights
    square: Weights
    learning_rate: float = 1e-3

    def apply(self, weights: Weights, gradients: Weights, step: int) -> None:
        """In place. `step` counts from 1."""
        rate = np.float32(self.learning_rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step))
        for name, gradient in gradients.items():
            mean, square = self.mean[name], self.square[name]
            mean *= MEAN_DECAY
            mean += (1 - MEAN_DECAY) * gradient
            square *= SQUARE_DECAY
            square += (1 - SQUARE_DECAY) * gradient * gradient
            weights[name] -= rate * mean / (np.sqrt(square) + TINY)


def fresh_weights(generator: np.random.Generator) -> Weights:
    """He's initialisation (arXiv:1502.01852) for the matrices, zero for the biases."""
    return {
        name: np.zeros(shape, np.float32)
        if len(shape) == 1
        else (generator.standard_normal(shape) * np.sqrt(2 / shape[0])).astype(np.float32)
        for name, shape in SHAPES.items()
    }


def zeros() -> Weights:
    return {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}


def loss_and_gradients(weights: Weights, images: Floats, labels: NDArray[np.int64]) -> tuple[float, Weights]:
    """Mean cross-entropy (nats) over the batch. `images` is (batch, 64), values 0 to 16."""
    inputs = images * SCALE
    before = inputs @ weights["hidden.weight"] + weights["hidden.bias"]
    hidden = np.maximum(before, 0)
    scores = hidden @ weights["output.weight"] + weights["output.bias"]
    scores -= scores.max(axis=1, keepdims=True)
    logarithms = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    loss = -float(logarithms[rows, labels].mean())
    error = np.exp(logarithms)
    error[rows, labels] -= 1
    error /= np.float32(len(labels))
    back = (error @ weights["output.weight"].T) * (before > 0)
    return loss, {
        "hidden.weight": inputs.T @ back,
        "hidden.bias": back.sum(axis=0),
        "output.weight": hidden.T @ error,
        "output.bias": error.sum(axis=0),
    }


def probabilities(weights: Weights, images: NDArray[np.float64]) -> NDArray[np.float64]:
    """(count, 10). Each image is computed alone, so that its answer does not depend on its neighbours."""
    wide = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    answers = np.empty((len(images), 10))
    for number, image in enumerate(images):
        hidden = np.maximum((image / 16) @ wide["hidden.weight"] + wide["hidden.bias"], 0)
        scores = hidden @ wide["output.weight"] + wide["output.bias"]
        powers = np.exp(scores - scores.max())
        answers[number] = powers / powers.sum()
    return answers
