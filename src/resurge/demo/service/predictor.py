"""What the published model answers."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from resurge.demo.service.dataset import PIXELS
from resurge.demo.service.network import SHAPES, Weights, probabilities

MOST_IMAGES = 4096


class NotAModel(Exception):
    """The file is no digits model. The message says what is wrong with it."""


class BadRequest(Exception):
    """The question is malformed. The message says how."""


@dataclass(frozen=True, slots=True)
class Model:
    sha256: str  # of the file
    weights: Weights

    def answer(self, request: object) -> dict[str, object]:
        """To `{"images": [[64 numbers], …]}`. Exact: the same model and question give the same JSON."""
        scores = probabilities(self.weights, _images(request))
        answers = [{"label": int(row.argmax()), "scores": row.tolist()} for row in scores]
        return {"model": self.sha256, "answers": answers}


def load_model(data: bytes) -> Model:
    try:
        weights = load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise NotAModel(f"the model file cannot be read: {error}") from error
    for name, shape in SHAPES.items():
        if name not in weights or weights[name].shape != shape or weights[name].dtype != np.float32:
            raise NotAModel(f"the model file has no {name} of shape {shape} in float32")
        if not np.isfinite(weights[name]).all():
            raise NotAModel(f"the model's {name} holds values that are no numbers")
    return Model(hashlib.sha256(data).hexdigest(), {name: weights[name] for name in SHAPES})


def model_bytes(weights: Weights, step: int) -> bytes:
    return save(weights, metadata={"model": json.dumps({"name": "digits", "step": step})})


def _images(request: object) -> NDArray[np.float64]:
    images = request.get("images") if isinstance(request, dict) else None
    if not isinstance(images, list) or not 0 < len(images) <= MOST_IMAGES:
        raise BadRequest(f'expected {{"images": […]}} with 1 to {MOST_IMAGES} images')
    for number, image in enumerate(images):
        if not isinstance(image, list) or len(image) != PIXELS:
            raise BadRequest(f"image {number} is not a list of {PIXELS} numbers")
        if not all(type(value) in (int, float) and -1e6 <= value <= 1e6 for value in image):
            raise BadRequest(f"image {number} holds something that is no number from -1e6 to 1e6")
    return np.array(images, dtype=np.float64)
