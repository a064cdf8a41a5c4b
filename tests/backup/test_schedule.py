"""A schedule promises the age of the newest good snapshot, so the next one starts early enough to be there."""

from hypothesis import given
from hypothesis import strategies as st

from resurge.backup.schedule import due_at
from resurge.estate.model import Schedule


def test_the_first_backup_is_due_at_once() -> None:
    assert due_at(Schedule(every_seconds=8), None, None, 0.0) == 0.0


def test_nothing_is_due_without_a_schedule() -> None:
    assert due_at(Schedule(on_change=True), 100.0, 100.0, 1.0) is None


@given(
    every=st.floats(min_value=1, max_value=86_400),
    usual=st.floats(min_value=0, max_value=100),
    taken=st.floats(min_value=0, max_value=2e9),
)
def test_started_when_due_it_is_published_in_time_if_that_is_possible(every: float, usual: float, taken: float) -> None:
    due = due_at(Schedule(every_seconds=every), taken, None, usual)
    assert due is not None
    assert due >= taken
    if usual <= 0.8 * every:
        assert due + usual <= taken + every


def test_after_a_backup_that_was_no_good_it_waits_a_little() -> None:
    assert due_at(Schedule(every_seconds=8), None, 1000.0, 0.1) == 1002.0


def test_cron_is_in_utc() -> None:
    midnight = 1_795_392_000.0  # 2026-11-23T00:00:00Z
    assert due_at(Schedule(cron="0 3 * * *"), midnight, None, 0.0) == midnight + 3 * 3600
