"""One entry, its line in the file, and the exact bytes that are hashed and signed.

A line is `{"entry":ENTRY,"root":"ROOT","signature":"SIGNATURE"}`. ENTRY is the leaf: its bytes as they stand
are what the tree hashes, so checking never depends on writing JSON the same way twice.
"""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

NO_PREVIOUS = "0" * 64
_HEAD = b'{"entry":'
_ROOT, _SIGNATURE, _END = b',"root":"', b'","signature":"', b'"}'
_ROOT_CHARACTERS, _SIGNATURE_CHARACTERS = 64, 128
_TAIL_BYTES = len(_ROOT) + _ROOT_CHARACTERS + len(_SIGNATURE) + _SIGNATURE_CHARACTERS + len(_END)


@dataclass(frozen=True, slots=True)
class Entry:
    """`previous`: SHA-256 of the line before. `root`: the tree up to and with this entry. Both in hex."""

    index: int
    at: float
    kind: str
    subject: str
    body: Mapping[str, Any]
    key: str | None
    previous: str
    root: str
    signature: str


@dataclass(frozen=True, slots=True)
class Head:
    """All that must be remembered elsewhere to notice later that anything up to here was touched."""

    size: int
    root: str


class BadLine(ValueError):
    """A whole line that is no entry."""


_NAMES = frozenset({"index", "at", "kind", "subject", "body", "key", "previous"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line taken apart, without being believed. `fields` is what its leaf says."""

    raw: bytes
    leaf: bytes
    fields: Mapping[str, Any]
    root: str
    signature: str

    def hash(self) -> str:
        return sha256(self.raw).hexdigest()

    def entry(self) -> Entry:
        return Entry(**{name: self.fields[name] for name in _NAMES}, root=self.root, signature=self.signature)


def split(raw: bytes) -> Line:
    """`raw` without its newline."""
    leaf, tail = raw[len(_HEAD) : -_TAIL_BYTES], raw[-_TAIL_BYTES:]
    root = tail[len(_ROOT) : len(_ROOT) + _ROOT_CHARACTERS]
    signature = tail[-len(_END) - _SIGNATURE_CHARACTERS : -len(_END)]
    # Capital digits would be the same signature in another line: a change that nothing signed would notice.
    if raw != _joined(leaf, root, signature) or (root + signature).translate(None, b"0123456789abcdef"):
        raise BadLine("it does not have the form of an entry")
    return Line(raw, leaf, _fields(leaf), root.decode("ascii"), signature.decode("ascii"))


def join(leaf: bytes, root: str, signature: str) -> Line:
    """Read back before it is written, so that no line is ever written that cannot be read."""
    return split(_joined(leaf, root.encode(), signature.encode()))


def _fields(leaf: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(leaf)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"it is not JSON ({error})") from error
    if not isinstance(fields, dict) or not fields.keys() >= _NAMES:
        raise BadLine("it lacks some of its fields")
    return fields


def _joined(leaf: bytes, root: bytes, signature: bytes) -> bytes:
    return b"".join((_HEAD, leaf, _ROOT, root, _SIGNATURE, signature, _END))


def leaf_bytes(
    *, index: int, at: float, kind: str, subject: str, body: Mapping[str, Any], key: str | None, previous: str
) -> bytes:
    """Sorted keys, no spaces, ASCII: one way to write an entry, and on one line whatever it holds."""
    fields = {
        "index": index,
        "at": at,
        "kind": kind,
        "subject": subject,
        "body": body,
        "key": key,
        "previous": previous,
    }
    plain = _finite(msgspec.to_builtins(fields, str_keys=True))
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def signed_bytes(origin: str, size: int, root: str) -> bytes:
    """The body of a C2SP tlog-checkpoint, so that any entry's signature is one of a tree head."""
    return f"{origin}\n{size}\n{base64.b64encode(bytes.fromhex(root)).decode()}\n".encode()


def _finite(value: Any) -> Any:
    """NaN and infinities as words: evidence of a broken loss must not be what JSON refuses to seal."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
