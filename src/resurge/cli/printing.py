"""How things look: JSON for scripts, tables and times for people."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from resurge.core.units import format_bytes, format_duration

if TYPE_CHECKING:
    from rich.text import Text

GOOD, BAD, DIM, WAIT = "green", "bold red", "dim", "yellow"


def print_json(value: object) -> None:
    """ASCII only: a file name that is no UTF-8 comes out as JSON can say it."""
    click.echo(json.dumps(value, indent=2, default=_plain))


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    return str(value)


def print_table(headings: Sequence[str], rows: Iterable[Sequence["str | Text"]], *, right: Sequence[int] = ()) -> None:
    """`right`: columns of numbers. Lines are cut to a terminal's width, and whole everywhere else."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position in right else "left", overflow="fold", no_wrap=False)
    for row in rows:
        table.add_row(*row)
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False)
    console.print(table)


def styled(text: str, style: str) -> "Text":
    from rich.text import Text

    return Text(text, style=style)


def plain(text: str) -> "Text":
    """Text in which rich must not look for markup, such as the name of a file."""
    from rich.text import Text

    return Text(text)


def rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_time(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"


def ago(at: float | None, now: float) -> str:
    """`12.3 s ago`, `never`. A clock that went back makes no negative ages."""
    return "never" if at is None else f"{format_duration(max(0.0, now - at))} ago"


def duration_or_dash(seconds: float | None) -> str:
    return "–" if seconds is None else format_duration(seconds)


def against(measured: float | None, promised: float | None) -> "Text":
    """`3.41 s of 10.0 s`, green where the promise was kept."""
    if measured is None:
        return styled("–" if promised is None else f"– of {format_duration(promised)}", DIM)
    if promised is None:
        return plain(format_duration(measured))
    kept = measured <= promised
    return styled(f"{format_duration(measured)} of {format_duration(promised)}", GOOD if kept else BAD)


def count(number: int, one: str, many: str = "") -> str:
    """`1 file`, `3 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number_of_bytes: float) -> str:
    return format_bytes(number_of_bytes)
