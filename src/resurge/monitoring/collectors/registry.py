"""Which collectors a component gets: one function for each thing that it can declare."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from resurge.estate.model import Component, Content, Estate, Probe, ProbeKind, Source, SourceKind, When
from resurge.monitoring.collectors.canary import ask_canary
from resurge.monitoring.collectors.database import DatabaseCollector
from resurge.monitoring.collectors.files import FilesCollector
from resurge.monitoring.collectors.host import HOST, HostCollector, watched_folders
from resurge.monitoring.collectors.metrics import MetricsCollector
from resurge.monitoring.collectors.probes import Ask, ProbeCollector, ask_command, ask_http, ask_tcp
from resurge.monitoring.collectors.process import ProcessCollector
from resurge.monitoring.collectors.progress import ProgressCollector
from resurge.monitoring.collectors.reading import HashBudget
from resurge.monitoring.collectors.repository import RepositoryCollector
from resurge.monitoring.collectors.tensors import TensorCollector
from resurge.monitoring.measurement import Collector

REPOSITORY_PREFIX = "repository/"
LINK_TIMEOUT_SECONDS = 1.0


def ask_of(probe: Probe, folder: Path) -> Ask:
    """How to ask a probe that has a plain yes or no. `folder` is where its command runs."""
    asks: Mapping[ProbeKind, Callable[[], Ask]] = {
        ProbeKind.HTTP: lambda: partial(ask_http, probe),
        ProbeKind.TCP: lambda: partial(ask_tcp, probe.target, probe.timeout_seconds),
        ProbeKind.COMMAND: lambda: partial(ask_command, probe.command, probe.timeout_seconds, folder),
    }
    return asks[probe.kind]()


def probe_collector(component: Component, probe: Probe, every_seconds: float, folder: Path) -> Collector:
    every_seconds = probe.every_seconds or every_seconds
    if probe.kind is ProbeKind.PROGRESS:
        return ProgressCollector(component.name, probe, every_seconds, component.process)
    if probe.kind is ProbeKind.METRICS:
        return MetricsCollector(component.name, probe, every_seconds, component.process)
    name = f"probe:{probe.target or ' '.join(probe.command)}"
    return ProbeCollector(component.name, name, ask_of(probe, folder), every_seconds, component.process)


def canary_collector(component: Component, every_seconds: float) -> Collector:
    canary = component.canary
    assert canary is not None
    ask = partial(ask_canary, canary)
    name, every = f"canary:{canary.url}", canary.every_seconds or every_seconds
    return ProbeCollector(component.name, name, ask, every, component.process)


def source_collectors(
    component: Component, source: Source, every_seconds: float, budget: HashBudget
) -> Iterator[Collector]:
    if source.kind is SourceKind.SQLITE:
        yield DatabaseCollector(component.name, source.path, every_seconds)
        return
    yield FilesCollector(component.name, source, every_seconds, budget)
    if source.content is not Content.MUTABLE:
        yield TensorCollector(component.name, source, every_seconds)


def component_collectors(component: Component, estate: Estate, budget: HashBudget) -> list[Collector]:
    every_seconds, folder = estate.monitor.every_seconds, estate.file.parent
    made: list[Collector] = []
    if component.process is not None:
        made.append(ProcessCollector(component.name, component.process, every_seconds))
    for probe in component.probes:
        if probe.when is When.ALWAYS:
            made.append(probe_collector(component, probe, every_seconds, folder))
    if component.canary is not None:
        made.append(canary_collector(component, every_seconds))
    for link in component.links:
        if link.address:
            ask = partial(ask_tcp, link.address, LINK_TIMEOUT_SECONDS)
            made.append(ProbeCollector(component.name, f"link:{link.to}", ask, every_seconds, None))
    for source in component.sources:
        made.extend(source_collectors(component, source, every_seconds, budget))
    return made


def file_budget(estate: Estate) -> HashBudget:
    sources = sum(
        source.kind is SourceKind.FILES for component in estate.components.values() for source in component.sources
    )
    return HashBudget(estate.monitor.hash_bytes_per_second, estate.monitor.every_seconds, sources)


def watched_names(estate: Estate) -> list[str]:
    """Every name under which something is watched: components, local repositories, the host."""
    local = [REPOSITORY_PREFIX + spec.name for spec in estate.repositories.values() if is_local(spec.url)]
    return [*estate.components, *local, HOST]


def is_local(url: str) -> bool:
    return url.startswith(("/", "file://"))


def collectors_for(name: str, estate: Estate, budget: HashBudget) -> list[Collector]:
    """All that watches `name`, freshly made."""
    every_seconds = estate.monitor.every_seconds
    if name == HOST:
        return [HostCollector(watched_folders(estate), every_seconds)]
    if name.startswith(REPOSITORY_PREFIX):
        spec = estate.repositories[name.removeprefix(REPOSITORY_PREFIX)]
        return [RepositoryCollector(name, Path(spec.url.removeprefix("file://")), every_seconds)]
    return component_collectors(estate.components[name], estate, budget)
