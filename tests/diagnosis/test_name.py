"""From symptoms to a fault, and what the diagnosis says about time."""

from pathlib import Path

import pytest

from resurge.diagnosis.locate import Group
from resurge.diagnosis.name import diagnose, not_before
from resurge.diagnosis.second_look import with_second_look
from resurge.estate.model import Component, ComponentKind, Estate
from resurge.incidents.records import Alert, Anomaly, Fault, Symptom

S, F = Symptom, Fault


def estate(kind: ComponentKind) -> Estate:
    components = {"it": Component("it", kind)}
    return Estate("e", Path("/e/resurge.yaml"), Path("/e/.resurge"), components, {})


def alert(symptom: Symptom, paths: int = 0, since: float = 100.0, last_good_at: float = 99.0) -> Alert:
    detail = {"paths": [f"/d/{n}" for n in range(paths)]}
    return Alert("it", symptom, since + 0.5, since, last_good_at, symptom.value, detail)


@pytest.mark.parametrize(
    ("kind", "alerts", "fault"),
    [
        (ComponentKind.INFERENCE_SERVICE, [alert(S.PROCESS_DEAD), alert(S.PROBE_REFUSED)], Fault.PROCESS_DEAD),
        (ComponentKind.INFERENCE_SERVICE, [alert(S.PROCESS_STOPPED)], Fault.PROCESS_HUNG),
        (ComponentKind.INFERENCE_SERVICE, [alert(S.PROBE_TIMEOUT)], Fault.PROCESS_HUNG),
        (ComponentKind.INFERENCE_SERVICE, [alert(S.CANARY_WRONG)], Fault.SERVICE_DEGRADED),
        (ComponentKind.MODEL, [alert(S.CONTENT_CHANGED, 1)], Fault.CONTENT_CORRUPT),
        (ComponentKind.MODEL, [alert(S.TENSOR_NOT_FINITE, 1)], Fault.CONTENT_CORRUPT),
        (ComponentKind.MODEL, [alert(S.TENSOR_FILE_MALFORMED, 1), alert(S.CONTENT_TRUNCATED, 1)], F.CONTENT_TRUNCATED),
        (ComponentKind.DATA_SET, [alert(S.CONTENT_MISSING, 50)], Fault.CONTENT_MISSING),
        (ComponentKind.DATA_SET, [alert(S.CONTENT_CHANGED, 1), alert(S.ENTROPY_JUMP, 1)], Fault.CONTENT_CORRUPT),
        (ComponentKind.DATA_SET, [alert(S.CONTENT_MISSING, 9), alert(S.ENTROPY_JUMP, 30)], Fault.RANSOMWARE),
        (ComponentKind.TRAINING_JOB, [alert(S.PROCESS_DEAD), alert(S.TENSOR_NOT_FINITE, 1)], Fault.CHECKPOINT_POISONED),
        (ComponentKind.TRAINING_JOB, [alert(S.LOSS_NOT_FINITE)], Fault.CHECKPOINT_POISONED),
        (ComponentKind.TRAINING_JOB, [alert(S.PROGRESS_STALLED)], Fault.TRAINING_STALLED),
        (ComponentKind.DATABASE, [alert(S.DATABASE_DAMAGED, 1)], Fault.DATABASE_DAMAGED),
        (ComponentKind.STORE, [alert(S.REPOSITORY_MISSING)], Fault.REPOSITORY_LOST),
        (ComponentKind.NODE, [alert(S.DISK_FULL)], Fault.DISK_FULL),
    ],
)  # fmt: skip
def test_symptoms_name_the_fault(kind: ComponentKind, alerts: list[Alert], fault: Fault) -> None:
    assert diagnose(Group("it", tuple(alerts), ()), estate(kind), confirmed=True).fault is fault


def test_every_symptom_alone_leads_to_some_fault() -> None:
    """But for a burst of changes that does no visible damage: somebody may just be working."""
    for symptom in set(Symptom) - {Symptom.CHANGE_BURST}:
        found = diagnose(Group("it", (alert(symptom, 30),), ()), estate(ComponentKind.STORE), confirmed=True)
        assert found.fault is not Fault.UNKNOWN, symptom


def test_the_onset_lies_between_the_last_good_look_and_the_first_bad_one() -> None:
    alerts = (alert(S.PROCESS_DEAD, since=100.0, last_good_at=99.4), alert(S.PROBE_REFUSED, since=100.5))
    found = diagnose(Group("it", alerts, ()), estate(ComponentKind.STORE), confirmed=True)
    assert found.onset_at - found.onset_uncertainty_seconds == pytest.approx(99.0)
    assert found.onset_at + found.onset_uncertainty_seconds == pytest.approx(100.0)


def test_a_second_look_adds_evidence_and_leaves_the_times() -> None:
    first = Group("it", (alert(S.CONTENT_CHANGED, 3),), ())
    more = Anomaly("it", S.CONTENT_CHANGED, True, 105, 105, 105, "80 changed", {"paths": ["/d/9"] * 80})
    new = Anomaly("it", S.ENTROPY_JUMP, True, 105, 105, 105, "80 encrypted", {"paths": [f"/d/{n}" for n in range(80)]})
    both = with_second_look(first, [more, new], 105.0)
    found = diagnose(both, estate(ComponentKind.DATA_SET), confirmed=True)
    assert found.fault is Fault.RANSOMWARE
    assert found.onset_at == pytest.approx(99.5)
    assert "80 changed" in found.evidence[0]
    assert len(found.paths) == 80


def test_what_a_good_snapshot_held_was_still_well_then() -> None:
    alerts = (alert(S.CONTENT_CHANGED, 1, since=100.0, last_good_at=98.0),)
    found = diagnose(Group("it", alerts, ()), estate(ComponentKind.MODEL), confirmed=True)
    narrowed = not_before(found, 99.5)
    assert (narrowed.onset_at, narrowed.onset_uncertainty_seconds) == (99.75, 0.25)
    assert not_before(found, 97.0) == found
    assert not_before(found, 101.0) == found
