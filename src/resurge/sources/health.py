"""Does this file hold what its kind must hold? Asked before a state is called good, and while watching."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from resurge.incidents.records import Symptom
from resurge.sources.sqlite import integrity_problems, is_busy, open_read_only

EXAMINED_SUFFIXES = frozenset({".safetensors", ".npy", ".npz"})
BUSY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Health:
    good: bool
    symptom: Symptom | None
    summary: str  # one line for a person
    examined: bool = True  # False: nothing could be looked at just now, and `good` is only not denied


def examine_tensors(path: Path) -> Health:
    """Well-formed per its format, and every floating-point number finite; other suffixes are good unread.

    Memory is bounded whatever the header claims. Never raises: a file that cannot be read is not good.
    """
    if path.suffix not in EXAMINED_SUFFIXES:
        return Health(True, None, "not a tensor file")
    from resurge.sources.tensors import MalformedTensors, first_not_finite

    try:
        tensor = first_not_finite(path)
    except FileNotFoundError:
        return Health(False, Symptom.CONTENT_MISSING, f"{path} is not there")
    except (MalformedTensors, OSError) as error:
        return Health(False, Symptom.TENSOR_FILE_MALFORMED, f"{path} is not well-formed: {error}")
    if tensor is not None:
        return Health(False, Symptom.TENSOR_NOT_FINITE, f"{path}: tensor {tensor!r} holds NaN or infinity")
    return Health(True, None, "well-formed and finite")


def examine_sqlite(path: Path, *, quick: bool = False, busy_seconds: float = BUSY_SECONDS) -> Health:
    """SQLite's own integrity check, read-only. A database that is merely locked is not called damaged."""
    if not path.is_file():
        return Health(False, Symptom.CONTENT_MISSING, f"The database {path} is not there")
    if path.stat().st_size == 0:  # SQLite takes an empty file for a new database, and calls it well
        return Health(False, Symptom.DATABASE_DAMAGED, f"The database {path} is empty")
    try:
        with closing(open_read_only(path, busy_seconds=busy_seconds)) as connection:
            problems = integrity_problems(connection, quick=quick)
    except sqlite3.Error as error:
        if is_busy(error):
            return Health(True, None, f"busy, not examined: {error}", examined=False)
        problems = (str(error),)
    if problems:
        return Health(False, Symptom.DATABASE_DAMAGED, f"The database {path} is damaged: {problems[0]}")
    return Health(True, None, "its integrity check is clean")
