from dataclasses import replace
from pathlib import Path

import pytest

from resurge.demo.live import EventKind, LiveEvent, LiveHeader, LiveRow, render_text, save_picture

ROWS = (
    LiveRow("dataset", "well", "ransomware", 1.91, 6.2, 7.7, True),
    LiveRow("metadata", "broken", "database-damaged", 0.6),
    LiveRow("training", "well"),
    LiveRow("model", "well", "content-corrupt", 1.2, 13.45, 4.8, False, "one bit flipped"),
    LiveRow("inference", "recovering", "process-hung", 0.84),
    LiveRow("primary", "well", "repository-lost", 0.6, 4.0, 0.0, True),
)
HEADER = LiveHeader(
    title="Resurge demo · seed 7",
    elapsed_seconds=41.3,
    total_seconds=112.0,
    upcoming=("repository lost", "Resurge killed"),
    events=(
        LiveEvent(1.0, EventKind.NOTE, "too old to be shown"),
        LiveEvent(10.2, EventKind.NOTE, "monitor started; 5 components"),
        LiveEvent(13.0, EventKind.INJECTED, "model: one bit of digits.safetensors flipped"),
        LiveEvent(14.2, EventKind.DETECTED, "model: content-corrupt"),
        LiveEvent(26.5, EventKind.FAILED, "model: back only after 13.45 s"),
        LiveEvent(30.9, EventKind.RECOVERED, "primary: rebuilt from the second copy in 4.00 s"),
        LiveEvent(40.1, EventKind.INJECTED, "inference: stopped with SIGSTOP"),
    ),
    promised="Promised: detect ≤ 3 s, RTO ≤ 10 s, RPO ≤ 8 s",
)
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("name", "columns", "finished"),
    [("live-100", 100, False), ("live-80", 80, False), ("final-100", 100, True)],
)
def test_the_table_looks_as_it_should(name: str, columns: int, finished: bool) -> None:
    header = replace(HEADER, finished=finished, elapsed_seconds=112.0 if finished else 41.3)
    assert render_text(ROWS, header, columns=columns) == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal_nor_the_picture_higher(columns: int) -> None:
    lines = render_text(ROWS, HEADER, columns=columns).splitlines()
    assert max(map(len, lines)) <= columns
    assert len(lines) <= 30


def test_it_keeps_its_height_while_events_come() -> None:
    quiet = render_text(ROWS, replace(HEADER, events=()))
    assert len(quiet.splitlines()) == len(render_text(ROWS, HEADER).splitlines())


def test_a_quiet_run_says_so() -> None:
    text = render_text([LiveRow("model", "well")], replace(HEADER, upcoming=(), events=(), finished=True))
    assert "No incident." in text
    assert "finished in 0:41" in text


def test_markup_in_a_word_is_only_a_word() -> None:
    assert "[red]x[/red]" in render_text([LiveRow("model", "well", "[red]x[/red]")], HEADER)


def test_the_picture_is_svg_with_the_same_words(tmp_path: Path) -> None:
    target = tmp_path / "demo.svg"
    save_picture(ROWS, HEADER, target)
    svg = target.read_text()
    assert svg.startswith("<svg")
    assert "ransomware" in svg
    assert "url(http" not in svg
    first = target.read_bytes()
    save_picture(ROWS, HEADER, target)
    assert target.read_bytes() == first
