"""Small estates, and what tests do with them again and again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from resurge.core.clock import SystemClock
from resurge.estate.model import (
    Canary,
    Component,
    ComponentKind,
    Content,
    Estate,
    Monitor,
    Probe,
    ProbeKind,
    Process,
    RepositorySpec,
    Source,
    SourceKind,
)
from resurge.incidents.records import Alert, Symptom
from resurge.monitoring import Cleared, FileNorm, Measurement, Watcher
from resurge.monitoring.collectors.reading import read_whole

SERVICE = Path(__file__).with_name("service.py")
EVERY_SECONDS = 0.1
DEADLINE_SECONDS = 20.0


def estate_of(folder: Path, *components: Component, **repositories: Path) -> Estate:
    return Estate(
        name="test",
        file=folder / "resurge.yaml",
        state_folder=folder,
        components={component.name: component for component in components},
        repositories={name: RepositorySpec(name, str(path)) for name, path in repositories.items()},
        monitor=Monitor(every_seconds=EVERY_SECONDS),
    )


def data_set(path: Path, content: Content = Content.WRITE_ONCE, name: str = "data") -> Component:
    source = Source(SourceKind.FILES, path, content)
    return Component(name, ComponentKind.DATA_SET, sources=(source,))


def norms_of(folder: Path) -> dict[str, FileNorm]:
    """What a snapshot of `folder` taken now would say."""
    norms = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        reading = read_whole(str(path))
        assert reading is not None
        norms[str(path)] = FileNorm(reading.signature.size, reading.digest, reading.entropy)
    return norms


def eventually(condition: Callable[[], object], what: str = "") -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.01)


class Listener:
    """Keeps everything that a watcher says."""

    def __init__(self) -> None:
        self.events: list[Alert | Cleared] = []
        self.measurements: list[Measurement] = []

    def alert(self, event: Alert | Cleared) -> None:
        self.events.append(event)

    def measured(self, measurements: Sequence[Measurement]) -> None:
        self.measurements.extend(measurements)

    def alerts(self) -> list[Alert]:
        return [event for event in self.events if isinstance(event, Alert)]

    def symptoms(self) -> set[Symptom]:
        return {alert.symptom for alert in self.alerts()}

    def cleared(self) -> set[Symptom]:
        return {event.symptom for event in self.events if isinstance(event, Cleared)}

    def looks(self, kind: str) -> int:
        return sum(measurement.kind == kind for measurement in list(self.measurements))

    def wait_for(self, symptom: Symptom) -> Alert:
        eventually(lambda: symptom in self.symptoms(), f"{symptom}; there was {self.symptoms()}")
        return next(alert for alert in self.alerts() if alert.symptom is symptom)

    def wait_for_looks(self, kind: str, count: int) -> None:
        wanted = self.looks(kind) + count
        eventually(lambda: self.looks(kind) >= wanted, f"{count} looks at {kind}")


@contextmanager
def watching(
    estate: Estate, norms: Mapping[str, Mapping[str, FileNorm]] | None = None
) -> Iterator[tuple[Watcher, Listener]]:
    listener = Listener()
    watcher = Watcher(estate, SystemClock(), listener.alert, listener.measured)
    for component, known in (norms or {}).items():
        watcher.learn(component, known)
    watcher.start()
    try:
        yield watcher, listener
    finally:
        watcher.stop()


class Service:
    """The process of `service.py`, and the component that declares it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid_file, self.port_file = folder / "service.pid", folder / "service.port"
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "request.json").write_text('{"inputs": [1, 2, 3]}')
        (folder / "answers.json").write_text('{"answers": [2, 4, 6]}')

    def argv(self, seconds_to_start: float = 0) -> list[str]:
        return [sys.executable, str(SERVICE), str(self.pid_file), str(self.port_file), str(seconds_to_start)]

    def start(self, seconds_to_start: float = 0) -> None:
        self.process = subprocess.Popen(self.argv(seconds_to_start))
        if not seconds_to_start:
            eventually(self.port_file.exists, "the service's port")

    def kill(self, number: int = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()

    def behave(self, mode: str) -> None:
        (self.folder / "mode.new").write_text(mode)
        (self.folder / "mode.new").replace(self.folder / "mode")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port_file.read_text()}"

    def component(self, *probes: Probe, canary: bool = False, declared: bool = True) -> Component:
        process = Process(tuple(self.argv()), self.folder, self.pid_file, self.folder / "log")
        return Component(
            "service",
            ComponentKind.INFERENCE_SERVICE,
            process=process if declared else None,
            probes=probes,
            canary=Canary(f"{self.url}/predict", self.folder / "request.json", self.folder / "answers.json")
            if canary
            else None,
        )

    def health(self, path: str = "/healthz", timeout_seconds: float = 0.3) -> Probe:
        return Probe(ProbeKind.HTTP, f"{self.url}{path}", timeout_seconds=timeout_seconds)

    def metrics(self) -> Probe:
        return Probe(ProbeKind.METRICS, f"{self.url}/metrics", timeout_seconds=0.5)


def flip_bit(path: Path, *, keep_times: bool = True) -> None:
    """As a failing disk does it: nothing but the content changes."""
    found = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)
    if keep_times:
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
