"""`resurge up`: the controller, in the foreground."""

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.options import estate_option


@click.command()
@estate_option
@pass_access
def up(access: Access) -> None:
    """Watch over the estate: back up on schedule, find faults, recover as the modes allow.

    It stays in the foreground until Ctrl-C or SIGTERM; killed in the middle of a recovery, it finishes that
    when it is started again. Every other command works beside it.

    \b
    Example:  resurge up
    """
    app = access.app()
    said = f"Watching over {app.declared.name} ({len(app.declared.components)} components). Ctrl-C ends it."
    app.run_controller(lambda: click.echo(said))
