"""`resurge snapshots`: what there is to go back to."""

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.failures import say_unreadable
from resurge.cli.options import access_options, json_option
from resurge.cli.printing import count, local_time, plain, print_json, print_table, size
from resurge.cli.snapshot_json import snapshot_json


@click.command()
@click.option("--component", metavar="NAME", help="Only those of this component.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only those with this tag. Repeatable.")
@access_options
@json_option
@pass_access
def snapshots(access: Access, *, component: str | None, tags: tuple[str, ...], as_json: bool) -> None:
    """List the snapshots in a repository, oldest first.

    \b
    Examples:  resurge -r /mnt/backup snapshots
               resurge snapshots --component training --json
    """
    repository = access.open_repository()
    say_unreadable(repository)
    found = [
        snapshot
        for snapshot in repository.snapshots()
        if (component is None or snapshot.component == component.removeprefix("@")) and set(tags) <= set(snapshot.tags)
    ]
    if as_json:
        print_json([snapshot_json(snapshot) for snapshot in found])
        return
    if not found:
        click.echo("No snapshots.")
        return
    print_table(
        ["ID", "Time", "Component", "Tags", "Files", "Size", "Stored", "Paths"],
        [
            [
                snapshot.id[:8],
                local_time(snapshot.taken_at),
                plain(snapshot.component),
                plain(", ".join(snapshot.tags)),
                f"{snapshot.files:,}" + (" (partial)" if snapshot.unreadable else ""),
                size(snapshot.total_bytes),
                size(snapshot.stored_bytes),
                plain("\n".join(snapshot.paths)),
            ]
            for snapshot in found
        ],
        right=(4, 5, 6),
    )
    click.echo(f"{count(len(found), 'snapshot')}.")
