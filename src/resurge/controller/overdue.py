"""A promise that is being broken while nothing looks broken: the newest good snapshot is too old. Pure."""

from collections.abc import Mapping

from resurge.core.units import format_duration
from resurge.estate.model import Estate
from resurge.incidents.records import Alert, Symptom

OVERDUE_FACTOR = 2.0  # times the promised RPO: a backup that is merely late is not yet an incident


def overdue_alerts(
    estate: Estate, newest_good_at: Mapping[str, float], watching_since: float, now: float
) -> tuple[Alert, ...]:
    """`newest_good_at`: by component; absent where there is none. Nothing is overdue before somebody watched."""
    alerts = []
    for component in estate.components.values():
        rpo_seconds = component.objectives.rpo_seconds
        if rpo_seconds is None or not component.sources:
            continue
        last_at = newest_good_at.get(component.name)
        counted_from = max(last_at or 0.0, watching_since)
        if now - counted_from <= OVERDUE_FACTOR * rpo_seconds:
            continue
        age = "there is none" if last_at is None else f"it is {format_duration(now - last_at)} old"
        alerts.append(
            Alert(
                component=component.name,
                symptom=Symptom.BACKUP_OVERDUE,
                raised_at=now,
                since=counted_from + rpo_seconds,
                last_good_at=counted_from + rpo_seconds,
                summary=f"no good backup within {format_duration(rpo_seconds)}: {age}",
            )
        )
    return tuple(alerts)
