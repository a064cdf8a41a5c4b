"""`resurge pause`: hands off, for a while."""

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.options import estate_option, json_option
from resurge.cli.printing import print_json
from resurge.core.units import BadUnit, format_duration, parse_duration


def _duration(_ctx: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else parse_duration(value)
    except BadUnit as error:
        raise click.BadParameter(f"{error}. {error.advice}", param=parameter) from None


@click.command()
@click.option(
    "--for",
    "seconds",
    metavar="DURATION",
    callback=_duration,
    help="How long, such as 30m or 2h. Default: until --off.",
)
@click.option("--why", default="", metavar="TEXT", help="For whoever looks at the status later.")
@click.option("--off", is_flag=True, help="End the pause.")
@estate_option
@json_option
@pass_access
def pause(access: Access, *, seconds: float | None, why: str, off: bool, as_json: bool) -> None:
    """Stop all automatic recovery for a while, for example during maintenance.

    Resurge goes on watching, backing up and reporting; it changes nothing in your components.

    \b
    Examples:  resurge pause --for 1h --why "moving the cluster"
               resurge pause --off
    """
    if off and (seconds is not None or why):
        raise click.UsageError("--off ends the pause: it goes with neither --for nor --why")
    app = access.app()
    if off:
        app.resume()
    else:
        app.pause(seconds, why)
    if as_json:
        print_json({"paused": not off, "seconds": seconds, "why": why})
    elif off:
        click.echo("The pause is over: recovery acts again as the estate's modes allow.")
    else:
        until = "until `resurge pause --off`" if seconds is None else f"for {format_duration(seconds)}"
        click.echo(f"Paused {until}: nothing will be recovered automatically.")
