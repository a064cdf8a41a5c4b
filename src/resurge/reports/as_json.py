"""The report for machines. `docs/reports.md` lists the fields; a new meaning raises `REPORT_VERSION`."""

from datetime import UTC, datetime

from resurge.planning.cost import GIGABYTE_BYTES, MONTH_SECONDS
from resurge.reports.model import (
    BackupFact,
    ComponentFact,
    DrillResult,
    IncidentFact,
    Measure,
    Report,
    Totals,
    Worst,
)

REPORT_VERSION = 1

Json = dict[str, object]


def rfc3339(at: float) -> str:
    """UTC with milliseconds, for example `2026-11-23T17:04:55.120Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def report_json(report: Report) -> Json:
    """Every instant appears twice: `…_at` in Unix seconds and `…_time` in RFC 3339 (UTC)."""
    return {
        "report_version": REPORT_VERSION,
        "resurge_version": report.resurge_version,
        "estate": report.estate,
        "period": {
            **_instant("since", report.since),
            **_instant("until", report.until),
            "seconds": report.until - report.since,
        },
        "kept": report.kept,
        "totals": _totals(report.totals),
        "cost": _cost(report),
        "incidents": [_incident(i) for i in report.incidents],
        "components": [_component(c) for c in report.components],
        "backups": [_backup(b) for b in report.backups],
        "drills": [_drill(d) for d in report.drills],
        "ledger": {
            "entries": report.ledger.size,
            "root": report.ledger.root,
            "verified": report.ledger.verified,
            "problem": report.ledger.problem,
        },
    }


def _instant(name: str, at: float | None) -> Json:
    return {f"{name}_at": at, f"{name}_time": None if at is None else rfc3339(at)}


def _measure(measure: Measure) -> Json:
    return {
        "promised_seconds": measure.promised_seconds,
        "measured_seconds": measure.measured_seconds,
        "uncertainty_seconds": measure.uncertainty_seconds,
        "borderline": measure.borderline,
        "kept": measure.kept,
    }


def _incident(incident: IncidentFact) -> Json:
    return {
        "number": incident.number,
        "id": incident.id,
        "component": incident.component,
        "affected": list(incident.affected),
        "state": str(incident.state),
        "fault": str(incident.fault),
        "drill": incident.drill,
        "evidence": list(incident.evidence),
        **_instant("onset", incident.onset_at),
        "onset_basis": str(incident.onset_basis),
        "onset_uncertainty_seconds": incident.onset_uncertainty_seconds,
        **_instant("estimated_onset", incident.estimated_onset_at),
        **_instant("detected", incident.detected_at),
        **_instant("diagnosed", incident.diagnosed_at),
        **_instant("decided", incident.decided_at),
        **_instant("approved", incident.approved_at),
        **_instant("proved", incident.proved_at),
        **_instant("closed", incident.closed_at),
        **_instant("restored_state", incident.restored_state_at),
        "kept": incident.kept,
        "detect": _measure(incident.detect),
        "rto": _measure(incident.rto),
        "rpo": _measure(incident.rpo),
        "phases": [
            {"phase": str(p.phase), **_instant("started", p.started_at), "seconds": p.seconds} for p in incident.phases
        ],
        "integrity": {
            "proved": incident.integrity.proved,
            "checks": list(incident.integrity.checks),
            "outcome": incident.integrity.outcome,
        },
        "snapshot": incident.snapshot,
        "quarantine": incident.quarantine,
        "reasons": list(incident.reasons),
        "attempt": incident.attempt,
        "failure": incident.failure,
        "steps": [
            {
                "action": s.action,
                "component": s.component,
                "state": str(s.state),
                "tries": s.tries,
                **_instant("started", s.started_at),
                **_instant("ended", s.ended_at),
                "seconds": s.seconds,
                "outcome": s.outcome,
            }
            for s in incident.steps
        ],
    }


def _component(component: ComponentFact) -> Json:
    return {
        "name": component.name,
        "kind": component.kind,
        "tier": component.tier,
        "rpo_promised_seconds": component.rpo_promised_seconds,
        "rto_promised_seconds": component.rto_promised_seconds,
        "detect_promised_seconds": component.detect_promised_seconds,
        "last_good": None if component.last_good is None else _backup(component.last_good),
        **_instant("last_proved", component.last_proved_at),
        "backups_good": component.backups_good,
        "backups_suspect": component.backups_suspect,
        "largest_exposure_seconds": component.largest_exposure_seconds,
    }


def _backup(backup: BackupFact) -> Json:
    return {
        "component": backup.component,
        "snapshot": backup.snapshot,
        **_instant("taken", backup.taken_at),
        **_instant("finished", backup.finished_at),
        "verdict": backup.verdict,
        "reasons": list(backup.reasons),
        "read_bytes": backup.read_bytes,
        "stored_bytes": backup.stored_bytes,
        "seconds": backup.seconds,
    }


def _drill(result: DrillResult) -> Json:
    drill = result.drill
    return {
        "component": drill.component,
        "snapshot": drill.snapshot,
        **_instant("started", drill.started_at),
        **_instant("ended", drill.ended_at),
        "passed": drill.passed,
        "rto": _measure(result.rto),
        "checks": list(drill.checks),
        "failure": drill.failure,
    }


def _totals(totals: Totals) -> Json:
    return {
        "incidents": totals.incidents,
        "recovered": totals.recovered,
        "dismissed": totals.dismissed,
        "promises_kept": totals.promises_kept,
        "promises_broken": totals.promises_broken,
        "promises_open": totals.promises_open,
        "incidents_broken": totals.incidents_broken,
        "integrity_proved": totals.integrity_proved,
        "worst_detect": _worst(totals.worst_detect),
        "worst_rto": _worst(totals.worst_rto),
        "worst_rpo": _worst(totals.worst_rpo),
        "backups_good": totals.backups_good,
        "backups_suspect": totals.backups_suspect,
        "drills_passed": totals.drills_passed,
        "drills_failed": totals.drills_failed,
    }


def _worst(worst: Worst | None) -> Json | None:
    return None if worst is None else {"seconds": worst.seconds, "incident": worst.incident}


def _cost(report: Report) -> Json:
    usage, cost = report.usage, report.cost
    return {
        "currency": cost.currency,
        "total": cost.total,
        "stored": cost.stored,
        "moved": cost.moved,
        "compute": cost.compute,
        "stored_bytes": usage.stored_bytes,
        "moved_bytes": usage.moved_bytes,
        "compute_seconds": usage.compute_seconds,
        "period_seconds": usage.period_seconds,
        "gigabyte_bytes": GIGABYTE_BYTES,
        "month_seconds": MONTH_SECONDS,
    }
