"""Options that every verb takes, before or after its name: which repository, which estate."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from resurge.cli.access import Access

Command = TypeVar("Command", bound=Callable[..., Any])


def _remember_repository(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Access).named_repository = value


def _remember_estate(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Access).named_estate = Path(value)


def repository_option(command: Command) -> Command:
    return click.option(
        "-r",
        "--repo",
        metavar="URL",
        expose_value=False,
        callback=_remember_repository,
        help="The repository: a folder. Default: RESURGE_REPOSITORY, else the estate's first.",
    )(command)


def estate_option(command: Command) -> Command:
    return click.option(
        "--estate",
        metavar="FILE",
        expose_value=False,
        callback=_remember_estate,
        help="The resurge.yaml. Default: RESURGE_ESTATE, else the nearest here or above.",
    )(command)


def access_options(command: Command) -> Command:
    return repository_option(estate_option(command))


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(command)
