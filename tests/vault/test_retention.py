"""restic's rules, by example and by property."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from resurge.estate.model import Retention
from resurge.vault.retention import choose

HOUR = 3600.0
DAY = 24 * HOUR
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Dated:
    id: str
    taken_at: float


def _every(step: float, count: int) -> list[Dated]:
    return [Dated(f"s{number:03}", NOON - number * step) for number in range(count)]


def test_without_rules_everything_is_kept() -> None:
    assert choose(_every(HOUR, 5), Retention(), NOON).forget == []


def test_the_last_ones_are_kept() -> None:
    keep, forget = choose(_every(HOUR, 5), Retention(last=2), NOON)
    assert list(keep) == ["s000", "s001"]
    assert forget == ["s002", "s003", "s004"]


def test_the_newest_of_each_day_is_kept() -> None:
    keep, _ = choose(_every(6 * HOUR, 12), Retention(daily=3), NOON)
    # Noon and 06:00, 00:00 of the 23rd; then 18:00 of the 22nd and of the 21st.
    assert list(keep) == ["s000", "s003", "s007"]


def test_reasons_add_up_over_rules() -> None:
    keep, _ = choose(_every(DAY, 40), Retention(last=1, daily=2, weekly=2, monthly=2), NOON)
    assert keep["s000"] == ("last", "daily", "weekly", "monthly")
    assert keep["s001"] == ("daily", "weekly")  # Sunday the 22nd: the newest of its week
    assert keep["s023"] == ("monthly",)  # 31 October
    assert set(keep) == {"s000", "s001", "s023"}


def test_the_oldest_is_kept_where_a_rule_could_keep_more() -> None:
    keep, forget = choose(_every(HOUR, 4), Retention(yearly=5), NOON)
    assert keep == {"s000": ("yearly",), "s003": ("oldest, yearly",)}
    assert forget == ["s001", "s002"]


def test_a_clock_that_ran_ahead_pushes_nothing_out() -> None:
    future = [Dated(f"f{number}", NOON + DAY + number) for number in range(3)]
    keep, forget = choose([*future, *_every(HOUR, 3)], Retention(last=2), NOON)
    assert set(keep) == {"f0", "f1", "f2", "s000", "s001"}
    assert forget == ["s002"]


counts = st.integers(0, 4)
retentions = st.builds(Retention, counts, counts, counts, counts, counts, counts)
ages = st.lists(st.integers(0, int(900 * DAY)), max_size=40, unique=True)


@given(ages, retentions)
def test_nothing_is_both_kept_and_forgotten_and_the_newest_stays(offsets: list[int], rules: Retention) -> None:
    snapshots = [Dated(f"{number}", NOON - offset) for number, offset in enumerate(offsets)]
    keep, forget = choose(snapshots, rules, NOON)
    assert sorted([*keep, *forget]) == sorted(each.id for each in snapshots)
    assert choose(snapshots[::-1], rules, NOON) == (keep, forget), "the order given does not matter"
    if snapshots:
        assert max(snapshots, key=lambda each: each.taken_at).id in keep
    survivors = [each for each in snapshots if each.id in keep]
    assert choose(survivors, rules, NOON).forget == [], "forgetting again forgets nothing more"
