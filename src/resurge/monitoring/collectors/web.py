"""One HTTP exchange under one deadline, cheap enough to be made twice a second for years.

`http.client` counts its timeout anew for each read, so a server that drips one byte a second would hold a
collector for ever; here everything, the connection included, ends at the same moment.
"""

import http.client
import io
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

MAX_BODY_BYTES = 16 << 20

Outcome = Literal["ok", "refused", "timeout", "failed", "wrong"]


@dataclass(frozen=True, slots=True)
class Exchange:
    outcome: Outcome  # "ok": an answer came, whatever its status
    seconds: float
    status: int = 0
    body: bytes = b""
    problem: str = ""


class _UntilDeadline(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(remaining)
        return self._socket.recv_into(buffer)


class _DeadlineSocket:
    """As much of a socket as `http.client` uses."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket = connected
        self._deadline = deadline

    def makefile(self, *_: Any) -> io.BufferedReader:
        return io.BufferedReader(_UntilDeadline(self._socket, self._deadline))

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(max(0.001, self._deadline - time.monotonic()))
        self._socket.sendall(data)

    def close(self) -> None:
        """Not yet: `http.client` calls this while the body is still to be read."""


def exchange(url: str, *, timeout_seconds: float, body: bytes | None = None) -> Exchange:
    """GET, or POST with a JSON body. Never raises: what went wrong is the answer."""
    began = time.monotonic()
    connected: socket.socket | None = None
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        connected = socket.create_connection((host, port), timeout=timeout_seconds)
        if secure:
            connected = ssl.create_default_context().wrap_socket(connected, server_hostname=host)
        client = http.client.HTTPConnection(host, port)
        client.sock = _DeadlineSocket(connected, began + timeout_seconds)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Connection": "close", "User-Agent": "resurge"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        client.request("GET" if body is None else "POST", target, body=body, headers=headers)
        response = client.getresponse()
        content = response.read(MAX_BODY_BYTES)
        return Exchange("ok", time.monotonic() - began, response.status, content)
    except TimeoutError:
        return Exchange("timeout", time.monotonic() - began, problem=f"no answer in {timeout_seconds:g} s")
    except ConnectionRefusedError:
        return Exchange("refused", time.monotonic() - began, problem="the connection is refused")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Exchange("failed", time.monotonic() - began, problem=f"{type(error).__name__}: {error}")
    finally:
        if connected is not None:
            connected.close()
