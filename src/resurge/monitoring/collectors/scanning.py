"""One cheap look at which files are there: names and stats, no content."""

import os
import stat
from collections.abc import Set
from typing import NamedTuple

from resurge.estate.model import Source
from resurge.sources.files import OWN_TEMPORARY, is_excluded

TEMPORARY_SUFFIXES = (".tmp", ".temp", ".part", ".partial", "~")


class Signature(NamedTuple):
    """When two are the same, the content most likely is."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def looks_temporary(path: str) -> bool:
    """Names under which atomic writers prepare a file before they rename it."""
    name = path.rpartition("/")[2]
    return name.startswith(".") or name.endswith(TEMPORARY_SUFFIXES)


def scan(source: Source, *, suffixes: Set[str] | None = None) -> dict[str, Signature] | None:
    """Regular files below the root by absolute path (or the root itself); None when the root is not there.

    A folder that cannot be read is passed over. With `suffixes`, temporary names are passed over too.
    """
    root = str(source.path)
    try:
        found = source.path.stat()
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode):
        return {root: signature_of(found)} if suffixes is None or source.path.suffix in suffixes else {}
    seen: dict[str, Signature] = {}
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            entries = os.scandir(folder)
        except OSError:
            continue
        with entries:
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if source.exclude and is_excluded(path[len(root) + 1 :], source.exclude):
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(path)
                    elif suffixes is not None and (not entry.name.endswith(tuple(suffixes)) or looks_temporary(path)):
                        continue
                    elif entry.is_file(follow_symlinks=False) and not OWN_TEMPORARY.fullmatch(entry.name):
                        seen[path] = signature_of(entry.stat(follow_symlinks=False))
                except OSError:
                    continue
    return seen


def signature_of(found: os.stat_result) -> Signature:
    return Signature(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
