"""What each injected fault came to: which incident answered it, and which promises were kept. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from resurge.demo.estate import DETECT_SECONDS, RPO_SECONDS, RTO_SECONDS
from resurge.incidents.records import Fault, Incident, IncidentState

CLOCK_SLACK_SECONDS = 0.25  # an injector writes its time down just before it acts

KILLED_MID_RESTORE = "resurge-killed-mid-restore"

EXPECTED: dict[str, tuple[str, frozenset[Fault]]] = {
    "inference-killed": ("inference", frozenset({Fault.PROCESS_DEAD})),
    "inference-hung": ("inference", frozenset({Fault.PROCESS_HUNG})),
    "model-bit-flipped": ("model", frozenset({Fault.CONTENT_CORRUPT})),
    "model-truncated": ("model", frozenset({Fault.CONTENT_TRUNCATED})),
    "dataset-deleted": ("dataset", frozenset({Fault.CONTENT_MISSING})),
    "checkpoint-poisoned": ("training", frozenset({Fault.CHECKPOINT_POISONED})),
    "database-corrupted": ("metadata", frozenset({Fault.DATABASE_DAMAGED})),
    "repository-lost": ("repository/primary", frozenset({Fault.REPOSITORY_LOST})),
    "ransomware": ("dataset", frozenset({Fault.RANSOMWARE})),
    KILLED_MID_RESTORE: ("dataset", frozenset({Fault.CONTENT_MISSING})),
}


@dataclass(frozen=True, slots=True)
class Injection:
    fault: str
    at: float
    component: str
    followed: Mapping[str, object] | None = None  # what the injector did after it, for a fault in two parts


@dataclass(frozen=True, slots=True)
class Score:
    """Measured from the injection itself, not from an estimate. `problems`: promises that were not kept."""

    injection: Injection
    incident: Incident | None
    detect_seconds: float | None
    rto_seconds: float | None
    lost_seconds: float | None
    problems: tuple[str, ...]
    over: bool  # nothing more will happen to it

    @property
    def kept(self) -> bool | None:
        if self.problems:
            return False
        return True if self.over else None


def read_injections(text: str) -> tuple[list[Injection], list[str]]:
    """What the injector did, and what it could not do. A last line that is still being written is left out."""
    done: list[Injection] = []
    not_done: list[str] = []
    for line in text.splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        said = json.loads(line)
        if said["event"] == "injected":
            done.append(Injection(said["fault"], said["at"], EXPECTED[said["fault"]][0]))
        elif said["event"] == "followed":
            done[-1] = replace(done[-1], followed=said["detail"])
        elif said["event"] == "not-injected":
            not_done.append(f"{said['fault']}: {said['detail'].get('why', '')}")
    return done, not_done


def score(injections: Sequence[Injection], incidents: Sequence[Incident], now: float) -> list[Score]:
    """Each injection with the first incident in its component that came after it and answers no other."""
    taken: set[str] = set()
    scores = []
    for injection in sorted(injections, key=lambda each: each.at):
        answer = next((i for i in incidents if i.id not in taken and _answers(i, injection)), None)
        if answer is not None:
            taken.add(answer.id)
        scores.append(_score(injection, answer, now))
    return scores


def unasked(scores: Sequence[Score], incidents: Sequence[Incident]) -> list[Incident]:
    """Incidents that answer no injection: false alarms, or damage that a recovery did."""
    answered = {score.incident.id for score in scores if score.incident}
    false = [i for i in incidents if i.id not in answered and i.state is not IncidentState.DISMISSED]
    return [i for i in false if not _is_consequence(i, scores)]


def _is_consequence(incident: Incident, scores: Sequence[Score]) -> bool:
    """A further incident in a component whose fault is still being recovered counts with that fault."""
    return any(
        s.incident is not None
        and s.incident.component == incident.component
        and s.incident.closed_at is None
        and s.injection.at <= incident.opened_at
        for s in scores
    )


def _answers(incident: Incident, injection: Injection) -> bool:
    return (
        incident.component == injection.component
        and incident.opened_at >= injection.at - CLOCK_SLACK_SECONDS
        and incident.state is not IncidentState.DISMISSED
    )


def _not_killed_in_the_middle(injection: Injection, incident: Incident) -> list[str]:
    """The fault is only what it says if Resurge died while files were coming back, and its run went on."""
    done = injection.followed or {}
    present, expected = int(str(done.get("files_present", 0))), int(str(done.get("files_expected", 0)))
    problems = []
    if not done.get("killed"):
        problems.append("Resurge was not killed")
    elif not 0 < present < expected:
        problems.append(f"killed with {present} of {expected} files back, not in the middle")
    if incident.attempt != 1:
        problems.append(f"took {incident.attempt} runs, not the same one")
    return problems


def _score(injection: Injection, incident: Incident | None, now: float) -> Score:
    if incident is None:
        late = now - injection.at > DETECT_SECONDS
        problems = ("not detected",) if late else ()
        return Score(injection, None, None, None, None, problems, over=False)
    detect = max(0.0, incident.opened_at - injection.at)
    rto = None if incident.proved_at is None else incident.proved_at - injection.at
    state_at = incident.restored_state_at
    lost = None if rto is None else 0.0 if state_at is None else max(0.0, injection.at - state_at)
    found = []
    if detect > DETECT_SECONDS:
        found.append(f"detected after {detect:.1f} s")
    if rto is not None and rto > RTO_SECONDS:
        found.append(f"recovered after {rto:.1f} s")
    if rto is None and now - injection.at > RTO_SECONDS:
        found.append("not recovered in time")
    if lost is not None and lost > RPO_SECONDS:
        found.append(f"{lost:.1f} s of data lost")
    if incident.diagnosis and incident.diagnosis.fault not in EXPECTED[injection.fault][1]:
        found.append(f"taken for {incident.diagnosis.fault.value}")
    over = incident.state in (IncidentState.CLOSED, IncidentState.FAILED)
    if over and injection.fault == KILLED_MID_RESTORE:
        found.extend(_not_killed_in_the_middle(injection, incident))
    if incident.failure and incident.state is IncidentState.CLOSED:
        found.append(f"no fresh backup: {incident.failure}")
    if incident.state is IncidentState.FAILED:
        found.append(f"recovery failed: {incident.failure}")
    return Score(injection, incident, detect, rto, lost, tuple(found), over)
