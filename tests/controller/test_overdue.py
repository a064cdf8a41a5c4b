"""A backup that does not come is found, and one that is merely late is no incident."""

from pathlib import Path

from resurge.controller.overdue import OVERDUE_FACTOR, overdue_alerts
from resurge.estate.model import Component, ComponentKind, Estate, Objectives, Source, SourceKind

RPO = 10.0


def estate() -> Estate:
    sources = (Source(SourceKind.FILES, Path("/data")),)
    promised = Component("data", ComponentKind.DATA_SET, sources, Objectives(rpo_seconds=RPO))
    nothing_promised = Component("other", ComponentKind.DATA_SET, sources)
    no_sources = Component("node", ComponentKind.NODE, objectives=Objectives(rpo_seconds=RPO))
    components = {c.name: c for c in (promised, nothing_promised, no_sources)}
    return Estate("e", Path("/e/resurge.yaml"), Path("/e/.resurge"), components, {})


def test_late_is_not_overdue() -> None:
    assert overdue_alerts(estate(), {"data": 100.0}, 0.0, 100.0 + OVERDUE_FACTOR * RPO) == ()


def test_overdue_says_since_when_and_how_old() -> None:
    (alert,) = overdue_alerts(estate(), {"data": 100.0}, 0.0, 125.0)
    assert (alert.component, alert.since) == ("data", 110.0)
    assert "25.0 s old" in alert.summary


def test_no_backup_at_all_is_overdue_too_but_not_at_the_start() -> None:
    assert overdue_alerts(estate(), {}, 1000.0, 1010.0) == ()
    (alert,) = overdue_alerts(estate(), {}, 1000.0, 1021.0)
    assert "there is none" in alert.summary


def test_what_happened_while_nobody_watched_counts_from_now_on() -> None:
    assert overdue_alerts(estate(), {"data": 100.0}, 1000.0, 1015.0) == ()
