"""A small estate in resurge.yaml, and a real `resurge up` that watches over it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil

from resurge.app import App
from resurge.incidents.records import Incident, IncidentState

T = TypeVar("T")
DEADLINE_SECONDS = 40.0

SERVICE = """\
import os, pathlib, sys, time
file = pathlib.Path(sys.argv[1])
temporary = file.with_suffix(".new")
temporary.write_text(str(os.getpid()))
temporary.replace(file)
while True:
    time.sleep(3600)
"""

ESTATE = """\
version: 1
name: small
monitor: {{every: 200ms}}
repositories:
  primary: {{url: vault/primary, password_file: password, mode: auto}}
  second: {{url: vault/second, copy_of: primary, mode: auto}}
components:
  data:
    kind: data-set
    sources: [{{files: data, content: write-once}}]
    objectives: {{rpo: 60s, rto: 60s}}
    backup: {{every: {every}, on_change: {on_change}, debounce: 200ms}}
    actions: [restore]
    mode: {mode}
  service:
    kind: inference-service
    depends_on: [{service_needs}]
    process:
      start: [python, service.py, service.pid]
      folder: .
      pid_file: service.pid
      log_file: service.log
      stop: 500ms
    actions: [restart]
    mode: {service_mode}
"""


class Living:
    """Everything below one folder. Use as a context manager: nothing it started is left behind."""

    def __init__(
        self,
        folder: Path,
        mode: str = "auto",
        *,
        files: int = 40,
        on_change: bool = False,
        every: str = "30s",
        service_mode: str = "",
        service_needs: str = "",
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        for number in range(files):
            (self.data / f"part-{number:04}.csv").write_text("label,pixel\n" + f"{number},{number * 7}\n" * 30)
        (folder / "password").write_text("a password for tests\n")
        (folder / "service.py").write_text(SERVICE)
        (folder / "resurge.yaml").write_text(
            ESTATE.format(
                mode=mode,
                on_change=str(on_change).lower(),
                every=every,
                service_mode=service_mode or mode,
                service_needs=service_needs,
            )
        )
        self._environment = {**os.environ, "RESURGE_TEST": str(folder)}
        self.resurge("repo", "init")
        self.app = App.open(folder / "resurge.yaml")
        self.controller: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Living":
        self.start_service()
        self.start()
        self.wait("the first backup", lambda: self.app.points.newest_good("data"))
        return self

    def __exit__(self, *_: object) -> None:
        self.app.database.close()
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get("RESURGE_TEST") == str(self.folder):
                    process.kill()
        if self.controller is not None:
            self.controller.wait()

    def start(self) -> None:
        with (self.folder / "controller.log").open("ab") as log:
            self.controller = subprocess.Popen(
                [sys.executable, "-m", "resurge", "up"],
                cwd=self.folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def start_service(self) -> None:
        subprocess.Popen(
            [sys.executable, "service.py", "service.pid"],
            cwd=self.folder,
            env=self._environment,
            start_new_session=True,
        )
        self.wait("the service", self.service_pid)

    def kill_controller(self) -> None:
        assert self.controller is not None
        self.controller.kill()
        self.controller.wait()

    def service_pid(self) -> int | None:
        with suppress(OSError, ValueError, psutil.Error):
            pid = int((self.folder / "service.pid").read_text())
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return pid
        return None

    def resurge(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "resurge", *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def wait(self, what: str, look: Callable[[], T | None]) -> T:
        """Until `look` finds something. The controller's log is shown when it does not."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(0.02)
        log = (self.folder / "controller.log").read_text()
        raise AssertionError(f"waited in vain for {what}\n{log[-4000:]}")

    def incident(self, component: str, *states: IncidentState) -> Incident:
        """The newest incident of the component, once it is in one of the states."""

        def look() -> Incident | None:
            incidents = self.app.book.list(component=component)
            return incidents[-1] if incidents and incidents[-1].state in states else None

        return self.wait(f"an incident of {component} that is {' or '.join(states)}", look)
