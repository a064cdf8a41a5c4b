"""Publish a model: its weights, the question that tells whether it is still itself, its registration."""

import hashlib
import json
import sqlite3

from resurge.demo.service import checkpoints, metadata
from resurge.demo.service.dataset import read
from resurge.demo.service.durable import write_whole
from resurge.demo.service.failure import ServiceFailure
from resurge.demo.service.job import weights_of
from resurge.demo.service.layout import Layout
from resurge.demo.service.predictor import load_model, model_bytes

CANARY_IMAGES = 32


def publish(layout: Layout) -> str:
    """Take the newest checkpoint; returns the SHA-256 of the model file."""
    found = checkpoints.on_disk(layout.checkpoints)
    if not found:
        raise ServiceFailure(f"there is no checkpoint in {layout.checkpoints} to publish: train first")
    step = checkpoints.step_of(found[-1])
    data = model_bytes(weights_of(found[-1].read_bytes()), step)
    layout.models.mkdir(parents=True, exist_ok=True)
    write_whole(layout.model, data)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        with metadata.transaction(layout.database) as connection:
            metadata.record_model(connection, layout.model.name, step, sha256, len(data), replace=True)
    except sqlite3.DatabaseError as error:
        raise ServiceFailure(f"the database {layout.database} cannot be used: {error}") from error
    _write_canary(layout, data)
    return sha256


def _write_canary(layout: Layout, model: bytes) -> None:
    """Images from the whole data set, and what the model answers today."""
    images = read(layout.dataset).images
    chosen = images[:: len(images) // CANARY_IMAGES][:CANARY_IMAGES]
    request = {"images": [[int(value) for value in image] for image in chosen]}
    layout.canary_request.parent.mkdir(parents=True, exist_ok=True)
    write_whole(layout.canary_request, json.dumps(request).encode() + b"\n")
    write_whole(layout.canary_answers, json.dumps(load_model(model).answer(request)).encode() + b"\n")
