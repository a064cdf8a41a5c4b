from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resurge.demo.injector.faults import FAULTS
from resurge.demo.injector.slots import plan, spacing

NAMES = list(FAULTS)


@given(
    seed=st.integers(),
    faults=st.lists(st.sampled_from(NAMES), max_size=14),
    seconds=st.floats(0, 10_000),
    gap=st.floats(0, 30),
)
def test_every_fault_once_in_time_and_apart(seed: int, faults: list[str], seconds: float, gap: float) -> None:
    slots = plan(seed, faults, seconds, gap)
    assert sorted(slot.fault for slot in slots) == sorted(faults)
    least = spacing(len(faults), seconds, gap)
    ends = [*(slot.offset_seconds for slot in slots), seconds]
    assert all(0 <= offset <= seconds for offset in ends)
    if slots:
        assert all(late - early >= least - 1e-6 for early, late in pairwise(ends))
    assert plan(seed, faults, seconds, gap) == slots


def test_the_seed_decides_order_and_times() -> None:
    plans = [plan(seed, NAMES, 90.0) for seed in range(40)]
    assert len({tuple(slot.fault for slot in each) for each in plans}) == 40
    assert {each[0].fault for each in plans} == set(NAMES)
    assert len({slot.offset_seconds for each in plans for slot in each}) == 40 * len(NAMES)


@pytest.mark.parametrize("seconds", [60.0, 75.0, 90.0])
def test_ten_faults_in_a_demo_are_six_seconds_apart(seconds: float) -> None:
    assert len(NAMES) == 10
    assert spacing(10, seconds) == 6.0
