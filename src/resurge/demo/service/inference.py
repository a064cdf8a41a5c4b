"""The inference server.

    python -m resurge.demo.service.inference SERVICE_FOLDER --port 8123
    python -m resurge.demo.service.inference --model FILE --port 0      without a service folder or a pid file

POST /predict {"images": [[64 numbers], …]} · GET /healthz · GET /metrics

The model is read again whenever its file changes, as a server that takes new versions on the fly does: damage
to the file reaches the answers. A file that is no model is told by 503, and the server lives on.
"""

import argparse
import errno
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from resurge.demo.service import BLAS_THREADS
from resurge.demo.service.answering import Answering
from resurge.demo.service.failure import PORT_TAKEN, ServiceFailure, exit_code_of
from resurge.demo.service.figures import Figures
from resurge.demo.service.layout import Layout
from resurge.demo.service.predictor import Model, NotAModel, load_model
from resurge.demo.service.single import only_one

HOST = "127.0.0.1"
PATIENCE_SECONDS = 0.5  # the port of a server that was just killed takes a moment to be free


class Serving:
    """The model as the file has it now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._model: Model | NotAModel = NotAModel("no model was loaded yet")

    def model(self) -> Model:
        """NotAModel if the file is missing or damaged."""
        with self._lock:
            try:
                status = self._path.stat()
                seen = (status.st_mtime_ns, status.st_ino, status.st_size)
                if seen != self._seen:
                    self._model = self._load()
                    self._seen = seen  # as it was before reading: a later change is seen as one
            except OSError as error:
                self._seen = None
                self._model = NotAModel(f"the model file cannot be read: {error.strerror}")
            if isinstance(self._model, NotAModel):
                raise self._model
            return self._model

    def _load(self) -> Model | NotAModel:
        try:
            model = load_model(self._path.read_bytes())
        except NotAModel as broken:
            print(broken, flush=True)
            return broken
        print(f"serving {self._path.name}, sha256 {model.sha256}", flush=True)
        return model


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, serving: Serving) -> None:
        self.serving = serving
        self.figures = Figures()
        super().__init__((HOST, port), Answering)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _listen(port: int, serving: Serving) -> Server:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return Server(port, serving)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ServiceFailure(f"cannot listen on {HOST}:{port}: {error.strerror}") from error
            if time.monotonic() > deadline:
                raise ServiceFailure(f"port {port} of {HOST} is taken: choose another", PORT_TAKEN) from error
            time.sleep(0.05)


def _end(*_: object) -> None:
    raise SystemExit(0)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m resurge.demo.service.inference", description="Answer which digit an image shows."
    )
    parser.add_argument("service", type=Path, nargs="?", help="the service folder")
    parser.add_argument("--model", type=Path, help="default: what the service published")
    parser.add_argument("--port", type=int, default=8123, help="0: any free port")
    options = parser.parse_args()
    if options.service is None and options.model is None:
        parser.error("name a service folder or a --model")
    signal.signal(signal.SIGTERM, _end)
    with ExitStack() as held:
        path = options.model
        if options.service is not None:
            layout = Layout(options.service.absolute())
            path = path or layout.model
            held.enter_context(only_one(layout, "inference"))
        serving = Serving(path)
        server = held.enter_context(_listen(options.port, serving))
        address = f"http://{HOST}:{server.server_address[1]}"
        print(f"listening on {address}, pid {os.getpid()}, BLAS threads: {BLAS_THREADS}", flush=True)
        server.serve_forever(poll_interval=5)
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
