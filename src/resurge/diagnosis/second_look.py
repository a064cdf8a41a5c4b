"""Add what an immediate second look saw to the alerts of a group. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from resurge.diagnosis.locate import Group
from resurge.incidents.records import Alert, Anomaly


def as_alert(anomaly: Anomaly, now: float) -> Alert:
    """One look cannot tell since when: it says `now`, and the first alert's times stand."""
    return Alert(
        component=anomaly.component,
        symptom=anomaly.symptom,
        raised_at=now,
        since=now,
        last_good_at=now,
        summary=anomaly.summary,
        detail=anomaly.detail,
    )


def with_second_look(found: Group, looked: Sequence[Anomaly], now: float) -> Group:
    """Known symptoms keep their times and take the newer evidence; symptoms that are new are added."""
    second = {(anomaly.component, anomaly.symptom): as_alert(anomaly, now) for anomaly in looked}
    richer = tuple(_richer(alert, second.pop((alert.component, alert.symptom), None)) for alert in found.alerts)
    return replace(found, alerts=(*richer, *second.values()))


def _richer(alert: Alert, newer: Alert | None) -> Alert:
    if newer is None:
        return alert
    return replace(alert, summary=newer.summary, detail={**alert.detail, **newer.detail})
