"""One immediate look at everything about a component, for the proof of a recovery: every hash, no damping."""

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from resurge.core.errors import ComponentNotFound
from resurge.estate.model import Component, Content, Estate, Probe, ProbeKind, Source, SourceKind
from resurge.incidents.records import Anomaly, Symptom
from resurge.monitoring.collectors.process import find_process
from resurge.monitoring.collectors.progress import LineTail, new_curve, parse_step
from resurge.monitoring.collectors.reading import read_whole
from resurge.monitoring.collectors.registry import (
    REPOSITORY_PREFIX,
    canary_collector,
    probe_collector,
)
from resurge.monitoring.collectors.repository import RepositoryCollector
from resurge.monitoring.collectors.scanning import Signature, scan
from resurge.monitoring.measurement import FileNorm, Measurement
from resurge.sources.entropy import looks_encrypted
from resurge.sources.health import EXAMINED_SUFFIXES, examine_sqlite, examine_tensors

PROGRESS_WAIT_SECONDS = 3.0
POLL_SECONDS = 0.02

_BY_OUTCOME = {
    "refused": Symptom.PROBE_REFUSED,
    "timeout": Symptom.PROBE_TIMEOUT,
    "failed": Symptom.PROBE_FAILED,
    "wrong": Symptom.CANARY_WRONG,
}


def examine(component: str, estate: Estate, norms: Mapping[str, FileNorm], *, thorough: bool = True) -> list[Anomaly]:
    """Empty means well. Probes for proof are asked too.

    Without `thorough`, a quick look that waits for nobody: the process, the sizes of files, the newest weights, a
    quick check of databases; no probe, no canary, no hash.

    `norms` are what files must be, by absolute path; for `repository/NAME`, the objects that must be there.
    """
    if component.startswith(REPOSITORY_PREFIX) and component.removeprefix(REPOSITORY_PREFIX) in estate.repositories:
        return _repository(component, estate, norms)
    if component not in estate.components:
        raise ComponentNotFound(f"The estate has no component {component!r}", "See `resurge status` for its names.")
    return list(_component(estate.components[component], estate, norms, thorough=thorough))


def _component(
    component: Component, estate: Estate, norms: Mapping[str, FileNorm], *, thorough: bool
) -> Iterable[Anomaly]:
    yield from _process(component)
    for source in component.sources:
        if source.kind is SourceKind.SQLITE:
            yield from _database(component.name, source.path, thorough=thorough)
        else:
            yield from _files(component.name, source, norms, thorough=thorough)
    if not thorough:
        return
    for probe in component.probes:
        if probe.kind is ProbeKind.PROGRESS:
            yield from _progress(component, probe)
        else:
            collector = probe_collector(component, probe, 1.0, estate.file.parent)
            yield from _asked(collector.collect(time.time()))
    if component.canary is not None:
        yield from _asked(canary_collector(component, 1.0).collect(time.time()))


def _anomaly(component: str, symptom: Symptom, summary: str, **detail: object) -> Anomaly:
    at = time.time()
    return Anomaly(component, symptom, True, at, at, at, summary, detail)


def _process(component: Component) -> Iterable[Anomaly]:
    if component.process is None:
        return
    look = find_process(component.process)
    if look.state != "running":
        symptom = Symptom.PROCESS_DEAD if look.state == "dead" else Symptom.PROCESS_STOPPED
        yield _anomaly(component.name, symptom, look.summary, pid=look.pid)


def _asked(measurements: Iterable[Measurement]) -> Iterable[Anomaly]:
    for measurement in measurements:
        symptom = _BY_OUTCOME.get(str(measurement.detail.get("outcome", "")))
        if symptom is not None:
            yield _anomaly(measurement.component, symptom, str(measurement.detail["summary"]))


def _database(component: str, path: Path, *, thorough: bool) -> Iterable[Anomaly]:
    health = examine_sqlite(path, quick=not thorough)
    if health.symptom is not None:
        yield _anomaly(component, health.symptom, health.summary, paths=[str(path)], count=1)


def _files(component: str, source: Source, norms: Mapping[str, FileNorm], *, thorough: bool) -> Iterable[Anomaly]:
    root = str(source.path)
    mine = {path: norm for path, norm in norms.items() if path == root or path.startswith(root + "/")}
    seen = scan(source)
    if seen is None:
        yield _anomaly(
            component,
            Symptom.CONTENT_MISSING,
            f"missing: {root}",
            paths=sorted(mine) or [root],
            count=len(mine) or 1,
        )
        return
    found: dict[Symptom, list[str]] = {}
    for path, norm in sorted(mine.items()):
        symptoms = _file(path, norm, source.content, seen[path].size if path in seen else None, thorough=thorough)
        for symptom in symptoms:
            found.setdefault(symptom, []).append(path)
    if source.content is Content.ROLLING and seen:
        found.pop(Symptom.CONTENT_MISSING, None)
    for path in _weights(source, seen, thorough=thorough):
        health = examine_tensors(Path(path))
        rolled_away = health.symptom is Symptom.CONTENT_MISSING and source.content is Content.ROLLING
        if health.symptom is not None and not rolled_away:
            found.setdefault(health.symptom, []).append(path)
    for symptom, paths in found.items():
        summary = f"{symptom.value}: {paths[0]}" + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
        yield _anomaly(component, symptom, summary, paths=paths, count=len(paths))


def _weights(source: Source, seen: Mapping[str, Signature], *, thorough: bool) -> list[str]:
    """Tensor files to open; for a quick look only the newest, from which a job would go on."""
    if source.content is Content.MUTABLE:
        return []
    paths = sorted(path for path in seen if Path(path).suffix in EXAMINED_SUFFIXES)
    return paths if thorough else sorted(paths, key=lambda path: seen[path].mtime_ns)[-1:]


def _file(path: str, norm: FileNorm, content: Content, size: int | None, *, thorough: bool) -> Iterable[Symptom]:
    """A mutable file may be anything but encrypted; its being gone is for the caller's judgement as well."""
    if size is None:
        return [] if content is Content.MUTABLE else [Symptom.CONTENT_MISSING]
    if content is not Content.MUTABLE and size != norm.size:
        return [Symptom.CONTENT_TRUNCATED if size < norm.size else Symptom.CONTENT_CHANGED]
    reading = read_whole(path) if thorough else None
    if reading is None:
        return []
    if content is Content.MUTABLE:
        encrypted = looks_encrypted(norm.entropy, reading.entropy, reading.signature.size)
        return [Symptom.ENTROPY_JUMP] if encrypted else []
    return [] if reading.digest == norm.digest else [Symptom.CONTENT_CHANGED]


def _progress(component: Component, probe: Probe) -> Iterable[Anomaly]:
    """Well is only a job that makes a new step now, with a finite loss, on the curve it was on before."""
    tail, curve = LineTail(Path(probe.target)), new_curve(probe)
    lines, _ = tail.read()
    started_at = find_process(component.process).started_at if component.process else None
    for line in lines:
        _follow(curve.add, line, started_at)
    before = curve.last_step
    deadline = time.monotonic() + min(max(probe.stall_seconds, 0.1), PROGRESS_WAIT_SECONDS)
    grew = _wait_for_step(tail, lambda line: _follow(curve.add, line, started_at), deadline)
    if not grew:
        yield _anomaly(component.name, Symptom.PROGRESS_STALLED, f"no new step after {before}", step=before)
    elif not math.isfinite(curve.last_loss):
        summary = f"the loss of step {curve.last_step} is not a finite number"
        yield _anomaly(component.name, Symptom.LOSS_NOT_FINITE, summary, step=curve.last_step)
    if curve.diverged is not None:
        found = curve.diverged
        summary = f"step {found['step']} was run twice, with loss {found['was']} and then {found['now']}"
        yield _anomaly(component.name, Symptom.PROGRESS_DIVERGED, summary, **found)


def _follow(add: Callable[..., None], line: bytes, started_at: float | None) -> bool:
    """Only what the running process wrote is compared: for older contradictions it has no answer."""
    found = parse_step(line)
    if found is None:
        return False
    written_at = _written_at(line)
    add(*found, compare=started_at is None or written_at is None or written_at >= started_at)
    return True


def _written_at(line: bytes) -> float | None:
    time_written = json.loads(line).get("time")
    return float(time_written) if isinstance(time_written, int | float) else None


def _wait_for_step(tail: LineTail, follow: Callable[[bytes], bool], deadline: float) -> bool:
    while True:
        lines, _ = tail.read()
        steps = [line for line in lines if follow(line)]
        if steps:
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)


def _repository(component: str, estate: Estate, norms: Mapping[str, FileNorm]) -> list[Anomaly]:
    spec = estate.repositories[component.removeprefix(REPOSITORY_PREFIX)]
    collector = RepositoryCollector(component, Path(spec.url.removeprefix("file://")), 1.0)
    collector.learn(norms)
    told = collector.examine(time.time()).detail
    if told["gone"]:
        return [_anomaly(component, Symptom.REPOSITORY_MISSING, str(told["summary"]))]
    if told["damaged"]:
        paths = list(told["damaged"])
        summary = f"objects missing or damaged: {paths[0]} ({told['counts']['damaged']} in all)"
        return [_anomaly(component, Symptom.REPOSITORY_DAMAGED, summary, paths=paths, count=len(paths))]
    return []
