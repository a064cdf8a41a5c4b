"""An estate and a demo's worth of incidents, as the records would hold them."""

from dataclasses import replace
from pathlib import Path

from resurge.estate.model import (
    Component,
    ComponentKind,
    Estate,
    Objectives,
    Prices,
    RepositorySpec,
    Schedule,
)
from resurge.incidents.records import (
    Alert,
    Diagnosis,
    Fault,
    Incident,
    IncidentState,
    Plan,
    Step,
    StepRecord,
    StepState,
    Symptom,
)
from resurge.reports.facts import BackupFact, DrillFact, LedgerFact, Usage

T0 = 1_795_453_495.25  # 2026-11-23T17:04:55.250Z
PERIOD = (T0, T0 + 106.0)
PROMISED = Objectives(rpo_seconds=8.0, rto_seconds=10.0, detect_seconds=3.0, tier=2)
USAGE = Usage(stored_bytes=48_300_000, moved_bytes=212_000_000, compute_seconds=31.4, period_seconds=106.0)
LEDGER = LedgerFact(size=112, root="9c1f4e" * 10 + "ab12", verified=True)

KINDS = {
    "dataset": ComponentKind.DATA_SET,
    "metadata": ComponentKind.DATABASE,
    "training": ComponentKind.TRAINING_JOB,
    "model": ComponentKind.MODEL,
    "inference": ComponentKind.INFERENCE_SERVICE,
}


def estate(objectives: Objectives = PROMISED) -> Estate:
    components = {
        name: Component(name, kind, objectives=objectives, schedule=Schedule(every_seconds=8.0))
        for name, kind in KINDS.items()
    }
    repositories = {
        "primary": RepositorySpec("primary", "/srv/vault/primary"),
        "second": RepositorySpec("second", "/srv/vault/second", copy_of="primary"),
    }
    return Estate(
        name="digits",
        file=Path("/srv/resurge.yaml"),
        state_folder=Path("/srv/.resurge"),
        components=components,
        repositories=repositories,
        prices=Prices("USD", stored_gb_month=0.023, moved_gb=0.09, compute_hour=0.40),
    )


def incident(
    number: int,
    component: str,
    fault: Fault,
    onset: float,
    *,
    detect: float = 0.8,
    work: float = 2.6,
    lost: float | None = None,
    uncertainty: float = 0.25,
    evidence: tuple[str, ...] = ("the process 4711 is gone",),
) -> Incident:
    """A recovered one. `onset` is seconds after `T0`, the rest are lengths in seconds."""
    onset_at = T0 + onset
    opened_at = onset_at + detect
    alert = Alert(component, Symptom.CONTENT_CHANGED, opened_at, onset_at, onset_at - 0.5, evidence[0])
    restored = None if lost is None else onset_at - lost
    plan = Plan(
        component,
        fault,
        (Step("stop", component), Step("prove", component)),
        snapshot=None if lost is None else f"5f3ac2{number:02d}",
        restored_state_at=restored,
        expected_seconds=3.0,
        reasons=("the newest recovery point that was read as good", "nothing older is nearer to the onset"),
    )
    return Incident(
        id=f"incident-20261123-170{number:03d}-3fa9c1",
        component=component,
        state=IncidentState.CLOSED,
        opened_at=opened_at,
        alerts=(alert,),
        diagnosis=Diagnosis(fault, component, (), onset_at, uncertainty, evidence),
        plan=plan,
        run_id=f"run-{number}",
        attempt=1,
        diagnosed_at=opened_at + 0.03125,
        decided_at=opened_at + 0.046875,
        proved_at=opened_at + 0.046875 + work,
        closed_at=opened_at + 0.046875 + work + 0.7,
        restored_state_at=restored,
    )


def steps_of(made: Incident, *, proof: tuple[str, ...] = ("canary identical",)) -> list[StepRecord]:
    """The usual run: shares of the time from decision to proof, a hair between two steps, a backup."""
    assert made.decided_at is not None
    assert made.run_id is not None
    assert made.proved_at is not None
    restores = made.restored_state_at is not None
    named = ["stop", "quarantine", "restore", "hook", "start", "prove"] if restores else ["stop", "start", "prove"]
    shares = [0.08, 0.07, 0.35, 0.1, 0.15, 0.25] if restores else [0.1, 0.55, 0.35]
    work = made.proved_at - made.decided_at
    at, records = made.decided_at, []
    for position, (action, share) in enumerate(zip(named, shares, strict=True)):
        end = made.proved_at if action == "prove" else at + share * work
        detail: dict[str, object] = {}
        if action == "quarantine":
            detail = {"folder": f"/srv/.resurge/quarantine/{made.id}"}
        elif action == "prove":
            detail = {"checks": list(proof)}
        records.append(
            StepRecord(
                made.run_id,
                position,
                action,
                made.component,
                StepState.DONE,
                tries=1,
                started_at=at + 0.01,
                ended_at=end,
                outcome=_OUTCOMES[action],
                detail=detail,
            )
        )
        at = end
    records.append(
        StepRecord(
            made.run_id,
            len(records),
            "backup",
            made.component,
            StepState.DONE,
            tries=1,
            started_at=at + 0.02,
            ended_at=at + 0.6,
            outcome="snapshot 81ce04aa, good",
        )
    )
    return records


_OUTCOMES = {
    "stop": "process 4711 was stopped",
    "quarantine": "3 files, 1.2 MiB set aside",
    "restore": "3 files, 1.2 MiB from the recovery point, every hash as recorded",
    "hook": "registry reconciled",
    "start": "process 4790 answers",
    "prove": "everything asked was answered well",
}


def demo_incidents() -> list[Incident]:
    return [
        incident(1, "inference", Fault.PROCESS_DEAD, 9.2, detect=0.61, work=1.4),
        incident(
            2, "model", Fault.CONTENT_CORRUPT, 19.6, detect=1.1, lost=5.3,
            evidence=("digits.safetensors: BLAKE3 differs from the last good one", "canary: 3 of 64 differ"),
        ),
        incident(
            3, "dataset", Fault.RANSOMWARE, 33.0, detect=1.9, work=3.9, lost=6.9,
            evidence=("211 of 360 files changed within 1.2 s", "entropy rose from 3.1 to 7.99 bits per byte"),
        ),
        incident(4, "training", Fault.CHECKPOINT_POISONED, 48.0, detect=0.7, work=4.4, lost=3.1),
        incident(5, "metadata", Fault.DATABASE_DAMAGED, 63.0, detect=0.4, work=2.2, lost=7.2),
        incident(6, "inference", Fault.PROCESS_HUNG, 76.0, detect=2.1, work=1.7),
        replace(
            incident(7, "repository/primary", Fault.REPOSITORY_LOST, 88.0, detect=1.2, work=9.4),
            diagnosis=Diagnosis(
                Fault.REPOSITORY_LOST, "repository/primary", ("dataset", "model"), T0 + 88.0, 0.25,
                ("config is gone",),
            ),
        ),
    ]  # fmt: skip


def demo_backups() -> list[BackupFact]:
    facts = []
    for lane, component in enumerate(("dataset", "metadata", "training", "model")):
        for turn in range(13):
            taken = T0 + 1.0 + lane * 0.7 + turn * 8.0
            good = not (component == "dataset" and turn == 4)
            facts.append(
                BackupFact(
                    component=component,
                    snapshot=f"{lane}{turn:02d}af3c1",
                    taken_at=taken,
                    finished_at=taken + 0.4,
                    verdict="good" if good else "suspect",
                    reasons=() if good else ("entropy rose to 7.99 bits per byte in 211 files",),
                    read_bytes=4_100_000,
                    stored_bytes=120_000,
                    seconds=0.4,
                )
            )
    return facts


def demo_drills() -> list[DrillFact]:
    return [DrillFact("model", "300af3c1", T0 + 100, T0 + 102.2, True, 2.2, ("hashes as recorded", "canary identical"))]
