"""Wait until a burst is over: a diagnosis made of its first look takes ransomware for a lost file."""

from collections.abc import Iterable

from resurge.incidents.records import Alert

ROUND_SLACK_SECONDS = 0.2  # collectors of one interval do not all look at the same moment

_Fingerprint = frozenset[tuple[str, str, str]]


class Settling:
    """Remembers, for each incident, what was known and since when nothing was added. Times are given, not read."""

    def __init__(self, every_seconds: float) -> None:
        self._round_seconds = every_seconds + ROUND_SLACK_SECONDS
        self._known: dict[str, tuple[_Fingerprint, float]] = {}

    def is_settled(self, incident_id: str, alerts: Iterable[Alert], now: float) -> bool:
        """A whole round of looks has added nothing."""
        fingerprint = frozenset((a.component, a.symptom.value, str(a.detail.get("count", ""))) for a in alerts)
        known, since = self._known.get(incident_id, (None, now))
        if known != fingerprint:
            since = now
        self._known[incident_id] = (fingerprint, since)
        return now - since >= self._round_seconds
