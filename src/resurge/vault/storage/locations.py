"""From what a person writes to a store."""

import re
from pathlib import Path

from resurge.core.errors import RepositoryError
from resurge.vault.storage.local import LocalStore
from resurge.vault.storage.memory import named
from resurge.vault.storage.store import Store

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""`s3:bucket`, `sftp:host:…`, `https://…`: users of restic type these, and a folder of that name would deceive them."""


def open_store(location: str) -> Store:
    """A path, `file://` and a path, or `memory:` and a name (gone with this process). Touches nothing."""
    if location.startswith("memory:"):
        return named(location)
    if location.startswith("file://"):
        location = location.removeprefix("file://")
    elif SCHEME.match(location):
        raise RepositoryError(
            f"{location!r} is no place this version can keep a repository",
            "Give the path of a local folder; if it really has such a name, as ./NAME.",
        )
    if not location:
        raise RepositoryError("no repository was named", "Give its path with -r, or set RESURGE_REPOSITORY.")
    return LocalStore(Path(location).absolute())
