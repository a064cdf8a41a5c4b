"""`resurge status`: every component at a glance."""

import time
from typing import Any

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.options import estate_option, json_option
from resurge.cli.printing import BAD, DIM, GOOD, WAIT, ago, plain, print_json, print_table, styled
from resurge.core.units import format_duration

STYLES = {"well": GOOD, "broken": BAD, "recovering": WAIT, "unknown": DIM}


@click.command()
@estate_option
@json_option
@pass_access
def status(access: Access, *, as_json: bool) -> None:
    """Show how each component is, and when it was last backed up and proved.

    \b
    Example:  resurge status
    """
    components = access.app().status()
    if as_json:
        print_json(components)
        return
    now = time.time()
    print_table(
        ["Component", "Kind", "State", "Fault", "Last backup", "Last good", "Last proved", "Incident"],
        [
            [
                plain(each.name),
                each.kind,
                styled(each.state, STYLES.get(each.state, "")),
                plain(each.fault or ""),
                ago(each.last_backup_at, now) if each.sources else "–",
                _last_good(each, now),
                ago(each.last_proved_at, now),
                plain(each.incident or ""),
            ]
            for each in components
        ],
    )
    if all(each.state == "unknown" for each in components):
        click.echo("Nobody watches over them: `resurge up` is not running.")


def _last_good(each: Any, now: float) -> Any:
    """Against the RPO: were it to break this moment, this much would be lost."""
    promised = each.objectives.rpo_seconds
    if not each.sources:
        return "–"
    text = ago(each.last_good_at, now)
    if promised is None:
        return plain(text)
    late = each.last_good_at is None or now - each.last_good_at > promised
    return styled(f"{text} (RPO {format_duration(promised)})", BAD if late else GOOD)
