"""`resurge ledger`: the record that nobody can change unseen."""

import json

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.options import estate_option, json_option
from resurge.cli.printing import local_time, plain, print_json, print_table
from resurge.core.errors import LedgerBroken


@click.group()
def ledger() -> None:
    """Verify or list the tamper-evident record of all that was backed up, tested and recovered.

    \b
    Example:  resurge ledger verify
    """


@ledger.command()
@estate_option
@json_option
@pass_access
def verify(access: Access, *, as_json: bool) -> None:
    """Check every entry's signature and place in the chain. Exit code 40 names the first that is wrong.

    \b
    Example:  resurge ledger verify
    """
    found = access.app().verify_ledger()
    if as_json:
        print_json(found)
    if found.first_bad is not None or found.problem:
        where = "" if found.first_bad is None else f" at entry {found.first_bad}"
        raise LedgerBroken(
            f"the ledger is broken{where}: {found.problem}",
            "Compare it with a copy: what stands before that entry can be relied on, the rest cannot.",
        )
    if not as_json:
        click.echo(f"All {found.size} entries are as they were written. Root: {_text(found.root)}")


@ledger.command(name="list")
@click.option("--kind", metavar="KIND", help="Only entries of this kind, such as backup or incident.")
@estate_option
@json_option
@pass_access
def list_entries(access: Access, *, kind: str | None, as_json: bool) -> None:
    """List the entries, oldest first.

    \b
    Example:  resurge ledger list --kind backup
    """
    entries = [e for e in access.app().ledger_entries() if kind is None or e.kind == kind]
    if as_json:
        print_json(entries)
        return
    print_table(
        ["#", "Time", "Kind", "Subject", "What"],
        [
            [
                str(entry.index),
                local_time(entry.at),
                plain(entry.kind),
                plain(entry.subject),
                plain(json.dumps(dict(entry.body), default=str)[:120]),
            ]
            for entry in entries
        ],
        right=(0,),
    )


def _text(root: object) -> str:
    return root.hex() if isinstance(root, bytes) else str(root)
