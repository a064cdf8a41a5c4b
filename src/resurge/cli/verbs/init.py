"""`resurge init`: a resurge.yaml to start from."""

import os
from pathlib import Path

import click

from resurge.core.errors import EstateError, SourceMissing


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print it instead of writing it: nothing is touched.")
def init(paths: tuple[Path, ...], to_stdout: bool) -> None:
    """Write a resurge.yaml here that protects PATHs, with comments that explain it.

    It begins in mode `observe`: Resurge reports what it finds and touches nothing, until you say otherwise.
    An existing resurge.yaml is never overwritten.

    \b
    Example:  resurge init ~/models ~/datasets
    """
    from resurge.estate.read import FILE_NAME
    from resurge.estate.templates import render

    folder = Path.cwd()
    protected = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 - a link is protected as a link
    for path in protected:
        if not os.path.lexists(path):
            raise SourceMissing(
                f"{path} does not exist", "Name a file or a folder that is there, or none for an example."
            )
        if not str(path).isprintable():
            raise EstateError(
                f"{str(path)!r} holds what cannot be written in {FILE_NAME}", "Name the folder around it."
            )
    text = render(folder, protected)
    if to_stdout:
        click.echo(text, nl=False)
        return
    try:
        with (folder / FILE_NAME).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise EstateError(
            f"{FILE_NAME} is already here", "Edit it, or see a fresh one with `resurge init --stdout`."
        ) from None
    click.echo(f"Wrote {FILE_NAME}.")
    say_next(bool(protected))


def say_next(protects_something: bool) -> None:
    look = "look it over" if protects_something else "name your own folders in it"
    click.echo(f"Next: {look}, then run `resurge repo init`, `resurge up` and, elsewhere, `resurge status`.")
