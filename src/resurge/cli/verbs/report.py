"""`resurge report`: what happened, against what was promised."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.options import estate_option
from resurge.cli.printing import (
    BAD,
    DIM,
    GOOD,
    against,
    count,
    local_time,
    plain,
    print_json,
    print_table,
    size,
    styled,
)
from resurge.core.units import BadUnit, format_duration, parse_duration

if TYPE_CHECKING:
    from rich.text import Text


def _since(_ctx: click.Context, parameter: click.Parameter, value: str) -> float:
    try:
        return parse_duration(value)
    except BadUnit as error:
        raise click.BadParameter(f"{error}. {error.advice}", param=parameter) from None


@click.command()
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Write one self-contained page.")
@click.option(
    "--json", "json_file", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True),
    help="Write it for machines; - for standard output.",
)  # fmt: skip
@click.option(
    "--since",
    "seconds",
    metavar="DURATION",
    default="30d",
    show_default=True,
    callback=_since,
    help="How far back.",
)
@estate_option
@pass_access
def report(access: Access, *, html: Path | None, json_file: Path | None, seconds: float) -> None:
    """Sum up incidents and drills: recovery time, data lost, integrity and cost against the promises.

    \b
    Example:  resurge report --since 7d --html report.html
    """
    to_stdout = json_file is not None and str(json_file) == "-"
    app = access.app()
    facts = app.report(html=html, json=None if to_stdout else json_file, since=time.time() - seconds)
    if to_stdout:
        print_json(facts)
        return
    _summarise(facts)
    for file in (html, json_file):
        if file is not None:
            click.echo(f"Wrote {file}.")


def _summarise(facts: dict[str, Any]) -> None:
    totals, cost, ledger = facts["totals"], facts["cost"], facts["ledger"]
    incidents = facts["incidents"]
    click.echo(
        f"{facts['estate']}, {local_time(facts['period']['since_at'])} to "
        f"{local_time(facts['period']['until_at'])}: {count(totals['incidents'], 'incident')}, "
        f"{totals['recovered']} recovered; {_verdict(totals)}."
    )
    if incidents:
        print_table(
            ["#", "Component", "Fault", "State", "To detect", "RTO", "RPO", "Promise"],
            [_row(incident) for incident in incidents],
            right=(0, 4, 5, 6),
        )
    click.echo(f"Backups: {totals['backups_good']} good, {totals['backups_suspect']} suspect.")
    click.echo(f"Rehearsals: {totals['drills_passed']} passed, {totals['drills_failed']} failed.")
    click.echo(
        f"Cost: {cost['total']:.4g} {cost['currency']} ({size(cost['stored_bytes'])} stored, "
        f"{size(cost['moved_bytes'])} moved, {format_duration(cost['compute_seconds'])} computed)."
    )
    whole = "as they were written" if ledger["verified"] else f"BROKEN: {ledger['problem']}"
    click.echo(f"Ledger: {count(ledger['entries'], 'entry', 'entries')}, {whole}.")


def _verdict(totals: dict[str, Any]) -> str:
    if totals["promises_broken"]:
        return f"{count(totals['promises_broken'], 'promise')} broken"
    return "every promise was kept" if totals["promises_kept"] else "nothing put the promises to the test"


def _row(incident: dict[str, Any]) -> "list[str | Text]":
    kept = {True: styled("kept", GOOD), False: styled("broken", BAD)}.get(incident["kept"], styled("–", DIM))
    measures = [
        against(incident[name]["measured_seconds"], incident[name]["promised_seconds"])
        for name in ("detect", "rto", "rpo")
    ]
    head = [str(incident["number"]), plain(incident["component"]), incident["fault"], incident["state"]]
    return [*head, *measures, kept]
