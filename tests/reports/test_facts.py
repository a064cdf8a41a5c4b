from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from resurge.estate.model import Objectives
from resurge.incidents.records import Fault, Incident, IncidentState, StepRecord, StepState
from resurge.reports.facts import BackupFact, DrillFact, LedgerFact, Report, build_report
from resurge.reports.model import IncidentFact, OnsetBasis
from tests.reports.builders import (
    LEDGER,
    PERIOD,
    PROMISED,
    T0,
    USAGE,
    demo_backups,
    demo_drills,
    demo_incidents,
    estate,
    incident,
    steps_of,
)

MODEL = incident(2, "model", Fault.CONTENT_CORRUPT, 20.0, detect=1.125, work=2.5, lost=5.5)


def report_on(
    *incidents: Incident,
    objectives: Objectives = PROMISED,
    steps: Mapping[str, Sequence[StepRecord]] | None = None,
    injected_at: Mapping[str, float] | None = None,
    backups: Sequence[BackupFact] = (),
    drills: Sequence[DrillFact] = (),
    ledger: LedgerFact = LEDGER,
) -> Report:
    return build_report(
        estate(objectives),
        incidents,
        steps or {},
        backups,
        drills,
        USAGE,
        ledger,
        PERIOD,
        injected_at=injected_at,
    )


def the(report: Report) -> IncidentFact:
    (fact,) = report.incidents
    return fact


def test_a_recovery_is_measured_from_the_estimated_onset_and_says_so() -> None:
    fact = the(report_on(MODEL))
    assert fact.onset_basis is OnsetBasis.ESTIMATED
    assert fact.onset_uncertainty_seconds == 0.25
    assert fact.detect.measured_seconds == 1.125
    assert fact.rto.measured_seconds == 1.125 + 0.046875 + 2.5
    assert fact.rpo.measured_seconds == 5.5
    assert fact.rto.uncertainty_seconds == 0.25
    assert (fact.detect.kept, fact.rto.kept, fact.rpo.kept, fact.kept) == (True, True, True, True)


def test_where_the_true_onset_is_known_everything_is_measured_from_it() -> None:
    fact = the(report_on(MODEL, injected_at={MODEL.id: MODEL.onset_at - 1.0}))
    assert fact.onset_basis is OnsetBasis.INJECTED
    assert fact.detect.measured_seconds == 2.125
    assert fact.rto.measured_seconds == 1.125 + 0.046875 + 2.5 + 1.0
    assert fact.rpo.measured_seconds == 4.5
    assert fact.estimated_onset_at == MODEL.onset_at
    assert fact.rto.uncertainty_seconds == 0


@pytest.mark.parametrize(
    ("promised", "kept", "borderline"),
    [(2.0, False, False), (3.5, False, True), (3.75, True, True), (9.0, True, False)]
)  # fmt: skip
def test_a_promise_within_the_uncertainty_is_marked(promised: float, kept: bool, borderline: bool) -> None:
    fact = the(report_on(MODEL, objectives=Objectives(rto_seconds=promised)))
    assert fact.rto.kept is kept
    assert fact.rto.borderline is borderline
    assert fact.kept is kept


def test_where_nothing_was_promised_nothing_is_kept_or_broken() -> None:
    report = report_on(MODEL, objectives=Objectives())
    fact = the(report)
    assert fact.rto.measured_seconds is not None
    assert (fact.detect.kept, fact.rto.kept, fact.rpo.kept, fact.kept) == (None, None, None, None)
    assert report.totals.promises_kept == report.totals.promises_broken == report.totals.promises_open == 0
    assert report.kept


def test_a_restart_loses_nothing() -> None:
    fact = the(report_on(incident(1, "inference", Fault.PROCESS_DEAD, 9.0)))
    assert fact.rpo.measured_seconds == 0
    assert fact.rpo.uncertainty_seconds == 0
    assert fact.snapshot is None


def test_a_failed_incident_breaks_what_it_could_not_show() -> None:
    failed = replace(
        MODEL, state=IncidentState.FAILED, proved_at=None, closed_at=None, failure="no good recovery point"
    )
    report = report_on(failed)
    fact = the(report)
    assert (fact.detect.kept, fact.rto.kept, fact.rpo.kept) == (True, False, False)
    assert fact.integrity.proved is False
    assert fact.phases == ()
    assert not report.kept


@pytest.mark.parametrize(("onset", "kept"), [(100.0, None), (90.0, False)])
def test_one_still_under_way_is_open_until_its_time_is_over(onset: float, kept: bool | None) -> None:
    """The report looks 106 s after the start, and 10 s are promised."""
    going = replace(
        incident(2, "model", Fault.CONTENT_CORRUPT, onset),
        state=IncidentState.RECOVERING,
        proved_at=None,
        closed_at=None,
    )
    report = report_on(going)
    assert the(report).rto.kept is kept
    assert the(report).integrity.proved is None
    assert not report.kept
    assert report.totals.promises_open == (2 if kept is None else 1)


def test_one_that_passed_by_itself_is_judged_by_its_detection_alone() -> None:
    passed = replace(MODEL, state=IncidentState.DISMISSED, proved_at=None, restored_state_at=None)
    report = report_on(passed)
    assert (the(report).detect.kept, the(report).rto.kept) == (True, None)
    assert report.totals.dismissed == 1
    assert report.totals.promises_open == 0


def test_an_incident_without_a_diagnosis_speaks_through_its_alerts() -> None:
    fresh = replace(MODEL, state=IncidentState.OPEN, diagnosis=None, plan=None, run_id=None, proved_at=None)
    fact = the(report_on(fresh))
    assert fact.fault is Fault.UNKNOWN
    assert fact.evidence == ("the process 4711 is gone",)


def test_a_lost_repository_is_held_to_the_strictest_promise_of_what_it_endangers() -> None:
    lost = demo_incidents()[-1]
    house = estate()
    strict = replace(house.components["model"], objectives=replace(PROMISED, rto_seconds=4.0))
    loose = replace(house.components["training"], objectives=replace(PROMISED, rto_seconds=1.0))
    house = replace(house, components={**house.components, "model": strict, "training": loose})
    report = build_report(house, [lost], {}, [], [], USAGE, LEDGER, PERIOD)
    assert the(report).component == "repository/primary"
    assert the(report).rto.promised_seconds == 4.0


def test_the_proof_the_quarantine_and_the_tries_come_from_the_steps() -> None:
    records = steps_of(MODEL, proof=("every hash as recorded", "canary identical"))
    records[2] = replace(records[2], tries=2)
    fact = the(report_on(MODEL, steps={"run-2": records}))
    assert fact.integrity.proved is True
    assert fact.integrity.checks == ("every hash as recorded", "canary identical")
    assert fact.quarantine == f"/srv/.resurge/quarantine/{MODEL.id}"
    assert [s.tries for s in fact.steps] == [1, 1, 2, 1, 1, 1, 1]
    assert fact.snapshot == "5f3ac202"


def test_where_nothing_was_left_to_set_aside_no_place_is_named() -> None:
    records = steps_of(MODEL)
    records[1] = replace(records[1], detail={"folder": "/srv/.resurge/quarantine/x", "moved": 0})
    assert the(report_on(MODEL, steps={"run-2": records})).quarantine is None


def test_checks_may_also_be_questions_with_answers() -> None:
    records = steps_of(MODEL)
    proof = replace(records[-2], detail={"checks": {"canary": "identical"}}, state=StepState.DONE)
    fact = the(report_on(MODEL, steps={"run-2": [proof]}))
    assert fact.integrity.checks == ("canary: identical",)


def test_a_component_knows_its_last_good_point_and_its_last_proof() -> None:
    report = report_on(MODEL, backups=demo_backups(), drills=demo_drills())
    facts = {c.name: c for c in report.components}
    assert (facts["dataset"].backups_good, facts["dataset"].backups_suspect) == (12, 1)
    assert facts["model"].last_proved_at == T0 + 102.2
    assert facts["dataset"].last_proved_at is None
    last_good = facts["model"].last_good
    assert last_good is not None
    assert last_good.taken_at == max(b.taken_at for b in demo_backups() if b.component == "model")
    assert facts["inference"].last_good is None


def test_a_suspect_backup_is_no_recovery_point_and_lets_the_exposure_grow() -> None:
    report = report_on(backups=demo_backups())
    facts = {c.name: c for c in report.components}
    assert facts["model"].largest_exposure_seconds == pytest.approx(8.4)
    assert facts["dataset"].largest_exposure_seconds == pytest.approx(16.4)
    assert facts["inference"].largest_exposure_seconds is None


def test_what_lies_outside_the_period_is_left_out_but_still_is_a_recovery_point() -> None:
    old = replace(demo_backups()[0], taken_at=T0 - 60, finished_at=T0 - 59)
    early = incident(1, "model", Fault.CONTENT_CORRUPT, -90.0, lost=3.0)
    report = report_on(early, backups=[old])
    assert report.incidents == ()
    assert report.backups == ()
    dataset = report.components[0]
    assert dataset.last_good == old
    assert dataset.backups_good == 0
    assert dataset.largest_exposure_seconds == pytest.approx(166.0)


def test_totals_count_promises_and_name_the_worst() -> None:
    incidents = demo_incidents()
    report = report_on(*incidents, steps={i.run_id or "": steps_of(i) for i in incidents})
    totals = report.totals
    assert (totals.incidents, totals.recovered, totals.integrity_proved) == (7, 7, 7)
    assert (totals.promises_kept, totals.promises_broken, totals.incidents_broken) == (20, 1, 1)
    assert totals.worst_rto is not None
    assert totals.worst_rto.incident == 7
    assert totals.worst_rpo is not None
    assert totals.worst_rpo.incident == 5
    assert [i.number for i in report.incidents] == [1, 2, 3, 4, 5, 6, 7]
    assert not report.kept


def test_a_failed_drill_or_a_broken_ledger_is_no_kept_promise() -> None:
    (drill,) = demo_drills()
    assert report_on(MODEL, drills=[drill]).kept
    assert not report_on(MODEL, drills=[replace(drill, passed=False, failure="canary differs")]).kept
    assert not report_on(MODEL, drills=[replace(drill, rto_seconds=11.0)]).kept
    assert report_on(MODEL, drills=[replace(drill, rto_seconds=None)]).kept
    assert not report_on(MODEL, ledger=replace(LEDGER, verified=False, problem="entry 7 was changed")).kept


def test_a_quiet_period_keeps_every_promise() -> None:
    report = report_on()
    assert report.kept
    assert report.totals.worst_rto is None


def test_the_same_records_give_the_same_report_in_any_order() -> None:
    incidents = demo_incidents()
    assert report_on(*incidents) == report_on(*reversed(incidents))
