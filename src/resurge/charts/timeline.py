"""One incident on a time axis: every part of it a bar, every promise a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from resurge.charts import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_PIXELS = 25
BAR_SHARE = 0.62
RIGHT_PIXELS, TOP_PIXELS, BOTTOM_PIXELS = 24, 62, 34
LETTER_PIXELS = 6.5  # how wide a letter is at most on average, at the size of the words over the marks
HORIZON = 3.0  # a promise further away than this many times what happened gets no line, only a word

TONES = {
    "detect": canvas.ORANGE,
    "think": canvas.SKY,  # diagnose, decide, approve
    "contain": canvas.PURPLE,
    "restore": canvas.BLUE,
    "start": canvas.GREEN,
    "verify": canvas.GREEN,
    "after": canvas.GRAY,  # what happens when all is well again
    "lost": canvas.VERMILLION,  # work or data that could not be brought back
    "failed": canvas.VERMILLION,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One row. Seconds since onset; `tone` is a key of `TONES`; `note` goes beside the duration."""

    label: str
    start_seconds: float
    end_seconds: float
    tone: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything in seconds since the onset, which is 0. None: did not happen, or was not promised."""

    name: str  # unique within a page
    title: str
    bars: tuple[Bar, ...]
    onset_uncertainty_seconds: float = 0.0
    onset_label: str = "onset"
    detected_seconds: float | None = None
    proved_seconds: float | None = None
    detect_promised_seconds: float | None = None
    rto_promised_seconds: float | None = None


def timeline_svg(timeline: Timeline) -> str:
    with canvas.look():
        bars = timeline.bars or (Bar("nothing recorded", 0.0, 0.0, "after"),)
        made, axes = canvas.figure(TOP_PIXELS + BOTTOM_PIXELS + ROW_PIXELS * len(bars))
        left = canvas.label_pixels(bar.label for bar in bars)
        canvas.margins(made, axes, left=left, right=RIGHT_PIXELS, top=TOP_PIXELS, bottom=BOTTOM_PIXELS)
        start, end = _limits(timeline)
        axes.set_xlim(start, end)
        axes.set_ylim(len(bars) - 0.5, -0.5)
        _draw_onset(axes, timeline)
        for row, bar in enumerate(bars):
            _draw_bar(axes, row, bar, start, end)
        _draw_marks(axes, timeline, end, canvas.WIDTH_PIXELS - left - RIGHT_PIXELS)
        axes.set_yticks(range(len(bars)), [canvas.shortened(bar.label) for bar in bars], color=canvas.INK)
        axes.tick_params(axis="y", pad=10)
        _seconds_axis(axes)
        return canvas.to_svg(made, name=timeline.name, title=timeline.title, description=describe(timeline))


def describe(timeline: Timeline) -> str:
    """The picture in words, for those who do not see it."""
    parts = [f"{bar.label} from {bar.start_seconds:.2f} s to {bar.end_seconds:.2f} s" for bar in timeline.bars]
    if timeline.proved_seconds is not None:
        parts.append(f"proved {timeline.proved_seconds:.2f} s after onset")
    if timeline.rto_promised_seconds is not None:
        parts.append(f"promised within {timeline.rto_promised_seconds:g} s")
    return "Time since onset: " + "; ".join(parts) + "."


def _happened(timeline: Timeline) -> float:
    ends = [bar.end_seconds for bar in timeline.bars]
    marks = [m for m in (timeline.detected_seconds, timeline.proved_seconds) if m is not None]
    return max([*ends, *marks, 0.001])


def _limits(timeline: Timeline) -> tuple[float, float]:
    """Show what happened, and the promises where they do not push it into a corner."""
    happened = _happened(timeline)
    promises = (timeline.detect_promised_seconds, timeline.rto_promised_seconds)
    end = max([happened, *(p for p in promises if p is not None and p <= HORIZON * happened)])
    earliest = min([0.0, *(bar.start_seconds for bar in timeline.bars)])
    start = min(max(earliest, -end), -timeline.onset_uncertainty_seconds)
    width = end - start
    return start - 0.015 * width, end + 0.09 * width


def _draw_onset(axes: "Axes", timeline: Timeline) -> None:
    half = timeline.onset_uncertainty_seconds
    if half > 0:
        axes.axvspan(-half, half, color=canvas.ORANGE, alpha=0.16, linewidth=0, zorder=1)
    axes.axvline(0, color=canvas.INK, linewidth=1.2, zorder=3)


def _draw_bar(axes: "Axes", row: int, bar: Bar, start: float, end: float) -> None:
    """A bar too short to see is drawn as wide as a hair; one that begins off the picture gets an arrow."""
    left = max(bar.start_seconds, start)
    width = max(bar.end_seconds - left, (end - start) * 0.0022)
    hatch = "////" if bar.tone == "lost" else None
    axes.barh(
        row,
        width,
        left=left,
        height=BAR_SHARE,
        facecolor=canvas.PAPER if hatch else TONES[bar.tone],
        edgecolor=TONES[bar.tone],
        linewidth=1.0 if hatch else 0.0,
        hatch=hatch,
        zorder=4,
    )
    seconds = bar.end_seconds - bar.start_seconds
    words = f"{_duration(seconds)}  {bar.note}".rstrip()
    if bar.start_seconds < start:
        words = f"← {words}"
    at, shift, align = _label_place(bar.tone, len(words), (left, left + width), (start, end))
    axes.annotate(
        words,
        (at, row),
        xytext=(shift, 0),
        textcoords="offset points",
        ha=align,
        va="center",
        color=canvas.MUTED,
        fontsize=10.5,
        bbox={"facecolor": canvas.PAPER, "edgecolor": "none", "pad": 1.2},
        zorder=6,
    )


def _label_place(
    tone: str, letters: int, bar: tuple[float, float], picture: tuple[float, float]
) -> tuple[float, float, Literal["left", "right"]]:
    """Where a bar's words go: right of it, else left of it, else inside; time lost, which ends where all else
    begins, has them inside first. Gives the place in seconds, a shift in pixels and the side held to it.
    """
    span = picture[1] - picture[0]
    needed = (0.0088 * letters + 0.012) * span
    inside_fits = bar[1] - bar[0] > needed
    if tone == "lost" and inside_fits:
        return bar[1], -8, "right"
    if picture[1] - bar[1] > needed:
        return bar[1], 6, "left"
    if bar[0] - picture[0] > needed:
        return bar[0], -6, "right"
    return bar[1], -8, "right"


def _draw_marks(axes: "Axes", timeline: Timeline, end: float, inner_pixels: float) -> None:
    """Two lines of words above the bars: what happened nearer to them, what was promised above it."""
    happened: list[tuple[float, str, str]] = [(0.0, timeline.onset_label, canvas.INK)]
    if timeline.detected_seconds is not None:
        happened.append((timeline.detected_seconds, "detected", canvas.INK))
    if timeline.proved_seconds is not None:
        happened.append((timeline.proved_seconds, "proved", canvas.INK))
    for at, _, colour in happened[1:]:
        axes.axvline(at, color=colour, linewidth=1.2, zorder=3)
    _words(axes, happened, 12, inner_pixels)
    promised: list[tuple[float, str, str]] = []
    for by, what in (
        (timeline.detect_promised_seconds, "detect by"),
        (timeline.rto_promised_seconds, "recover by"),
    ):
        if by is None:
            continue
        inside = by <= end
        if inside:
            axes.axvline(by, color=canvas.VERMILLION, linewidth=1.3, linestyle=(0, (4, 3)), zorder=5)
        words = f"{what} {_tick(by)}"
        promised.append((min(by, end), words if inside else f"{words} →", canvas.VERMILLION))
    _words(axes, promised, 34, inner_pixels)


def _words(axes: "Axes", marks: Sequence[tuple[float, str, str]], above_pixels: float, inner_pixels: float) -> None:
    """Place words over their marks, moved aside as far as needed not to touch their neighbours."""
    left, right = axes.get_xlim()
    ordered = sorted(marks)
    places = spread(
        [(at - left) / (right - left) * inner_pixels for at, _, _ in ordered],
        [LETTER_PIXELS * len(words) for _, words, _ in ordered],
        gap=12.0,
        low=-40.0,
        high=inner_pixels + RIGHT_PIXELS,
    )
    for (_, words, colour), begin in zip(ordered, places, strict=True):
        axes.annotate(
            words,
            (0, 1),
            xycoords="axes fraction",
            xytext=(begin, above_pixels),
            textcoords="offset points",
            ha="left",
            va="center",
            color=colour,
            fontsize=10.5,
        )


def spread(centres: Sequence[float], widths: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Where words begin so that each is near its centre, none overlap, and all lie within `low` to `high`.

    `centres` ascend. If there is not enough room, it is the left bound that gives way.
    """
    begins: list[float] = []
    reached = low - gap
    for centre, width in zip(centres, widths, strict=True):
        begins.append(max(centre - width / 2, reached + gap))
        reached = begins[-1] + width
    limit = high
    for index in range(len(begins) - 1, -1, -1):
        begins[index] = min(begins[index], limit - widths[index])
        limit = begins[index] - gap
    return begins


def _seconds_axis(axes: "Axes") -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))


def _tick(seconds: float) -> str:
    sign = "−" if seconds < 0 else ""
    size = abs(seconds)
    if size < 120:
        return f"{sign}{size:g} s"
    return f"{sign}{size / 60:g} min" if size < 7200 else f"{sign}{size / 3600:.3g} h"


def _duration(seconds: float) -> str:
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.2f} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"
