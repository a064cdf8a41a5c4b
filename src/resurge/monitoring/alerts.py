"""From anomalies to alerts that a person reads once: deduplicated, and slow to say that all is well again."""

from dataclasses import dataclass, replace

from resurge.incidents.records import Alert, Anomaly, Symptom

CLEARING_LOOKS = 2  # good looks in a row before an alert is called gone (flap damping)


@dataclass(frozen=True, slots=True)
class Cleared:
    """An alert whose anomaly is gone."""

    component: str
    symptom: Symptom
    at: float
    alert: Alert


class AlertBook:
    """Pure: one active alert for each component and symptom."""

    def __init__(self) -> None:
        self._active: dict[tuple[str, Symptom], Alert] = {}
        self._good_looks: dict[tuple[str, Symptom], int] = {}

    def update(self, anomaly: Anomaly) -> Alert | Cleared | None:
        """An alert when it is new. Known already: None, and the active alert carries the newest evidence."""
        key = (anomaly.component, anomaly.symptom)
        known = self._active.get(key)
        if anomaly.firing:
            self._good_looks.pop(key, None)
            if known is not None:
                self._active[key] = replace(known, summary=anomaly.summary, detail=anomaly.detail)
                return None
            alert = Alert(
                component=anomaly.component,
                symptom=anomaly.symptom,
                raised_at=anomaly.at,
                since=anomaly.since,
                last_good_at=anomaly.last_good_at,
                summary=anomaly.summary,
                detail=anomaly.detail,
            )
            self._active[key] = alert
            return alert
        if known is None:
            return None
        self._good_looks[key] = self._good_looks.get(key, 0) + 1
        if self._good_looks[key] < CLEARING_LOOKS:
            return None
        del self._active[key], self._good_looks[key]
        return Cleared(anomaly.component, anomaly.symptom, anomaly.at, known)

    def active(self) -> tuple[Alert, ...]:
        """Oldest first."""
        return tuple(sorted(self._active.values(), key=lambda alert: alert.raised_at))

    def forget(self, component: str) -> None:
        for key in [key for key in self._active if key[0] == component]:
            del self._active[key]
            self._good_looks.pop(key, None)
