"""From the symptoms of one component to the kind of fault. Pure.

The rules are ordered: damage to data explains a dead process beside it, never the other way round. The first rule
that fits names the fault; every other symptom stays as evidence.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from resurge.diagnosis.locate import Group
from resurge.estate.model import Component, ComponentKind, Estate
from resurge.incidents.records import Alert, Diagnosis, Fault, Symptom

Symptoms = Mapping[Symptom, Alert]
Rule = tuple[Fault, Callable[[Symptoms, Component | None], bool]]

ENCRYPTED_FILES_AT_LEAST = 5  # fewer may be a file that somebody compressed
CERTAIN_AFTER_LOOKING = 0.95
CERTAIN_BY_SYMPTOM = 0.7


def _any(*symptoms: Symptom) -> Callable[[Symptoms, Component | None], bool]:
    return lambda found, _: any(symptom in found for symptom in symptoms)


def _many_encrypted(found: Symptoms, _: Component | None) -> bool:
    alert = found.get(Symptom.ENTROPY_JUMP)
    return alert is not None and len(paths_of(alert)) >= ENCRYPTED_FILES_AT_LEAST


def _weights_poisoned(found: Symptoms, component: Component | None) -> bool:
    trains = component is not None and component.kind in (
        ComponentKind.TRAINING_JOB,
        ComponentKind.CHECKPOINTS,
    )
    return Symptom.LOSS_NOT_FINITE in found or (trains and Symptom.TENSOR_NOT_FINITE in found)


RULES: tuple[Rule, ...] = (
    (Fault.REPOSITORY_LOST, _any(Symptom.REPOSITORY_MISSING)),
    (Fault.REPOSITORY_DAMAGED, _any(Symptom.REPOSITORY_DAMAGED)),
    (Fault.DATABASE_DAMAGED, _any(Symptom.DATABASE_DAMAGED)),
    (Fault.RANSOMWARE, _many_encrypted),
    (Fault.CHECKPOINT_POISONED, _weights_poisoned),
    (Fault.CONTENT_MISSING, _any(Symptom.CONTENT_MISSING)),
    (Fault.CONTENT_TRUNCATED, _any(Symptom.CONTENT_TRUNCATED)),
    (
        Fault.CONTENT_CORRUPT,
        _any(
            Symptom.CONTENT_CHANGED,
            Symptom.ENTROPY_JUMP,
            Symptom.TENSOR_NOT_FINITE,
            Symptom.TENSOR_FILE_MALFORMED,
        ),
    ),
    (Fault.PROCESS_DEAD, _any(Symptom.PROCESS_DEAD)),
    (Fault.PROCESS_HUNG, _any(Symptom.PROCESS_STOPPED, Symptom.PROBE_TIMEOUT, Symptom.PROBE_REFUSED)),
    (Fault.TRAINING_STALLED, _any(Symptom.PROGRESS_STALLED, Symptom.PROGRESS_DIVERGED)),
    (Fault.SERVICE_DEGRADED, _any(Symptom.CANARY_WRONG, Symptom.PROBE_FAILED)),
    (Fault.DISK_FULL, _any(Symptom.DISK_FULL)),
    (Fault.BACKUP_OVERDUE, _any(Symptom.BACKUP_OVERDUE)),
)

DATA_FAULTS = frozenset(
    {
        Fault.DATABASE_DAMAGED,
        Fault.RANSOMWARE,
        Fault.CHECKPOINT_POISONED,
        Fault.CONTENT_MISSING,
        Fault.CONTENT_TRUNCATED,
        Fault.CONTENT_CORRUPT,
    }
)
"""Faults after which a snapshot of the component may hold the damage."""


def diagnose(found: Group, estate: Estate, confirmed: bool) -> Diagnosis:
    """`confirmed`: an immediate second look saw the symptoms too."""
    own = [alert for alert in found.alerts if alert.component == found.component]
    symptoms = {alert.symptom: alert for alert in own}
    component = estate.components.get(found.component)
    fault = next((fault for fault, fits in RULES if fits(symptoms, component)), Fault.UNKNOWN)
    timely = [alert for alert in own if alert.symptom is not Symptom.BACKUP_OVERDUE] or own
    since = min(alert.since for alert in timely)
    last_good_at = min(*(alert.last_good_at for alert in timely), since)
    return Diagnosis(
        fault=fault,
        component=found.component,
        affected=found.affected,
        onset_at=(since + last_good_at) / 2,
        onset_uncertainty_seconds=(since - last_good_at) / 2,
        evidence=tuple(f"{a.component}: {a.summary}" for a in _strongest_first(found.alerts, symptoms)),
        paths=tuple(dict.fromkeys(path for alert in own for path in paths_of(alert))),
        certainty=CERTAIN_AFTER_LOOKING if confirmed else CERTAIN_BY_SYMPTOM,
    )


def not_seen_since(diagnosis: Diagnosis, at: float) -> Diagnosis:
    """It was there at the first look, and nobody had looked since `at`: the onset lies anywhere in between."""
    upper = diagnosis.onset_at + diagnosis.onset_uncertainty_seconds
    if at >= upper:
        return diagnosis
    return replace(diagnosis, onset_at=(at + upper) / 2, onset_uncertainty_seconds=(upper - at) / 2)


def not_before(diagnosis: Diagnosis, at: float) -> Diagnosis:
    """Narrow the interval in which the fault came: at `at` all was still well. Nothing changes if that is later."""
    lower = diagnosis.onset_at - diagnosis.onset_uncertainty_seconds
    upper = diagnosis.onset_at + diagnosis.onset_uncertainty_seconds
    if not lower < at < upper:
        return diagnosis
    return replace(diagnosis, onset_at=(at + upper) / 2, onset_uncertainty_seconds=(upper - at) / 2)


def paths_of(alert: Alert) -> tuple[str, ...]:
    paths = alert.detail.get("paths", ())
    return tuple(str(path) for path in paths) if isinstance(paths, list | tuple) else ()


def _strongest_first(alerts: Iterable[Alert], symptoms: Symptoms) -> list[Alert]:
    """The symptoms of the cause before those of its victims; among them, the earliest first."""
    return sorted(alerts, key=lambda a: (a.symptom not in symptoms, a.since))
