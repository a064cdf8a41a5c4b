"""Real processes of the service and the injector, none of which outlives its test."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from resurge.demo.service.layout import Layout

PATIENCE_SECONDS = 20.0


def await_true(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"in vain: waited for {what}"
        time.sleep(0.005)


@dataclass
class Living:
    folder: Path  # the processes' own outputs
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *argv: str | Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        with (self.folder / f"output-{len(self.started)}.txt").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *map(str, argv)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )
        self.started.append(process)
        return process

    def service(self, program: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        return self.start("-m", f"resurge.demo.service.{program}", *arguments)

    def training(self, layout: Layout, *arguments: str, lines: int = 1) -> subprocess.Popen[bytes]:
        """Started, and at least so many steps further."""
        before = len(progress(layout))
        process = self.service("training", layout.folder, *arguments)
        await_true(lambda: len(progress(layout)) >= before + lines or process.poll() is not None, "progress")
        assert process.poll() is None or "--until" in arguments, self.output(process)
        return process

    def inference(self, *arguments: str | Path) -> tuple[subprocess.Popen[bytes], int]:
        """Started, and listening at the returned port."""
        process = self.service("inference", *arguments, "--port", "0")
        await_true(lambda: "listening" in self.output(process) or process.poll() is not None, "a listening server")
        assert process.poll() is None, self.output(process)
        return process, int(self.output(process).split("127.0.0.1:")[1].split(",")[0])

    def output(self, process: subprocess.Popen[bytes]) -> str:
        return (self.folder / f"output-{self.started.index(process)}.txt").read_text()

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()


def run(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *map(str, argv)], capture_output=True, text=True, timeout=60, check=False)


def registry(verb: str, layout: Layout) -> subprocess.CompletedProcess[str]:
    return run("-m", "resurge.demo.service.registry", verb, layout.folder)


def progress(layout: Layout) -> list[dict[str, object]]:
    """Whole lines only."""
    try:
        lines = layout.progress.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def ask(port: int, method: str, path: str, body: bytes = b"", *, seconds: float = 10) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request(method, path, body or None)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def listening_socket() -> socket.socket:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken
