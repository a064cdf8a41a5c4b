import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resurge.incidents.records import Fault, StepRecord, StepState
from resurge.reports.model import ReportPhase
from resurge.reports.phases import phase_of, split
from tests.reports.builders import T0, incident, steps_of

MODEL = incident(2, "model", Fault.CONTENT_CORRUPT, 19.6, detect=1.1, lost=5.3)


def test_an_ordinary_recovery_goes_through_its_phases_in_order() -> None:
    phases = [s.phase for s in split(MODEL, steps_of(MODEL), MODEL.onset_at)]
    assert phases == [
        ReportPhase.DETECT,
        ReportPhase.DIAGNOSE,
        ReportPhase.DECIDE,
        ReportPhase.CONTAIN,
        ReportPhase.RESTORE,
        ReportPhase.START,
        ReportPhase.VERIFY,
    ]


def test_the_backup_after_the_proof_is_no_part_of_the_rto() -> None:
    assert split(MODEL, steps_of(MODEL), MODEL.onset_at)[-1].ended_at == MODEL.proved_at


@pytest.mark.parametrize(
    ("action", "phase"),
    [
        ("stop", ReportPhase.CONTAIN),
        ("put_back", ReportPhase.RESTORE),
        ("restore-repository", ReportPhase.RESTORE),
        ("start", ReportPhase.START),
        ("startle", ReportPhase.OTHER),
        ("call-a-friend", ReportPhase.OTHER),
    ],
)
def test_actions_belong_to_phases(action: str, phase: ReportPhase) -> None:
    assert phase_of(action) is phase


def test_without_a_proof_there_is_nothing_to_split() -> None:
    assert split(replace(MODEL, proved_at=None), steps_of(MODEL), MODEL.onset_at) == ()


ACTIONS = st.sampled_from(["stop", "quarantine", "restore", "put-back", "hook", "start", "prove", "backup", "odd"])
STEPS = st.lists(st.tuples(ACTIONS, st.floats(-5, 30), st.none() | st.floats(0, 20)), max_size=9)


@given(STEPS, st.floats(-3, 3))
def test_phases_follow_without_gaps_and_sum_to_the_rto_exactly(
    drawn: list[tuple[str, float, float | None]], shift: float
) -> None:
    """Whatever the records say: steps that overlap, never ended, or lie outside of the incident."""
    records = [
        StepRecord(
            "run-2", n, action, "model", StepState.DONE, 1, T0 + 19 + at,
            None if took is None else T0 + 19 + at + took,
        )
        for n, (action, at, took) in enumerate(drawn)
    ]  # fmt: skip
    onset_at = MODEL.onset_at + shift
    assert MODEL.proved_at is not None
    slices = split(MODEL, records, onset_at)
    assert slices[0].started_at == onset_at
    assert slices[-1].ended_at == MODEL.proved_at
    assert all(a.ended_at == b.started_at for a, b in pairwise(slices))
    assert all(s.seconds > 0 for s in slices)
    assert sum(s.seconds for s in slices) == MODEL.proved_at - onset_at
    assert math.fsum(s.seconds for s in slices) == MODEL.proved_at - onset_at
