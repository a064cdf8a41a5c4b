"""`resurge drill`: prove that it can be brought back, before it must be."""

from typing import Any

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.options import estate_option, json_option
from resurge.cli.printing import BAD, GOOD, count, plain, print_json, print_table, styled
from resurge.cli.progress import progress_bar
from resurge.core.errors import PromiseBroken
from resurge.core.units import format_duration


@click.group()
def drill() -> None:
    """Rehearse a recovery in a separate place, and measure it.

    \b
    Example:  resurge drill restore @model
    """


@drill.command()
@click.argument("component", required=False, metavar="[@COMPONENT]")
@estate_option
@json_option
@pass_access
def restore(access: Access, *, component: str | None, as_json: bool) -> None:
    """Restore the newest good snapshot into a separate place, start it, ask its canary, and remove it again.

    Without @COMPONENT, every component that has sources is rehearsed. What runs is not touched. Exit code 4:
    a rehearsal failed.

    \b
    Example:  resurge drill restore @model
    """
    app = access.app()
    name = None if component is None else component.removeprefix("@")
    with progress_bar("rehearsing", wanted=not as_json) as progress:
        results = list(app.drill_restore(name, progress))
    if as_json:
        print_json(results)
    else:
        _show(results)
    failed = [result for result in results if not result.passed]
    if failed:
        raise PromiseBroken(
            f"{count(len(failed), 'rehearsal')} failed: {failed[0].component}: {failed[0].failure}",
            "What it could not bring back today, a recovery could not either: mend that, back up again, drill again.",
        )


def _show(results: list[Any]) -> None:
    print_table(
        ["Component", "Snapshot", "Result", "Took", "Proved by"],
        [
            [
                plain(result.component),
                (result.snapshot or "–")[:8],
                styled("passed", GOOD) if result.passed else styled("failed", BAD),
                format_duration(result.seconds),
                plain(", ".join(result.checks) if result.passed else result.failure or ""),
            ]
            for result in results
        ],
        right=(3,),
    )
