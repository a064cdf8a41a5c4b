"""HTTP: what comes in, what goes out, and with which status."""

import json
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, cast

from resurge.demo.service.figures import CONTENT_TYPE, Figures
from resurge.demo.service.predictor import BadRequest, NotAModel

if TYPE_CHECKING:
    from resurge.demo.service.inference import Server

MOST_BYTES = 4 << 20
JSON = "application/json"
KNOWN = {"GET": ("/healthz", "/metrics"), "POST": ("/predict",)}


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "digits"
    sys_version = ""
    timeout = 30
    wbufsize = 1 << 16  # headers and body leave in one piece

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, format: str, *args: object) -> None:
        """Silent: /metrics has the figures."""

    def _answer(self, method: str) -> None:
        started = time.perf_counter()
        path = self.path.partition("?")[0]
        known = path in KNOWN[method]
        if known:
            status, kind, body = self._reply(path)
        else:
            status, kind, body = _said(404, {"error": f"there is no {method} {path[:100]}"})
        if status >= 400:
            self.close_connection = True  # what is left of a refused request must not be read as the next one
        self._figures.count(path if known else "other", status, time.perf_counter() - started)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _reply(self, path: str) -> tuple[int, str, bytes]:
        try:
            if path == "/metrics":
                return 200, CONTENT_TYPE, self._figures.page(self._served())
            request = self._request() if path == "/predict" else None
            model = self._server.serving.model()
            return _said(200, {"status": "ok"} if path == "/healthz" else model.answer(request))
        except BadRequest as error:
            return _said(400, {"error": str(error)})
        except NotAModel as error:
            return _said(503, {"status": "error", "error": str(error)})

    def _served(self) -> str | None:
        try:
            return self._server.serving.model().sha256
        except NotAModel:
            return None

    def _request(self) -> object:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length) > MOST_BYTES:
            raise BadRequest(f"a Content-Length of at most {MOST_BYTES} bytes is needed")
        try:
            return json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"the body is no JSON: {error}") from error

    @property
    def _server(self) -> "Server":
        return cast("Server", self.server)

    @property
    def _figures(self) -> Figures:
        return self._server.figures


def _said(status: int, body: object) -> tuple[int, str, bytes]:
    return status, JSON, json.dumps(body).encode() + b"\n"
