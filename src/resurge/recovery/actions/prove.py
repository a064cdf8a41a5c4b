"""Nothing is recovered until everything that can be asked answers well."""

from collections.abc import Mapping

from resurge.backup.protect import files_of
from resurge.backup.verdict import FileState
from resurge.core.errors import RecoveryFailed, ResurgeError
from resurge.incidents.records import Anomaly, IncidentState
from resurge.monitoring.examine import examine
from resurge.monitoring.measurement import FileNorm
from resurge.recovery.context import Outcome, StepContext, Tools
from resurge.recovery.facts import REPOSITORY_PREFIX

PATIENCE_SECONDS = 8.0  # a service needs a moment from its start to its first answer
LOOK_AGAIN_SECONDS = 0.1


def prove(context: StepContext) -> Outcome:
    name = context.step.component
    tools = context.tools
    witnesses = [w for w in context.step.arguments.get("witnesses", "").split(",") if w]
    checked = (
        _prove_repository(tools, name.removeprefix(REPOSITORY_PREFIX))
        if name.startswith(REPOSITORY_PREFIX)
        else [
            *_prove_component(tools, name, _restored(context)),
            *(line for each in witnesses for line in _prove_component(tools, each)),
        ]
    )
    incident = tools.book.get(context.incident.id)
    if incident.state is IncidentState.RECOVERING:
        state_at = incident.plan.restored_state_at if incident.plan else None
        tools.book.advance(incident.id, IncidentState.PROVED, tools.clock.now(), restored_state_at=state_at)
    return Outcome(f"{len(checked)} check(s) passed", {"checks": checked})


def _prove_component(tools: Tools, name: str, norms: dict[str, FileNorm] | None = None) -> list[str]:
    norms = norms_of(tools, name) if norms is None else norms
    deadline = tools.clock.monotonic() + PATIENCE_SECONDS
    while anomalies := examine(name, tools.estate, norms):
        if tools.clock.monotonic() >= deadline:
            raise RecoveryFailed(
                f"'{name}' is not well after the recovery: {_worst(anomalies).summary}",
                "The next candidate plan is tried; the broken state is in quarantine.",
            )
        tools.clock.sleep(LOOK_AGAIN_SECONDS)
    return _what_was_asked(tools, name, norms)


def _restored(context: StepContext) -> dict[str, FileNorm] | None:
    """What this very plan put back in full: that is what has to be there now. None: it put nothing back in full."""
    plan = context.incident.plan
    whole = plan and any(s.action == "restore" and "only" not in s.arguments for s in plan.steps)
    if plan is None or plan.snapshot is None or not whole:
        return None
    _, repository, snapshot = context.tools.repositories.holding(plan.snapshot)
    return as_norms(files_of(repository, snapshot))


def norms_of(tools: Tools, name: str) -> dict[str, FileNorm]:
    """What the newest good snapshot says of each file; empty where there is none to compare with."""
    try:
        known = tools.protector.last_good_files(name)
    except ResurgeError:  # every repository is gone: the other checks still count
        return {}
    return as_norms(known)


def as_norms(files: Mapping[str, FileState]) -> dict[str, FileNorm]:
    return {path: FileNorm(state.size, state.digest, state.entropy) for path, state in files.items()}


def _prove_repository(tools: Tools, name: str) -> list[str]:
    tools.repositories.forget(name)
    report = tools.repositories.open(name).check(read_data=True)
    if report.problems:
        raise RecoveryFailed(f"repository '{name}' is not whole: {report.problems[0]}")
    return [f"{name}: every object read, opened and verified"]


def _worst(anomalies: list[Anomaly]) -> Anomaly:
    return min(anomalies, key=lambda anomaly: anomaly.since)


def _what_was_asked(tools: Tools, name: str, norms: Mapping[str, FileNorm]) -> list[str]:
    component = tools.estate.components[name]
    asked = [f"{name}: {probe.kind.value} probe" for probe in component.probes]
    if component.process:
        asked.append(f"{name}: process running")
    if component.canary:
        asked.append(f"{name}: canary identical ({component.canary.comparator.value})")
    asked.extend(
        f"{name}: {source.kind.value} {source.path.name} ({source.content.value})" for source in component.sources
    )
    if norms:
        asked.append(f"{name}: {len(norms)} file hashes compared with the last good snapshot")
    return asked
