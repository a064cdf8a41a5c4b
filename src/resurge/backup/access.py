"""The estate's repositories: their passwords, which one is the original, and which copies follow it."""

import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from resurge.core.errors import AccessDenied, RepositoryError, RepositoryNotFound, ResurgeError
from resurge.estate.model import Estate, RepositorySpec

if TYPE_CHECKING:
    from resurge.vault import Repository, Snapshot

NO_REPOSITORY_ADVICE = "Make it with `resurge repo init`; if it was there before, look whether its disk is mounted."


def password_of(spec: RepositorySpec) -> str:
    """From the declared file, else RESURGE_PASSWORD_FILE, else RESURGE_PASSWORD; never from the estate."""
    declared = spec.password_file or os.environ.get("RESURGE_PASSWORD_FILE")
    if declared is None:
        if password := os.environ.get("RESURGE_PASSWORD"):
            return password
        raise ResurgeError(
            f"no password for repository '{spec.name}'",
            "Declare password_file, or set RESURGE_PASSWORD_FILE or RESURGE_PASSWORD.",
        )
    try:
        return Path(declared).read_text().rstrip("\n")
    except OSError as error:
        raise AccessDenied(
            f"cannot read the password file {declared}: {error.strerror}",
            f"Create it, or change password_file of repository '{spec.name}'.",
        ) from error


class Repositories:
    """Opens each declared repository once; an opened one is kept until `forget` is told that it was lost."""

    def __init__(self, estate: Estate) -> None:
        self._specs = estate.repositories
        self._opened: dict[str, Repository] = {}
        self._lock = Lock()

    @property
    def primary(self) -> RepositorySpec:
        for spec in self._specs.values():
            if spec.copy_of is None:
                return spec
        raise RepositoryNotFound("the estate declares no repository", "Add one below `repositories:`.")

    def copies_of(self, name: str) -> tuple[RepositorySpec, ...]:
        return tuple(spec for spec in self._specs.values() if spec.copy_of == name)

    def others_of(self, name: str) -> tuple[RepositorySpec, ...]:
        """Where the same objects should lie too: the copies of an original, or a copy's original and siblings."""
        original = self._specs[name].copy_of or name
        family = (self._specs[original], *self.copies_of(original))
        return tuple(spec for spec in family if spec.name != name)

    def open(self, name: str) -> "Repository":
        from resurge.vault import Repository
        from resurge.vault.storage.locations import open_store

        with self._lock:
            if name not in self._opened:
                spec = self._specs[name]
                if open_store(spec.url).size("config") is None:  # said before a password is looked for
                    raise RepositoryNotFound(f"there is no repository at {spec.url}", NO_REPOSITORY_ADVICE)
                self._opened[name] = Repository.open(spec.url, password_of(spec))
            return self._opened[name]

    def create_primary(self) -> "Repository":
        from resurge.vault import Repository

        with self._lock:
            spec = self.primary
            self._opened[spec.name] = Repository.create(spec.url, password_of(spec))
            return self._opened[spec.name]

    def forget(self, name: str) -> None:
        """Its objects were lost or replaced: what was read of it must be read again."""
        with self._lock:
            self._opened.pop(name, None)

    def holding(self, snapshot: str) -> "tuple[str, Repository, Snapshot]":
        """The first repository, the original before its copies, that still holds the snapshot."""
        problems: list[str] = []
        for spec in (self.primary, *self.copies_of(self.primary.name)):
            try:
                repository = self.open(spec.name)
                return spec.name, repository, repository.find(snapshot)
            except RepositoryError as error:
                self.forget(spec.name)
                problems.append(f"{spec.name}: {error}")
        raise RepositoryNotFound(
            f"no repository holds snapshot {snapshot} ({'; '.join(problems)})",
            "Check that the repositories' folders are mounted; `resurge snapshots` lists what is left.",
        )
