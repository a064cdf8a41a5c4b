"""A whole period at a glance: a lane for each component, incidents as bars, backups as ticks."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from resurge.charts import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LANE_PIXELS = 44
SHORT_SECONDS = 900  # a period up to this long is shown as time elapsed, a longer one by the clock


@dataclass(frozen=True, slots=True)
class Episode:
    """One incident. Unix seconds; `kept` None: nothing to judge. `label` is short: its number."""

    lane: str
    label: str
    started_at: float
    ended_at: float
    kept: bool | None


@dataclass(frozen=True, slots=True)
class Tick:
    """One backup."""

    lane: str
    at: float
    good: bool


@dataclass(frozen=True, slots=True)
class Overview:
    name: str
    title: str
    since: float
    until: float
    lanes: tuple[str, ...]
    episodes: tuple[Episode, ...]
    ticks: tuple[Tick, ...]


def overview_svg(overview: Overview) -> str:
    with canvas.look():
        lanes = overview.lanes or ("",)
        top, bottom = 34, 34
        made, axes = canvas.figure(top + bottom + LANE_PIXELS * len(lanes))
        canvas.margins(made, axes, left=canvas.label_pixels(lanes), right=24, top=top, bottom=bottom)
        span = max(overview.until - overview.since, 0.001)
        axes.set_xlim(-0.01 * span, 1.01 * span)
        axes.set_ylim(len(lanes) - 0.5, -0.5)
        for edge in range(1, len(lanes)):
            axes.axhline(edge - 0.5, color=canvas.GRID, linewidth=0.8, zorder=1)
        rows = {lane: row for row, lane in enumerate(lanes)}
        _draw_ticks(axes, overview, rows)
        _draw_episodes(axes, overview, rows, span)
        _legend(axes)
        axes.set_yticks(range(len(lanes)), [canvas.shortened(lane) for lane in lanes], color=canvas.INK)
        axes.tick_params(axis="y", pad=10)
        _time_axis(axes, overview.since, span)
        return canvas.to_svg(made, name=overview.name, title=overview.title, description=_describe(overview))


def _describe(overview: Overview) -> str:
    lines = []
    for lane in overview.lanes:
        episodes = [e for e in overview.episodes if e.lane == lane]
        good = sum(t.good for t in overview.ticks if t.lane == lane)
        suspect = sum(not t.good for t in overview.ticks if t.lane == lane)
        broken = sum(e.kept is False for e in episodes)
        lines.append(
            f"{lane}: {len(episodes)} incidents, {broken} with a broken promise; "
            f"{good} good and {suspect} suspect backups"
        )
    return ". ".join(lines) + "."


def _draw_ticks(axes: "Axes", overview: Overview, rows: dict[str, int]) -> None:
    for good, marker, colour in ((True, "|", canvas.GRAY), (False, "x", canvas.VERMILLION)):
        chosen = [t for t in overview.ticks if t.good is good and t.lane in rows]
        axes.plot(
            [t.at - overview.since for t in chosen],
            [rows[t.lane] + 0.28 for t in chosen],
            linestyle="none",
            marker=marker,
            markersize=7 if good else 6,
            markeredgewidth=1.4 if good else 1.8,
            color=colour,
            zorder=3 if good else 4,
        )


def _draw_episodes(axes: "Axes", overview: Overview, rows: dict[str, int], span: float) -> None:
    """Never narrower than can be seen. A broken promise is also hatched, for those who see no colour."""
    for episode in overview.episodes:
        if episode.lane not in rows:
            continue
        left = max(episode.started_at - overview.since, 0.0)
        width = max(min(episode.ended_at, overview.until) - overview.since - left, span * 0.004)
        row = rows[episode.lane]
        colour = _colour(episode.kept)
        axes.barh(
            row - 0.1,
            width,
            left=left,
            height=0.4,
            facecolor=canvas.PAPER if episode.kept is False else colour,
            edgecolor=colour,
            hatch="////" if episode.kept is False else None,
            linewidth=1.2,
            zorder=5,
        )
        axes.annotate(
            episode.label,
            (left + width, row - 0.1),
            xytext=(4, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            color=canvas.INK,
            fontsize=10.5,
            zorder=6,
        )


def _colour(kept: bool | None) -> str:
    if kept is None:
        return canvas.GRAY
    return canvas.BLUE if kept else canvas.VERMILLION


def _legend(axes: "Axes") -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries = [
        Patch(facecolor=canvas.BLUE, edgecolor=canvas.BLUE, label="recovered as promised"),
        Patch(facecolor=canvas.PAPER, edgecolor=canvas.VERMILLION, hatch="////", label="promise broken"),
        Patch(facecolor=canvas.GRAY, edgecolor=canvas.GRAY, label="not judged"),
        Line2D([], [], linestyle="none", marker="|", markersize=8, color=canvas.GRAY, label="good backup"),
        Line2D([], [], linestyle="none", marker="x", markersize=6, color=canvas.VERMILLION, label="suspect"),
    ]
    axes.legend(
        handles=entries,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(entries),
        frameon=False,
        borderaxespad=0.4,
        borderpad=0.2,
        columnspacing=1.6,
        handlelength=1.3,
        handletextpad=0.5,
        labelcolor=canvas.MUTED,
        fontsize=10.5,
    )


def _time_axis(axes: "Axes", since: float, span: float) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter

    step = _step(span)
    if span <= SHORT_SECONDS:
        first = 0.0
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _elapsed(value)))
    else:
        first = -since % step
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _clock(since + value, step)))
    count = int((span - first) / step) + 1
    axes.xaxis.set_major_locator(FixedLocator([first + step * i for i in range(count)]))


def _step(span: float, most: int = 10) -> float:
    """The smallest step that people count in which gives at most `most` labels."""
    steps = (
        0.1,
        0.5,
        1,
        2,
        5,
        10,
        15,
        30,
        60,
        120,
        300,
        600,
        1800,
        3600,
        7200,
        21600,
        43200,
    )
    days = (86400.0 * n for n in (1, 2, 7, 14, 28, 91, 182, 365, 1825))
    return next((s for s in (*steps, *days) if span / s <= most), span)


def _elapsed(seconds: float) -> str:
    whole = round(seconds)
    return f"{seconds:.1f} s" if seconds % 1 > 0.01 else f"{whole // 60}:{whole % 60:02d}"


def _clock(at: float, step: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    if step >= 86400:
        return f"{moment.day} {moment:%b}"
    return f"{moment.day} {moment:%b} {moment:%H:%M}" if moment.hour == 0 and moment.minute == 0 else f"{moment:%H:%M}"
