"""Gather what a report is made of, and write it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resurge.core.durable import write_durably
from resurge.core.errors import RepositoryError
from resurge.incidents.records import StepRecord
from resurge.planning.cost import Usage
from resurge.reports.as_json import report_json
from resurge.reports.facts import build_report
from resurge.reports.html import report_html
from resurge.reports.model import BackupFact, DrillFact, LedgerFact

if TYPE_CHECKING:
    from resurge.app import App
    from resurge.reports.model import Report


def write_report(
    app: "App", html: Path | None, as_json: Path | None, since: float, injected: Mapping[str, float]
) -> dict[str, object]:
    """The report as its JSON; written to the files that are named."""
    report = gather_report(app, since, injected)
    plain = report_json(report)
    if as_json is not None:
        write_durably(as_json, json.dumps(plain, indent=2).encode() + b"\n", mode=0o644)
    if html is not None:
        write_durably(html, report_html(report).encode(), mode=0o644)
    return plain


def gather_report(app: "App", since: float, injected: Mapping[str, float]) -> "Report":
    now = app.clock.now()
    incidents = app.book.list()
    points = app.points.all()
    drills = app.drills.all()
    starts = [p.taken_at for p in points] + [i.opened_at for i in incidents] + [d.started_at for d in drills]
    since = max(since, min(starts, default=now))
    steps = {i.run_id: app.book.steps(i.run_id) for i in incidents if i.run_id}
    verification = app.verify_ledger()
    return build_report(
        estate=app.estate,
        incidents=incidents,
        steps=steps,
        backups=[
            BackupFact(
                component=p.component,
                snapshot=p.snapshot,
                taken_at=p.taken_at,
                finished_at=p.finished_at,
                verdict=p.verdict,
                reasons=p.reasons,
                read_bytes=p.read_bytes,
                stored_bytes=p.stored_bytes,
                seconds=p.seconds,
            )
            for p in points
        ],
        drills=[
            DrillFact(
                component=d.component,
                snapshot=d.snapshot,
                started_at=d.started_at,
                ended_at=d.ended_at,
                passed=d.passed,
                rto_seconds=d.rto_seconds,
                checks=d.checks,
                failure=d.failure or None,
            )
            for d in drills
        ],
        usage=_usage(app, since, now, steps),
        ledger=LedgerFact(verification.size, verification.root, verification.good, verification.problem),
        period=(since, now),
        injected_at=injected,
    )


def _usage(app: "App", since: float, now: float, steps: Mapping[str, Sequence[StepRecord]]) -> Usage:
    """Bytes that all repositories hold, bytes read and written back, seconds that this took."""
    points = app.points.all(since)
    drills = app.drills.all(since)
    records = [record for run in steps.values() for record in run if record.ended_at is not None]
    written = sum(int(str(record.detail.get("written_bytes", 0))) for record in records)
    copied = sum(int(str(record.detail.get("copied_bytes", 0))) for record in records)
    seconds = sum(p.seconds for p in points) + sum(d.rto_seconds for d in drills)
    seconds += sum((record.ended_at or 0.0) - record.started_at for record in records)
    return Usage(
        stored_bytes=sum(_stored_bytes(app, name) for name in app.estate.repositories),
        moved_bytes=sum(p.read_bytes for p in points) + written + copied,
        compute_seconds=seconds,
        period_seconds=now - since,
    )


def _stored_bytes(app: "App", name: str) -> int:
    try:
        return app.repositories.open(name).stats().stored_bytes
    except RepositoryError:
        return 0  # a lost repository stores nothing
