"""`resurge backup`: files and folders, or what a component declares."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.failures import say
from resurge.cli.options import access_options, json_option
from resurge.cli.printing import count, print_json, size
from resurge.cli.progress import progress_bar
from resurge.cli.snapshot_json import snapshot_json
from resurge.core.errors import PartialBackup, SourceMissing

if TYPE_CHECKING:
    from resurge.backup.protect import BackupOutcome
    from resurge.vault import Snapshot

NAMED_IN_FULL = 20  # unreadable files that are listed one by one; --json lists all of them


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="PATH... | @COMPONENT...")
@click.option("--exclude", multiple=True, metavar="PATTERN", help='Leave out, such as "*.tmp". Repeatable.')
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A word to find it by. Repeatable.")
@click.option("--read-all", is_flag=True, help="Read every file again, also those that look unchanged.")
@click.option(
    "--accept",
    is_flag=True,
    help="@COMPONENT: what it looks like now is right, whatever looks suspicious about it.",
)
@access_options
@json_option
@pass_access
def backup(
    access: Access,
    *,
    targets: tuple[str, ...],
    exclude: tuple[str, ...],
    tags: tuple[str, ...],
    read_all: bool,
    accept: bool,
    as_json: bool,
) -> None:
    """Take a snapshot of PATHs, or of what COMPONENTs declare in resurge.yaml.

    Only what is new is stored, encrypted. A file that cannot be read is named, the rest is kept, and the exit
    code is 3.

    \b
    Examples:  resurge -r /mnt/backup backup ~/models --exclude "*.tmp"
               resurge backup @training
    """
    if "" in targets:
        raise click.UsageError("an empty path names nothing (was a variable not set?)")
    components = [target[1:] for target in targets if target.startswith("@")]
    if components and len(components) < len(targets):
        raise click.UsageError("name either paths or @components, not both")
    if components:
        if exclude or tags:
            raise click.UsageError("--exclude and --tag belong to paths; a component declares its own")
        _back_up_components(access, components, read_all=read_all, accept=accept, as_json=as_json)
        return
    if accept:
        raise click.UsageError("--accept belongs to a @COMPONENT")
    from resurge.backup.reading import store
    from resurge.estate.model import Source, SourceKind

    for root in outermost(targets):
        if not os.path.lexists(root):
            raise SourceMissing(f"{root} does not exist", "Check the path. Nothing was backed up.")
    with progress_bar("backing up", wanted=not as_json) as progress:
        repository = access.open_repository()
        sources = [Source(SourceKind.FILES, root, exclude=exclude) for root in outermost(targets)]
        snapshot = store(repository, sources, tags=tags, read_all=read_all, progress=progress)
    access.seal("backup", repository.location, {"snapshot": snapshot.id, "paths": list(snapshot.paths)})
    if as_json:
        print_json(snapshot_json(snapshot))
    else:
        say_snapshot(snapshot)
    require_whole([snapshot])


def outermost(targets: Sequence[str]) -> list[Path]:
    """Absolute, sorted, and without what lies in another of them: nothing is read twice."""
    roots: list[Path] = []
    for path in sorted({absolute(target) for target in targets}):
        if not any(path.is_relative_to(root) for root in roots):
            roots.append(path)
    return roots


def absolute(target: str) -> Path:
    """Without following links: a link is backed up as a link."""
    return Path(os.path.abspath(Path(target).expanduser()))  # noqa: PTH100


def say_snapshot(snapshot: "Snapshot", name: str = "") -> None:
    whose = f" of {name}" if name else ""
    click.echo(
        f"Snapshot {snapshot.id[:8]}{whose}: {count(snapshot.files, 'file')} in "
        f"{count(snapshot.folders, 'folder')}, {size(snapshot.total_bytes)}; "
        f"{count(snapshot.new_files, 'new file')}, {count(snapshot.changed_files, 'changed file')}."
    )
    seconds = max(0.0, snapshot.finished_at - snapshot.taken_at)
    click.echo(
        f"Read {size(snapshot.read_bytes)}, added {size(snapshot.added_bytes)} "
        f"({size(snapshot.stored_bytes)} stored) in {seconds:.1f} s."
    )


def require_whole(snapshots: Sequence["Snapshot"]) -> None:
    """Raises PartialBackup that names what could not be read."""
    missing = [(snapshot, absolute_name(name), why) for snapshot in snapshots for name, why in snapshot.unreadable]
    if not missing:
        return
    snapshot, name, why = missing[0]
    if len(missing) == 1:
        happened = f"{name} could not be read: {why}"
    else:
        happened = f"{len(missing)} files could not be read"
        for _, each, reason in missing[:NAMED_IN_FULL]:
            say(f"{each}: {reason}")
        if len(missing) > NAMED_IN_FULL:
            say(f"and {len(missing) - NAMED_IN_FULL} more (--json names them all)")
    raise PartialBackup(happened, f"Snapshot {snapshot.id[:8]} holds the rest. Mend these, then back up again.")


def absolute_name(name: str) -> str:
    """Snapshots name things without the leading slash; people do not."""
    return name if name.startswith("/") else f"/{name}"


def _back_up_components(access: Access, names: Sequence[str], *, read_all: bool, accept: bool, as_json: bool) -> None:
    app = access.app()
    for name in names:
        app.component(name)  # a name that is mistyped is refused before anything is backed up
    outcomes = []
    for name in names:
        with progress_bar(f"backing up {name}", wanted=not as_json) as progress:
            outcome = app.back_up(name, read_all=read_all, accept=accept, progress=progress)
        outcomes.append(outcome)
        if not as_json:
            say_snapshot(outcome.snapshot, name)
            _say_verdict(outcome)
    if as_json:
        print_json([snapshot_json(outcome.snapshot) | verdict_json(outcome) for outcome in outcomes])
    require_whole([outcome.snapshot for outcome in outcomes])


def verdict_json(outcome: "BackupOutcome") -> dict[str, object]:
    return {
        "verdict": outcome.verdict.word,
        "reasons": list(outcome.verdict.reasons),
        "copied_bytes": outcome.copied_bytes,
        "copy_problems": list(outcome.copy_problems),
    }


def _say_verdict(outcome: "BackupOutcome") -> None:
    for problem in outcome.copy_problems:
        say(problem)
    if outcome.verdict.good:
        click.echo("It is good: a recovery point.")
        return
    reasons = "; ".join(outcome.verdict.reasons)
    click.echo(f"It looks {outcome.verdict.word}, and will not be recovered from: {reasons}.")
    click.echo("If this is how it should look, run it again with --accept.")
