"""Durations, sizes and shares as people write them: `90s`, `1h30m`, `8MiB`, `25%`."""

import re

from resurge.core.errors import ResurgeError

DURATION_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
SIZE_BYTES = {
    "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50,
}  # fmt: skip

_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")


class BadUnit(ResurgeError):
    """A quantity that cannot be read. The message names what was given; the advice shows what would do."""

    exit_code = 20


def parse_duration(text: str) -> float:
    """Seconds. Accepts `500ms`, `10s`, `1h30m`, `7d`; a bare number is refused, for its unit is a guess."""
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise BadUnit(f"{text!r} is no duration", "Write a number and a unit, such as 500ms, 10s, 1h30m or 7d.")
    return float(sum(float(number) * DURATION_SECONDS[unit] for number, unit in parts))


def parse_size(text: str) -> int:
    """Bytes. Accepts `512kB`, `8MiB`, `1.5TB`."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or match[2] not in SIZE_BYTES:
        raise BadUnit(f"{text!r} is no size", "Write a number and a unit, such as 512kB, 8MiB or 1.5TB.")
    return int(float(match[1]) * SIZE_BYTES[match[2]])


def format_duration(seconds: float) -> str:
    """Short and with sensible precision: `0.84 s`, `12.3 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def format_bytes(count: float) -> str:
    """Binary units, three figures: `812 B`, `3.42 MiB`."""
    if abs(count) < 1024:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        count /= 1024
        if abs(count) < 1024:
            return f"{count:.3g} {unit}" if abs(count) < 1000 else f"{count:.0f} {unit}"
    return f"{count / 1024:.3g} PiB"
