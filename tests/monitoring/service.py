"""A small real service, a process of its own: `python service.py PID_FILE PORT_FILE [SECONDS_TO_START]`.

It answers /healthz, /metrics and POST /predict; how to behave it reads from the file `mode` beside its pid.
"""

import contextlib
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PID_FILE, PORT_FILE = Path(sys.argv[1]), Path(sys.argv[2])
METRICS = '# TYPE requests_total counter\nrequests_total{path="/"} 7\n# TYPE up gauge\nup 1\nbad NaN\n'


def mode() -> str:
    try:
        return (PID_FILE.parent / "mode").read_text()
    except OSError:
        return ""


class Handler(BaseHTTPRequestHandler):
    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        if mode() == "hang":
            time.sleep(30)
        elif mode() == "drip":
            self.send_response(200)
            self.flush_headers()
            for _ in range(300):
                self.wfile.write(b"X: y\r\n")
                time.sleep(0.1)
        elif mode() == "error":
            self.answer(500, "broken")
        elif self.path == "/metrics":
            self.answer(200, "}{ no page" if mode() == "unreadable" else METRICS)
        else:
            self.answer(200, "ok")

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        wrong = 1 if mode() == "wrong" else 0
        self.answer(200, json.dumps({"answers": [x * 2 + wrong for x in question["inputs"]], "model": "m"}))

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # who asked did not wait for the whole answer
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().finish()

    def log_message(self, *_: object) -> None:
        pass


PID_FILE.write_text(str(os.getpid()))
time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 0)
server = ThreadingHTTPServer(("127.0.0.1", int(PORT_FILE.read_text()) if PORT_FILE.exists() else 0), Handler)
server.daemon_threads = True
PORT_FILE.with_suffix(".new").write_text(str(server.server_address[1]))
PORT_FILE.with_suffix(".new").replace(PORT_FILE)
server.serve_forever()
