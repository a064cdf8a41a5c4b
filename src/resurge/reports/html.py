"""The report for people: one self-contained page, without script and without anything from outside."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from resurge.charts.overview import overview_svg
from resurge.charts.timeline import timeline_svg
from resurge.core.units import format_bytes, format_duration
from resurge.reports.as_json import rfc3339
from resurge.reports.model import Report
from resurge.reports.pictures import overview_of, timeline_of


def report_html(report: Report) -> str:
    environment = Environment(
        loader=PackageLoader("resurge.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_filters(report))
    pictures = {i.number: Markup(timeline_svg(timeline_of(i, report.until))) for i in report.incidents}  # noqa: S704 - our own drawing; its words are escaped
    return environment.get_template("report.html.j2").render(
        report=report,
        totals=report.totals,
        overview=Markup(overview_svg(overview_of(report))),  # noqa: S704 - as above
        timelines=pictures,
        largest_uncertainty=max((i.onset_uncertainty_seconds for i in report.incidents), default=0.0),
        injected=[i.number for i in report.incidents if i.onset_basis == "injected"],
        estimated=[i.number for i in report.incidents if i.onset_basis == "estimated"],
    )


def _filters(report: Report) -> dict[str, Callable[..., str]]:
    one_day = report.until - report.since < 86_400
    return {
        "bytes": format_bytes,
        "duration": format_duration,
        "promise": _promise,
        "clock": partial(_clock, with_date=not one_day),
        "moment": partial(_clock, with_date=True),
        "rfc3339": rfc3339,
        "money": _money,
        "words": lambda text: str(text).replace("-", " "),
        "capital": lambda text: str(text)[:1].upper() + str(text)[1:],
    }


def _promise(seconds: float) -> str:
    """A promise is a round number: `3 s`, not `3.00 s`."""
    return f"{seconds:g} s" if seconds < 120 else format_duration(seconds)


def _clock(at: float, *, with_date: bool) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M:%S}" if with_date else f"{moment:%H:%M:%S}"


def _money(amount: float, currency: str) -> str:
    """Two decimals, or two figures where that would show nothing."""
    if amount == 0 or amount >= 0.1:
        return f"{amount:.2f} {currency}"
    figures = f"{amount:.1e}"
    decimals = 1 - int(figures.split("e")[1])
    return f"{amount:.{decimals}f} {currency}"
