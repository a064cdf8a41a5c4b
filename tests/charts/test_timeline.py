import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resurge.charts.timeline import Bar, Timeline, _label_place, spread, timeline_svg

SVG = "{http://www.w3.org/2000/svg}"

TIMELINE = Timeline(
    name="incident-2",
    title="Timeline of incident 2: <model> & co",
    bars=(
        Bar("data lost", -5.2, 0.0, "lost"),
        Bar("detect", 0.0, 1.1, "detect"),
        Bar("restore", 1.2, 2.4, "restore", "2 tries"),
        Bar("prove", 2.4, 3.0, "verify"),
        Bar("backup", 3.1, 3.6, "after"),
    ),
    onset_uncertainty_seconds=0.25,
    detected_seconds=1.1,
    proved_seconds=3.0,
    detect_promised_seconds=3.0,
    rto_promised_seconds=10.0,
)


def test_the_same_values_give_the_same_picture() -> None:
    assert timeline_svg(TIMELINE) == timeline_svg(TIMELINE)


def test_it_is_one_svg_element_with_text_alternatives_and_nothing_from_outside() -> None:
    svg = timeline_svg(TIMELINE)
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("viewBox") == f"0 0 900 {62 + 34 + 25 * 5}"
    labels = (root.get("aria-labelledby") or "").split()
    named = {e.get("id"): e.text or "" for e in root if e.tag in (f"{SVG}title", f"{SVG}desc")}
    assert named[labels[0]] == "Timeline of incident 2: <model> & co"
    assert "restore from 1.20 s to 2.40 s" in named[labels[1]]
    assert "proved 3.00 s after onset" in named[labels[1]]
    assert "<text" not in svg
    assert "<metadata" not in svg
    references = {v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")}
    assert references
    assert all(r.startswith("#incident-2-") for r in references)


def test_every_reference_is_defined_once() -> None:
    root = ET.fromstring(timeline_svg(TIMELINE))
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    references = {v[1:] for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")}
    assert references <= set(ids)


def test_a_page_may_set_the_colours_of_ink_and_lines() -> None:
    svg = timeline_svg(TIMELINE)
    assert "var(--chart-ink, #1b1f24)" in svg
    assert "var(--chart-grid, #dfe3e8)" in svg


def test_an_incident_of_which_nothing_is_known_can_be_drawn() -> None:
    ET.fromstring(timeline_svg(Timeline(name="x", title="empty", bars=())))


def test_a_dollar_sign_in_a_name_is_no_mathematics() -> None:
    ET.fromstring(timeline_svg(Timeline(name="x", title="t", bars=(Bar("$\\frac$", 0.0, 1.0, "restore"),))))


@given(
    st.lists(st.tuples(st.floats(0, 700), st.floats(10, 90)), min_size=1, max_size=5),
)
def test_words_never_overlap_nor_leave_the_picture(marks: list[tuple[float, float]]) -> None:
    marks.sort()
    begins = spread([c for c, _ in marks], [w for _, w in marks], gap=10.0, low=-40.0, high=720.0)
    ends = [begin + width for begin, (_, width) in zip(begins, marks, strict=True)]
    assert ends[-1] <= 720.001
    assert begins[0] >= -40.001
    assert all(begin >= end + 9.999 for end, begin in zip(ends, begins[1:], strict=False))


@pytest.mark.parametrize(
    ("tone", "bar", "side"),
    [
        ("restore", (2.0, 3.0), "right"),
        ("restore", (9.0, 9.9), "left"),
        ("restore", (0.0, 10.0), "inside"),
        ("lost", (0.0, 5.0), "inside"),
        ("lost", (4.9, 5.0), "right"),
    ],
)
def test_the_words_of_a_bar_go_where_there_is_room(tone: str, bar: tuple[float, float], side: str) -> None:
    at, shift, align = _label_place(tone, 6, bar, (0.0, 10.0))
    place = {"right": (bar[1], "left"), "left": (bar[0], "right"), "inside": (bar[1], "right")}[side]
    assert (at, align) == place
    assert (shift > 0) is (align == "left")


def test_naming_a_chart_does_not_yet_load_matplotlib() -> None:
    code = (
        "import sys, resurge.charts.timeline, resurge.charts.overview, resurge.reports.pictures as p; "
        "sys.exit('matplotlib' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
