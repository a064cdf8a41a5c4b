"""Which snapshots to keep: restic's rules, as a pure function.

Each rule goes from the newest to the oldest and keeps the newest snapshot of each of its periods (UTC) until
it has kept as many as it may. A rule that could keep more keeps the oldest, too.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from resurge.estate.model import Retention


class Dated(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def taken_at(self) -> float: ...


class Choice(NamedTuple):
    keep: dict[str, tuple[str, ...]]  # id → why, newest first
    forget: list[str]  # newest first


_Period = Callable[[datetime], tuple[int, ...]]
_PERIODS: dict[str, _Period] = {
    "hourly": lambda at: (at.year, at.month, at.day, at.hour),
    "daily": lambda at: (at.year, at.month, at.day),
    "weekly": lambda at: tuple(at.isocalendar()[:2]),
    "monthly": lambda at: (at.year, at.month),
    "yearly": lambda at: (at.year,),
}


def choose(snapshots: Sequence[Dated], retention: Retention, now: float) -> Choice:
    """A snapshot that claims to be taken after `now` is kept and counts for no rule: a clock that ran ahead
    must not push good snapshots out. With no rule at all, everything is kept.
    """
    ordered = sorted(snapshots, key=lambda each: (each.taken_at, each.id), reverse=True)
    reasons: dict[str, list[str]] = {each.id: [] for each in ordered}
    past = [each for each in ordered if each.taken_at <= now]
    for each in ordered:
        if each.taken_at > now:
            reasons[each.id].append("taken in the future")
    if retention == Retention():
        for each in past:
            reasons[each.id].append("no rule says otherwise")
    for each in past[: retention.last]:
        reasons[each.id].append("last")
    for rule, period in _PERIODS.items():
        for id_, why in _by_period(past, getattr(retention, rule), rule, period):
            reasons[id_].append(why)
    return Choice(
        {id_: tuple(why) for id_, why in reasons.items() if why},
        [id_ for id_, why in reasons.items() if not why],
    )


def _by_period(newest_first: Sequence[Dated], count: int, rule: str, period: _Period) -> list[tuple[str, str]]:
    kept: list[tuple[str, str]] = []
    last: tuple[int, ...] | None = None
    for position, each in enumerate(newest_first, 1):
        if len(kept) >= count:
            break
        this = period(datetime.fromtimestamp(each.taken_at, UTC))
        if this != last:
            kept.append((each.id, rule))
        elif position == len(newest_first):
            kept.append((each.id, f"oldest, {rule}"))
        last = this
    return kept
