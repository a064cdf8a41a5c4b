"""The live table: what a person sees while the demo runs. Pure: values in, a Rich renderable out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

LOG_LINES = 6
NARROW_COLUMNS = 96  # below this the columns tell less and the headings are shorter


class EventKind(StrEnum):
    INJECTED = "injected"
    DETECTED = "detected"
    RECOVERED = "recovered"
    FAILED = "failed"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class LiveEvent:
    elapsed_seconds: float
    kind: EventKind
    text: str


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One component, or one fault in the final table. `promises`: kept, broken, or None (open)."""

    component: str
    state: str
    fault: str = ""
    detect_seconds: float | None = None
    rto_seconds: float | None = None
    lost_seconds: float | None = None  # age of the restored state at the onset
    promises: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class LiveHeader:
    title: str
    elapsed_seconds: float
    total_seconds: float
    upcoming: tuple[str, ...] = ()
    events: tuple[LiveEvent, ...] = ()
    promised: str = ""  # one line: what is promised
    finished: bool = False


_STATE_STYLE = {
    "well": ("●", "green"),
    "starting": ("○", "cyan"),
    "restarting": ("◐", "yellow"),
    "suspect": ("▲", "yellow"),
    "broken": ("✖", "bold red"),
    "open": ("▲", "bold red"),
    "diagnosed": ("▲", "yellow"),
    "planned": ("▲", "yellow"),
    "waiting": ("◌", "magenta"),
    "recovering": ("◐", "yellow"),
    "proved": ("●", "green"),
    "closed": ("●", "green"),
    "failed": ("✖", "bold red"),
    "dismissed": ("○", "dim"),
}

_EVENT_STYLE = {
    EventKind.INJECTED: ("↯", "bold magenta"),
    EventKind.DETECTED: ("▲", "bold yellow"),
    EventKind.RECOVERED: ("✔", "bold green"),
    EventKind.FAILED: ("✖", "bold red"),
    EventKind.NOTE: ("·", "dim"),
}


def render(rows: Sequence[LiveRow], header: LiveHeader, *, columns: int = 100) -> RenderableType:
    """The whole picture: header, table, counts, and the last events. It adds no line while values change."""
    parts: list[RenderableType] = [_header(header, columns), Padding(_table(rows, columns), (1, 0))]
    parts.append(_counts(rows))
    if header.events or not header.finished:
        parts.append(Padding(_log(header), (1, 0, 0, 0)))
    return Padding(Group(*parts), (0, 1))


def render_text(rows: Sequence[LiveRow], header: LiveHeader, *, columns: int = 100) -> str:
    """The same without colour or escape sequences, for a pipe or a log file."""
    console = _recorder(columns)
    console.print(render(rows, header, columns=columns))
    lines = console.export_text(styles=False).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def save_picture(
    rows: Sequence[LiveRow], header: LiveHeader, path: Path, *, title: str = "make demo", columns: int = 100
) -> None:
    """Write the table as SVG, as a terminal shows it, without the fonts that Rich fetches from elsewhere."""
    console = _recorder(columns)
    console.print(render(rows, header, columns=columns))
    svg = console.export_svg(title=title, unique_id="resurge-live")
    path.write_text(re.sub(r"@font-face \{[^}]*\}\s*|<!--.*?-->\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


def _recorder(columns: int) -> Console:
    from io import StringIO

    return Console(
        record=True, width=columns, file=StringIO(), force_terminal=True, color_system="truecolor",
        legacy_windows=False, highlight=False,
    )  # fmt: skip


def _header(header: LiveHeader, columns: int) -> RenderableType:
    line = Table.grid(expand=True)
    line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    line.add_column(justify="right", no_wrap=True)
    line.add_row(Text(header.title, style="bold"), _time(header))
    lower: RenderableType
    if header.finished:
        lower = Text(header.promised, style="dim", no_wrap=True, overflow="ellipsis")
    else:
        lower = Table.grid(expand=True, padding=(0, 2, 0, 0))
        lower.add_column(width=min(30, columns // 3))
        lower.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        done = min(header.elapsed_seconds, header.total_seconds)
        bar = ProgressBar(total=max(header.total_seconds, 0.001), completed=done, complete_style="cyan", pulse=False)
        lower.add_row(bar, _upcoming(header))
    return Group(line, lower)


def _time(header: LiveHeader) -> Text:
    if header.finished:
        return Text(f"finished in {_clock(header.elapsed_seconds)}", style="cyan")
    left = max(0.0, header.total_seconds - header.elapsed_seconds)
    return Text.assemble((_clock(header.elapsed_seconds), "bold cyan"), (f"   {_clock(left)} left", "dim"))


def _upcoming(header: LiveHeader) -> Text:
    if not header.upcoming:
        return Text(header.promised, style="dim")
    return Text.assemble(("next ", "dim"), "  →  ".join(header.upcoming))


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _table(rows: Sequence[LiveRow], columns: int) -> Table:
    narrow = columns < NARROW_COLUMNS
    gap = (0, 1, 0, 0) if narrow else (0, 1)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, expand=True, pad_edge=False, padding=gap, header_style="bold")
    table.add_column("Component", no_wrap=True, overflow="ellipsis", style="bold")
    table.add_column("State", no_wrap=True, overflow="ellipsis", min_width=12)
    table.add_column("Fault", no_wrap=True, overflow="ellipsis", ratio=1)
    for heading, short in (
        ("Time to\ndetect", "Detect"),
        ("Time to\nrecover", "Recover"),
        ("Data\nlost", "Lost"),
    ):
        table.add_column(short if narrow else heading, justify="right", no_wrap=True, vertical="bottom")
    table.add_column("Promise", no_wrap=True, min_width=8)
    for row in rows:
        mark, style = _STATE_STYLE.get(row.state, ("●", ""))
        table.add_row(
            row.component,
            Text(f"{mark} {row.state}", style=style),
            _fault(row, narrow),
            _seconds(row.detect_seconds),
            _seconds(row.rto_seconds),
            _lost(row.lost_seconds),
            _promise(row),
        )
    return table


def _fault(row: LiveRow, narrow: bool) -> Text:
    text = Text(row.fault)
    if row.note and not narrow:
        text.append(f"  {row.note}" if row.fault else row.note, style="dim")
    return text


def _seconds(seconds: float | None) -> Text:
    return Text("–", style="dim") if seconds is None else Text(f"{seconds:.2f} s")


def _lost(seconds: float | None) -> Text:
    return Text("nothing", style="green") if seconds == 0 else _seconds(seconds)


def _promise(row: LiveRow) -> Text:
    if row.promises is None:
        return Text("–", style="dim")
    return Text("✔ kept", style="green") if row.promises else Text("✖ broken", style="bold red")


def _counts(rows: Sequence[LiveRow]) -> Text:
    kept = sum(r.promises is True for r in rows)
    broken = sum(r.promises is False for r in rows)
    faults = sum(bool(r.fault) for r in rows)
    if not faults:
        return Text("No incident.", style="dim")
    return Text.assemble(
        f"{faults} {'fault' if faults == 1 else 'faults'}",
        ("  ·  ", "dim"),
        (f"{kept} kept", "green" if kept else "dim"),
        ("  ·  ", "dim"),
        (f"{broken} broken", "bold red" if broken else "dim"),
        ("  ·  ", "dim"),
        (f"{faults - kept - broken} under way", "yellow" if faults > kept + broken else "dim"),
    )


def _log(header: LiveHeader) -> RenderableType:
    """Always as tall as it may become, so that the picture does not jump while it is live."""
    recent = header.events[-LOG_LINES:]
    grid = Table.grid(padding=(0, 1, 0, 0), expand=True)
    grid.add_column(justify="right", style="dim", width=5)
    grid.add_column(width=1)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for event in recent:
        mark, style = _EVENT_STYLE[event.kind]
        grid.add_row(_clock(event.elapsed_seconds), Text(mark, style=style), event.text)
    if not header.finished:
        for _ in range(LOG_LINES - len(recent)):
            grid.add_row("", "", "")
    return grid
