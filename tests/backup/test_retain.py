"""Retention counts good snapshots only, and never lets the last good one go."""

from hypothesis import given
from hypothesis import strategies as st

from resurge.backup.points import RecoveryPoint
from resurge.backup.retain import SUSPECT_KEPT, to_forget
from resurge.estate.model import Retention


def point(number: int, verdict: str = "good") -> RecoveryPoint:
    return RecoveryPoint(f"s{number:04}", "primary", "data", 100.0 * number, 100.0 * number + 1, verdict, (), 1, 1)


def test_suspect_snapshots_do_not_push_good_ones_out() -> None:
    points = [point(1), point(2), *(point(n, "suspect") for n in range(3, 60))]
    assert to_forget(points, Retention(last=2), incident_open=False, now=1e6) == ()


def test_old_good_ones_go_by_the_rules() -> None:
    points = [point(n) for n in range(5)]
    assert set(to_forget(points, Retention(last=2), incident_open=False, now=1e6)) == {"s0000", "s0001", "s0002"}


def test_nothing_goes_while_an_incident_is_open() -> None:
    points = [point(n) for n in range(50)]
    assert to_forget(points, Retention(last=1), incident_open=True, now=1e6) == ()


def test_no_rule_keeps_everything() -> None:
    points = [point(n) for n in range(50)]
    assert to_forget(points, Retention(), incident_open=False, now=1e6) == ()


@given(
    verdicts=st.lists(st.sampled_from(["good", "suspect"]), max_size=60),
    last=st.integers(min_value=0, max_value=5),
    daily=st.integers(min_value=0, max_value=5),
)
def test_the_newest_good_one_and_the_newest_suspects_always_stay(verdicts: list[str], last: int, daily: int) -> None:
    points = [point(n, verdict) for n, verdict in enumerate(verdicts)]
    gone = set(to_forget(points, Retention(last=last, daily=daily), incident_open=False, now=1e6))
    good = [p for p in points if p.good]
    suspect = [p for p in points if not p.good]
    if good:
        assert good[-1].snapshot not in gone
    assert not {p.snapshot for p in suspect[-SUSPECT_KEPT:]} & gone
