"""`resurge repo init`: a new, empty, encrypted repository."""

import os
import secrets
from pathlib import Path

import click

from resurge.cli.access import (
    PASSWORD_FILE_VARIABLE,
    PASSWORD_VARIABLE,
    Access,
    Place,
    pass_access,
    password_for,
)
from resurge.cli.options import access_options, json_option
from resurge.cli.printing import print_json
from resurge.core.durable import write_durably


@click.group()
def repo() -> None:
    """Create a repository: the place where snapshots are kept.

    \b
    Example:  resurge -r /mnt/backup repo init
    """


@repo.command()
@access_options
@json_option
@pass_access
def init(access: Access, *, as_json: bool) -> None:
    """Create a new repository, encrypted with a password.

    Without -r, the first repository of resurge.yaml is created; if its password file is not there yet, one
    is made with a strong password. Without the password nothing can ever be restored: keep a copy of it
    somewhere else.

    \b
    Example:  resurge -r /mnt/backup repo init
    """
    from resurge.vault import Repository

    place = access.place()
    made = _make_password(place)
    try:
        repository = Repository.create(place.url, password_for(place, new=True))
    except BaseException:
        if made is not None:
            made.unlink(missing_ok=True)
        raise
    if as_json:
        print_json({"id": repository.id, "location": repository.location, "password_file": made and str(made)})
        return
    click.echo(f"Created repository {repository.id[:8]} at {repository.location}.")
    if made is not None:
        click.echo(f"Made its password: {made}. Keep a copy somewhere else: without it nothing can be restored.")


def _make_password(place: Place) -> Path | None:
    """Where the estate names a password file that nobody has written yet. Returns the file that was made.

    It holds the password that the environment gives, else a strong one: from then on, the file is what counts.
    """
    file = place.password_file
    if file is None or file.exists():
        return None
    given = os.environ.get(PASSWORD_FILE_VARIABLE) or os.environ.get(PASSWORD_VARIABLE)
    password = password_for(Place(place.url)) if given else secrets.token_urlsafe(32)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(file, f"{password}\n".encode())
    return file
