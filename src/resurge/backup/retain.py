"""Which snapshots to forget. Pure, and biased towards keeping: a mistake here cannot be taken back.

Only good snapshots are counted by the rules, so that backups of a poisoned state never push good ones out.
"""

from collections.abc import Sequence

from resurge.backup.points import RecoveryPoint
from resurge.estate.model import Retention

SUSPECT_KEPT = 5  # the newest suspect snapshots stay as evidence


def to_forget(
    points: Sequence[RecoveryPoint], retention: Retention, *, incident_open: bool, now: float
) -> tuple[str, ...]:
    """Identifiers of snapshots that the rules let go. Empty while the component has an open incident."""
    if incident_open or retention == Retention():
        return ()
    from resurge.vault.retention import choose

    good = [point for point in points if point.good]
    keep, forget = choose(good, retention, now)
    if good:
        newest = max(good, key=lambda point: point.taken_at).snapshot
        forget = [snapshot for snapshot in forget if snapshot != newest]
    suspect = sorted((p for p in points if not p.good), key=lambda p: p.taken_at)
    oldest_kept_at = min((p.taken_at for p in good if p.snapshot in keep), default=float("-inf"))
    old_suspects = [p.snapshot for p in suspect[:-SUSPECT_KEPT] if p.taken_at < oldest_kept_at]
    return (*forget, *old_suspects)
