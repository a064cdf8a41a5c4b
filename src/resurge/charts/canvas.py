"""One look for every picture: palette, figure, and SVG that is the same everywhere and every time.

Text becomes paths of the font that matplotlib ships, so that a picture looks the same on every machine.
Colours that depend on the page (ink, paper, lines) are written as CSS variables with a fallback: a page may
set `--chart-ink` and its like for a dark theme; alone, a picture is dark on white.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_PIXELS = 900
LONGEST_LABEL = 28
POINTS_PER_INCH = 72  # matplotlib's SVG counts points: one point becomes one pixel of the view box

# Okabe & Ito (2008), "Color Universal Design": told apart with every common kind of colour vision.
BLUE, SKY, GREEN, ORANGE, VERMILLION, PURPLE = (
    "#0072b2",
    "#56b4e9",
    "#009e73",
    "#e69f00",
    "#d55e00",
    "#cc79a7",
)
GRAY = "#8a8f98"

INK, MUTED, GRID, PAPER = "#1b1f24", "#5b6470", "#dfe3e8", "#fefefe"
_THEMED = {INK: "--chart-ink", MUTED: "--chart-muted", GRID: "--chart-grid", PAPER: "--chart-paper"}

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "svg.fonttype": "path",
    "svg.hashsalt": "resurge",
    "axes.linewidth": 0.8,
    "path.simplify": False,
    "text.parse_math": False,  # a name may hold a dollar sign
    "hatch.linewidth": 0.8,
}


@contextmanager
def look() -> Iterator[None]:
    """Draw inside of this: matplotlib's own defaults and the house style, whatever a matplotlibrc says."""
    from matplotlib import rc_context, rcdefaults, rcParams

    with rc_context():
        rcdefaults()
        rcParams.update(_STYLE)
        yield


def figure(height_pixels: float) -> "tuple[Figure, Axes]":
    """An empty figure, `WIDTH_PIXELS` wide, with one bare axis."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    made = Figure(figsize=(WIDTH_PIXELS / POINTS_PER_INCH, height_pixels / POINTS_PER_INCH), dpi=72)
    FigureCanvasSVG(made)
    axes = made.add_axes((0, 0, 1, 1))
    made.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.tick_params(axis="both", length=0, colors=MUTED, labelsize=10.5)
    axes.set_axisbelow(True)
    axes.grid(True, axis="x", color=GRID, linewidth=0.8)
    return made, axes


def margins(made: "Figure", axes: "Axes", *, left: float, right: float, top: float, bottom: float) -> None:
    """Set them in pixels."""
    width, height = (size * POINTS_PER_INCH for size in made.get_size_inches())
    inner_width, inner_height = width - left - right, height - top - bottom
    axes.set_position((left / width, bottom / height, inner_width / width, inner_height / height))


def label_pixels(labels: Iterable[str]) -> float:
    """The left margin that these labels need, at the size of the ticks."""
    return 34.0 + 7.0 * max([10, *(len(shortened(label)) for label in labels)])


def shortened(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def to_svg(made: "Figure", *, name: str, title: str, description: str) -> str:
    """One `<svg>` element with text alternatives.

    `name` prefixes every id, so that many pictures can live in one page.
    """
    raw = StringIO()
    made.savefig(raw, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = raw.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    prefix = re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-") + "-"
    text = re.sub(r'\bid="', f'id="{prefix}', text)
    text = text.replace('href="#', f'href="#{prefix}').replace("url(#", f"url(#{prefix}")
    for colour, variable in _THEMED.items():
        text = text.replace(f": {colour}", f": var({variable}, {colour})")
        text = text.replace(f'fill="{colour}"', f'style="fill: var({variable}, {colour})"')
    text = re.sub(r'(<svg[^>]*?) height="([\d.]+)pt"', r'\1 height="\2"', text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="([\d.]+)pt"', r'\1 width="\2"', text, count=1)
    opening = f'<svg role="img" aria-labelledby="{prefix}title {prefix}description"'
    alternatives = (
        f'<title id="{prefix}title">{escape(title)}</title><desc id="{prefix}description">{escape(description)}</desc>'
    )
    text = text.replace("<svg", opening, 1)
    return re.sub(r"(<svg[^>]*>)", lambda m: m[1] + "\n " + alternatives, text, count=1).strip() + "\n"
