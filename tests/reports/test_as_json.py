import json
import re
from pathlib import Path

from resurge.reports.as_json import REPORT_VERSION, report_json, rfc3339
from resurge.reports.facts import Report, build_report
from tests.reports.builders import (
    LEDGER,
    PERIOD,
    T0,
    USAGE,
    demo_backups,
    demo_drills,
    demo_incidents,
    estate,
    steps_of,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "reports.md"


def demo_report() -> Report:
    incidents = demo_incidents()
    steps = {i.run_id or "": steps_of(i) for i in incidents}
    return build_report(
        estate(), incidents, steps, demo_backups(), demo_drills(), USAGE, LEDGER, PERIOD,
        injected_at={incidents[0].id: incidents[0].onset_at - 0.125},
    )  # fmt: skip


def test_it_survives_json_unchanged() -> None:
    made = report_json(demo_report())
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_times_are_given_twice() -> None:
    made = json.loads(json.dumps(report_json(demo_report())))
    assert rfc3339(T0) == "2026-11-23T17:04:55.250Z"
    assert made["period"]["since_at"] == T0
    assert made["period"]["since_time"] == "2026-11-23T17:04:55.250Z"
    for instant in _keys(made):
        if instant.endswith("_at"):
            assert instant.removesuffix("_at") + "_time" in _keys(made)


def test_a_script_finds_what_it_needs() -> None:
    made = json.loads(json.dumps(report_json(demo_report())))
    assert made["report_version"] == REPORT_VERSION == 1
    assert made["kept"] is False
    first = made["incidents"][0]
    assert first["onset_basis"] == "injected"
    assert first["rto"]["kept"] is True
    assert sum(p["seconds"] for p in first["phases"]) == first["rto"]["measured_seconds"]
    assert made["cost"]["total"] > 0
    assert made["ledger"]["verified"] is True


def test_every_field_is_documented_and_nothing_else() -> None:
    """Adding a field without telling its meaning fails here, and so does a page that promises too much."""
    described = set(re.findall(r"^\| `([a-z_…]+)`", DOCUMENT.read_text(), flags=re.MULTILINE))
    written = {k.removesuffix("_time") + "_at" if k.endswith("_time") else k for k in _keys(report_json(demo_report()))}
    assert written == described


def _keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {k for inner in value.values() for k in _keys(inner)}
    if isinstance(value, list):
        return {k for inner in value for k in _keys(inner)}
    return set()
