"""`resurge restore`: a snapshot's files, below a folder."""

import os
from collections.abc import Callable
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.failures import say_unreadable
from resurge.cli.options import access_options, json_option
from resurge.cli.printing import count, print_json, size
from resurge.cli.progress import progress_bar

if TYPE_CHECKING:
    from resurge.vault import Node, Repository, Snapshot


def _named(_ctx: click.Context, parameter: click.Parameter, value: str) -> Path:
    if not value:
        raise click.BadParameter("an empty path names nothing (was a variable not set?)", param=parameter)
    return Path(value)


@click.command()
@click.argument("snapshot", metavar="SNAPSHOT|latest|@COMPONENT")
@click.option("--target", required=True, metavar="DIR", callback=_named, help="Where to.")
@click.option(
    "--include",
    multiple=True,
    metavar="PATTERN",
    help='Only this, such as /data/models or "*.pt". Repeatable.',
)
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
@access_options
@json_option
@pass_access
def restore(
    access: Access,
    *,
    snapshot: str,
    target: Path,
    include: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring the files of a snapshot back below DIR, each checked against its hash.

    SNAPSHOT is an id or its beginning, `latest`, or @COMPONENT for the newest one of that component. A file
    /data/a is written to DIR/data/a. What is there and right is left alone, nothing is deleted, and a restore
    that was interrupted goes on when it is run again. To put a component back in its place: resurge recover.

    \b
    Examples:  resurge -r /mnt/backup restore latest --target /tmp/back
               resurge restore 3fa9c1 --target /tmp/back --include "*.safetensors"
    """
    repository = access.open_repository()
    say_unreadable(repository)
    found = find(repository, snapshot)
    only = matcher(include) if include else None
    if dry_run:
        _dry_run(repository, found, target, only, as_json=as_json)
        return
    with progress_bar("restoring", wanted=not as_json) as progress:
        report = repository.restore(found, target, only=only, progress=progress)
    if as_json:
        print_json({"snapshot": found.id, "target": str(target.absolute())} | asdict(report))
        return
    for note in report.notes:
        click.echo(note)
    click.echo(
        f"Restored snapshot {found.id[:8]} to {target}: {count(report.written_files, 'file')} written "
        f"({size(report.written_bytes)}), {count(report.unchanged_files, 'file')} already right."
    )


def find(repository: "Repository", reference: str) -> "Snapshot":
    if reference.startswith("@"):
        return repository.find("latest", component=reference[1:])
    return repository.find(reference)


def matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """`/a/b` takes that path and all below it; `*.pt` or `b/c` any path that ends so, and all below."""

    def matches(name: str) -> bool:
        parts = name.split("/")
        for pattern in patterns:
            wanted = pattern.strip("/").split("/")
            starts = [0] if pattern.startswith("/") else range(len(parts) - len(wanted) + 1)
            for start in starts:
                window = parts[start : start + len(wanted)]
                if len(window) == len(wanted) and all(map(fnmatchcase, window, wanted)):
                    return True
        return False

    return matches


def _dry_run(
    repository: "Repository",
    snapshot: "Snapshot",
    target: Path,
    only: Callable[[str], bool] | None,
    *,
    as_json: bool,
) -> None:
    chosen = [node for node in repository.nodes(snapshot) if only is None or only(node.name)]
    planned = [(_effect(node, target / node.name), node) for node in chosen if node.kind != "folder"]
    if as_json:
        print_json(
            {
                "snapshot": snapshot.id,
                "target": str(target.absolute()),
                "dry_run": True,
                "items": [
                    {"path": str(target.absolute() / node.name), "effect": effect, "bytes": node.size}
                    for effect, node in planned
                ],
            }
        )
        return
    for effect, node in planned:
        click.echo(f"{effect:8}  {size(node.size):>10}  {target / node.name}")
    total = sum(node.size for _, node in planned)
    click.echo(f"Nothing was written. It would be {count(len(planned), 'file')}, {size(total)}.")


def _effect(node: "Node", path: Path) -> str:
    """What a restore would do there, as far as can be told without reading the content."""
    if not os.path.lexists(path):
        return "create"
    found = path.lstat()
    alike = found.st_size == node.size and found.st_mtime_ns == node.mtime_ns
    return "compare" if node.kind == "file" and alike else "replace"
