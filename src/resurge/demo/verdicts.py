"""What must be true when the demo is over, whatever was broken: asked of the service itself, not of our records."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from resurge.core.errors import ResurgeError
from resurge.demo.estate import Place
from resurge.incidents.records import IncidentState, StepState
from resurge.monitoring.examine import examine
from resurge.sources.digest import digest_file

if TYPE_CHECKING:
    from resurge.app import App


@dataclass(frozen=True, slots=True)
class Check:
    what: str
    problem: str = ""

    @property
    def passed(self) -> bool:
        return not self.problem


def fingerprints(folder: Path) -> dict[str, str]:
    """Path below the folder → BLAKE3 of its content."""
    return {str(p.relative_to(folder)): digest_file(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def final_checks(app: "App", place: Place, before: Mapping[str, Mapping[str, str]]) -> Iterator[Check]:
    """One after another, so that a person sees what is being asked."""
    for name, files in before.items():
        yield Check(f"{name}: {len(files)} file(s), every hash as at the beginning", _differs(place, name, files))
    yield Check("inference: canary identical", _canary(app))
    yield Check("metadata: integrity clean, registry consistent with the checkpoints", _registry(place))
    steps, problem = _loss_curve(place)
    yield Check(f"training: {steps} losses equal those of a run that nothing ever broke", problem)
    for repository in app.declared.repositories:
        yield Check(f"repository {repository}: every object read, opened and verified", _repository(app, repository))
    yield Check("runs: every step of every plan done, each sealed exactly once", _steps(app))
    verification = app.verify_ledger()
    yield Check(f"ledger: {verification.size} entries, signatures and hash tree agree", verification.problem)


def _differs(place: Place, name: str, files: Mapping[str, str]) -> str:
    now = fingerprints(place.service / name)
    changed = [path for path in files.keys() | now.keys() if files.get(path) != now.get(path)]
    return f"{len(changed)} differ, such as {changed[0]}" if changed else ""


def _canary(app: "App") -> str:
    anomalies = examine("inference", app.declared, {})
    return anomalies[0].summary if anomalies else ""


def _registry(place: Place) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "resurge.demo.service.registry", "check", str(place.service)],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip().splitlines()[0]


def _loss_curve(place: Place) -> tuple[int, str]:
    """Every loss that was ever logged, those of steps that ran twice too, against an undisturbed run."""
    lines = (place.service / "run" / "progress.jsonl").read_text().splitlines()
    logged = [(int(said["step"]), float(said["loss"])) for said in map(json.loads, lines)]
    last = max(step for step, _ in logged)
    reference = subprocess.run(
        [sys.executable, "-m", "resurge.demo.service.training", str(place.service), "--reference", str(last)],
        capture_output=True,
        text=True,
        check=False,
    )
    if reference.returncode != 0:
        return len(logged), "the undisturbed run could not be made: " + reference.stderr.strip()
    said = (json.loads(line) for line in reference.stdout.splitlines())
    right = {int(each["step"]): float(each["loss"]) for each in said}
    wrong = [step for step, loss in logged if right.get(step) != loss]
    missing = set(range(min(step for step, _ in logged), last + 1)) - {step for step, _ in logged}
    if wrong:
        return len(logged), f"{len(wrong)} differ, first at step {min(wrong)}"
    return len(logged), f"{len(missing)} steps were left out" if missing else ""


def _repository(app: "App", name: str) -> str:
    try:
        app.repositories.forget(name)
        problems = app.repositories.open(name).check(read_data=True).problems
    except ResurgeError as error:
        return str(error)
    return problems[0] if problems else ""


def _steps(app: "App") -> str:
    """From the ledger, which no step can enter twice under one key, and from the book of steps."""
    done = (e.body for e in app.ledger_entries() if e.kind == "step" and e.body["state"] == StepState.DONE.value)
    sealed = Counter((str(body["run"]), int(str(body["position"]))) for body in done)
    snapshots = app.repositories.open(app.repositories.primary.name).snapshots()
    made = Counter((s.component, tag) for s in snapshots for tag in s.tags if tag.startswith("run:"))
    if twice := [tag for tag, times in made.items() if times > 1]:
        return f"the backup step {twice[0]} made more than one snapshot"
    for incident in app.incidents():
        if incident.state is not IncidentState.CLOSED or incident.plan is None or incident.run_id is None:
            continue
        records = {record.position: record for record in app.steps(incident.run_id)}
        for position, step in enumerate(incident.plan.steps):
            record = records.get(position)
            if record is None or record.state is not StepState.DONE:
                return f"{incident.run_id} left out {step.action} {step.component}"
            if sealed[incident.run_id, position] != 1:
                return f"{incident.run_id} sealed {step.action} {sealed[incident.run_id, position]} times"
    return ""
