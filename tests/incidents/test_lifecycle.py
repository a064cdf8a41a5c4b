import pytest
from hypothesis import given
from hypothesis import strategies as st

from resurge.incidents.lifecycle import TRANSITIONS, IllegalTransition, advance, amend
from resurge.incidents.records import Incident, IncidentState

S = IncidentState
STAMPS = ("diagnosed_at", "decided_at", "approved_at", "proved_at", "closed_at")
# Written out again, as the contract gives it: a change to the table must be made twice, knowingly.
ALLOWED = {
    S.OPEN: {S.DIAGNOSED, S.DISMISSED},
    S.DIAGNOSED: {S.PLANNED, S.DISMISSED},
    S.PLANNED: {S.WAITING, S.RECOVERING, S.DISMISSED, S.DIAGNOSED},
    S.WAITING: {S.RECOVERING, S.DISMISSED},
    S.RECOVERING: {S.PROVED, S.FAILED, S.DIAGNOSED},
    S.PROVED: {S.CLOSED, S.FAILED},
    S.FAILED: {S.RECOVERING, S.DIAGNOSED, S.DISMISSED, S.CLOSED},
    S.CLOSED: set[S](),
    S.DISMISSED: set[S](),
}


def opened(at: float = 100.0) -> Incident:
    return Incident(id="incident-1", component="model", state=S.OPEN, opened_at=at, alerts=())


def _times(incident: Incident) -> dict[str, float]:
    return {name: at for name in STAMPS if (at := getattr(incident, name)) is not None}


def test_the_table_covers_every_state() -> None:
    assert {state: set(targets) for state, targets in TRANSITIONS.items()} == ALLOWED
    assert set(TRANSITIONS) == set(S)


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("to", list(S))
def test_each_pair_is_allowed_or_refused_by_name(state: S, to: S) -> None:
    incident = Incident(id="incident-1", component="model", state=state, opened_at=1.0, alerts=())
    if to in ALLOWED[state]:
        assert advance(incident, to, 2.0).state is to
    else:
        with pytest.raises(IllegalTransition, match=f"incident-1 is {state} and cannot become {to}") as caught:
            advance(incident, to, 2.0)
        assert caught.value.advice


def test_the_straight_way_sets_each_time() -> None:
    incident = opened()
    for at, to in enumerate((S.DIAGNOSED, S.PLANNED, S.WAITING, S.RECOVERING, S.PROVED, S.CLOSED), start=101):
        incident = advance(incident, to, float(at))
    assert _times(incident) == {
        "diagnosed_at": 101,
        "decided_at": 102,
        "approved_at": 104,
        "proved_at": 105,
        "closed_at": 106,
    }
    assert incident.attempt == 1


def test_a_time_that_is_given_is_kept() -> None:
    incident = advance(opened(), S.DIAGNOSED, 150.0, diagnosed_at=120.0, failure="none")
    assert (incident.diagnosed_at, incident.failure) == (120.0, "none")


def test_only_a_standing_proof_has_a_time() -> None:
    incident = opened()
    for to in (S.DIAGNOSED, S.PLANNED, S.RECOVERING, S.PROVED):
        incident = advance(incident, to, 110.0)
    assert incident.rto_seconds == 10.0
    failed = advance(incident, S.FAILED, 120.0)
    assert failed.rto_seconds is None
    again = advance(failed, S.DIAGNOSED, 130.0)
    assert _times(again) == {"diagnosed_at": 130.0}
    assert again.attempt == 1


def test_what_the_machine_guards_cannot_be_amended() -> None:
    assert amend(opened(), failure="x").failure == "x"
    for change in ({"state": S.CLOSED}, {"id": "other"}):
        with pytest.raises(IllegalTransition, match="cannot be amended"):
            amend(opened(), **change)


@given(st.lists(st.tuples(st.sampled_from(list(S)), st.floats(0, 1000)), max_size=40))
def test_no_sequence_leaves_the_table_and_no_time_runs_backwards(calls: list[tuple[S, float]]) -> None:
    incident, begun = opened(), 0
    for to, at in calls:
        before = incident
        try:
            incident = advance(before, to, at)
        except IllegalTransition:
            assert to not in ALLOWED[before.state]
            continue
        assert to in ALLOWED[before.state]
        begun += to is S.RECOVERING
        assert incident.attempt == begun
        for name, known in _times(before).items():
            assert _times(incident).get(name, known) >= known
        in_order = list(_times(incident).values())
        assert in_order == sorted(in_order)
        assert all(time >= incident.opened_at for time in in_order)
        if to in {S.PROVED, S.CLOSED, S.DISMISSED}:
            assert max(in_order) == in_order[-1]
    assert (incident.proved_at is None) or incident.state in {S.PROVED, S.CLOSED}
