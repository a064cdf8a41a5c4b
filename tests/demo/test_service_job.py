from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load

from resurge.demo.service.dataset import Digits, read
from resurge.demo.service.job import Job
from resurge.demo.service.layout import Layout
from resurge.demo.service.loader import BATCH, Loader
from resurge.demo.service.network import SHAPES, fresh_weights, loss_and_gradients, probabilities

STEPS = 130  # two epochs: 56 batches each, and a part of a third


@pytest.fixture(scope="module")
def digits(prepared: Layout) -> Digits:
    return read(prepared.dataset)


@pytest.fixture(scope="module")
def reference(digits: Digits) -> list[float]:
    job = Job(digits, 7)
    return [job.advance() for _ in range(STEPS)]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, STEPS), max_size=5))
def test_a_job_cut_anywhere_goes_on_with_the_same_losses(
    digits: Digits, reference: list[float], cuts: list[int]
) -> None:
    job = Job(digits, 7)
    losses: list[float] = []
    for end in [*sorted(cuts), STEPS]:
        while job.step < end:
            losses.append(job.advance())
        other = Job(digits, 1234)  # whatever it was before, the checkpoint decides
        other.resume(job.to_bytes())
        job = other
    assert losses == reference


def test_the_same_state_is_the_same_bytes(digits: Digits) -> None:
    jobs = [Job(digits, 7), Job(digits, 7)]
    for job in jobs:
        for _ in range(5):
            job.advance()
    assert jobs[0].to_bytes() == jobs[1].to_bytes()
    jobs[1].advance()
    assert jobs[0].to_bytes() != jobs[1].to_bytes()


def test_another_seed_is_another_curve(digits: Digits, reference: list[float]) -> None:
    other = Job(digits, 8)
    assert [other.advance() for _ in range(5)] != reference[:5]


def test_it_learns_and_does_not_stop_being_interesting(digits: Digits, reference: list[float]) -> None:
    job = Job(digits, 7)
    losses = [job.advance() for _ in range(2500)]
    assert np.mean(losses[:20]) > 1.5 > 0.5 > np.mean(losses[-500:]) > 0.02
    right = probabilities(job.weights, digits.images.astype(np.float64)).argmax(axis=1) == digits.labels
    assert right.mean() > 0.97


def test_the_gradients_are_the_slope_of_the_loss(digits: Digits) -> None:
    weights = {name: tensor.astype(np.float64) for name, tensor in fresh_weights(np.random.default_rng(1)).items()}
    images, labels = digits.images[:16].astype(np.float64), digits.labels[:16]
    slope: Any = loss_and_gradients
    _, gradients = slope(weights, images, labels)
    chance = np.random.default_rng(2)
    for name in SHAPES:
        direction = chance.standard_normal(weights[name].shape)
        ahead = {**weights, name: weights[name] + 1e-6 * direction}
        behind = {**weights, name: weights[name] - 1e-6 * direction}
        measured = (slope(ahead, images, labels)[0] - slope(behind, images, labels)[0]) / 2e-6
        assert measured == pytest.approx(float((gradients[name] * direction).sum()), rel=1e-3, abs=1e-6)


def test_an_epoch_shows_each_image_once(digits: Digits) -> None:
    numbered = Digits(np.arange(len(digits.labels), dtype=np.float32)[:, None], digits.labels)
    loader = Loader(numbered, 3)
    batches = len(digits.labels) // BATCH
    epochs = [np.concatenate([loader.next_batch()[0][:, 0] for _ in range(batches)]) for _ in range(2)]
    for shown in epochs:
        assert len(set(shown.tolist())) == batches * BATCH
    assert epochs[0].tolist() != epochs[1].tolist()


def test_a_poisoned_job_goes_on_with_losses_that_are_not_a_number(digits: Digits) -> None:
    job = Job(digits, 7)
    job.weights["output.weight"][0, 0] = np.nan
    assert all(np.isnan(job.advance()) for _ in range(3))
    assert np.isnan(load(job.to_bytes())["model.hidden.weight"]).any()
