"""Which repository, which password, which estate: options, environment, estate, and last a prompt."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from resurge.core.errors import AccessDenied, EstateNotFound, ResurgeError, WrongPassword

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resurge.app import App
    from resurge.estate.model import Estate, RepositorySpec
    from resurge.vault import Repository

REPOSITORY_VARIABLE = "RESURGE_REPOSITORY"
PASSWORD_VARIABLE = "RESURGE_PASSWORD"  # noqa: S105 - the name of a variable
PASSWORD_FILE_VARIABLE = "RESURGE_PASSWORD_FILE"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Place:
    """A repository before it is opened."""

    url: str
    password_file: Path | None = None


@dataclass(slots=True)
class Access:
    """What the options said. Nothing is read or opened before it is asked for."""

    named_repository: str | None = None
    named_estate: Path | None = None

    def estate_file(self) -> Path:
        from resurge.estate.read import find_estate

        return self.named_estate or find_estate(Path.cwd())

    def estate(self) -> "Estate":
        from resurge.estate.read import read_estate

        return read_estate(self.estate_file())

    def app(self) -> "App":
        from resurge.app import App

        return App.open(self.estate_file())

    def place(self) -> Place:
        """-r, else RESURGE_REPOSITORY, else the first repository of the estate that is no copy."""
        url = self.named_repository or os.environ.get(REPOSITORY_VARIABLE)
        if url:
            return Place(url)
        try:
            estate = self.estate()
        except EstateNotFound:
            if self.named_estate is not None:
                raise
            raise click.UsageError(
                f"which repository? Name one with -r URL or {REPOSITORY_VARIABLE}, "
                "or stand in a folder with a resurge.yaml."
            ) from None
        spec = primary(estate)
        return Place(spec.url, spec.password_file)

    def seal(self, kind: str, subject: str, body: "Mapping[str, object]") -> None:
        """An entry in the estate's ledger, where the repository is one of an estate; elsewhere there is none."""
        try:
            app = self.app()
        except EstateNotFound:
            return
        if any(spec.url == subject for spec in app.estate.repositories.values()):
            app.ledger.append(kind, subject, body)

    def open_repository(self) -> "Repository":
        from resurge.vault import Repository

        place = self.place()
        return Repository.open(place.url, password_for(place))


pass_access = click.make_pass_decorator(Access, ensure=True)


def primary(estate: "Estate") -> "RepositorySpec":
    for spec in estate.repositories.values():
        if spec.copy_of is None:
            return spec
    raise ResurgeError(
        f"{estate.file.name} declares no repository",
        "Add one below `repositories:`, or name one with -r URL.",
    )


def password_for(place: Place, *, new: bool = False) -> str:
    """The estate's password file, else RESURGE_PASSWORD_FILE, else RESURGE_PASSWORD, else a prompt.

    `new`: the repository is about to be made, so a typed password is asked for twice.
    """
    named = place.password_file or os.environ.get(PASSWORD_FILE_VARIABLE)
    if named:
        return read_password(Path(named))
    if password := os.environ.get(PASSWORD_VARIABLE):
        return password
    if not sys.stdin.isatty():
        raise WrongPassword(
            f"there is no password for the repository {place.url}",
            f"Set {PASSWORD_FILE_VARIABLE} to a file that holds it, or {PASSWORD_VARIABLE}.",
        )
    prompt = f"{'New password' if new else 'Password'} for {place.url}"
    typed: str = click.prompt(prompt, hide_input=True, confirmation_prompt=new, err=True)
    return typed


def read_password(file: Path) -> str:
    """The first line. Raises AccessDenied where it cannot be read, WrongPassword where it is empty."""
    try:
        password = file.read_text(errors="surrogateescape").rstrip("\r\n")
    except OSError as error:
        raise AccessDenied(
            f"the password file {file} cannot be read: {error.strerror}",
            "Put it there, or name another with password_file or RESURGE_PASSWORD_FILE.",
        ) from None
    if not password:
        raise WrongPassword(f"the password file {file} is empty", "Write the password into it.")
    return password
