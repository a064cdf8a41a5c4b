"""When the next backup is due. Pure.

`every: 8s` promises that no good snapshot is ever more than 8 s old, so the next one has to be *published* by
then: it starts earlier by the time that backups of this component have lately taken, and a margin.
"""

from datetime import UTC, datetime

from resurge.estate.model import Schedule

MARGIN_SHARE = 0.125  # of the interval, for a machine that is busy with something else
RETRY_SECONDS = 2.0  # after a backup that failed or was not good


def due_at(
    schedule: Schedule, last_good_at: float | None, last_try_at: float | None, usual_seconds: float
) -> float | None:
    """Unix time of the next start; None: this component is not backed up on a schedule. 0.0: at once."""
    starts: list[float] = []
    if schedule.every_seconds is not None:
        early = usual_seconds + MARGIN_SHARE * schedule.every_seconds
        starts.append(0.0 if last_good_at is None else last_good_at + max(schedule.every_seconds - early, 0.0))
    if schedule.cron is not None:
        starts.append(0.0 if last_good_at is None else _next_by_cron(schedule.cron, last_good_at))
    if not starts:
        return None
    earliest = min(starts)
    return earliest if last_try_at is None else max(earliest, last_try_at + RETRY_SECONDS)


def _next_by_cron(expression: str, after: float) -> float:
    from cronsim import CronSim

    return float(next(CronSim(expression, datetime.fromtimestamp(after, UTC))).timestamp())
