"""What went wrong, as one line for a person, one of advice, and an exit code."""

import errno
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from resurge.core.errors import AccessDenied, Interrupted, ResurgeError, StorageFull

if TYPE_CHECKING:
    from resurge.vault import Repository

BROKEN_PIPE = 141  # 128 + SIGPIPE, as a shell counts it
USAGE = 2
DEBUG_VARIABLE = "RESURGE_DEBUG"

_FULL = (errno.ENOSPC, errno.EDQUOT)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


def report(error: BaseException) -> int:
    """Print what happened to standard error. Returns the exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return USAGE
    if os.environ.get(DEBUG_VARIABLE) == "1":
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, click.UsageError):
        say(error.format_message(), _usage_advice(error))
        return USAGE
    known = as_resurge_error(error) or _surprise(error)
    say(str(known), known.advice)
    return known.exit_code


def say(happened: str, advice: str = "") -> None:
    click.echo(f"resurge: {happened}", err=True)
    if advice:
        click.echo(f"  → {advice}", err=True)


def say_unreadable(repository: "Repository") -> None:
    """A snapshot that cannot be read must not vanish without a word: `latest` may then be an older one."""
    lost = repository.unreadable_snapshots()
    if lost:
        names = ", ".join(id_[:8] for id_ in lost)
        say(f"{len(lost)} snapshot(s) cannot be read and are left out: {names}", "`resurge check` says what is wrong.")


def as_resurge_error(error: BaseException) -> ResurgeError | None:
    """The situation that `error` stands for, or None where it is nothing that was foreseen."""
    if isinstance(error, ResurgeError):
        return error
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return Interrupted("interrupted", "Nothing is half done: run the same command again.")
    if isinstance(error, click.ClickException):
        return ResurgeError(error.format_message())
    if isinstance(error, OSError) and error.errno in _FULL:
        return StorageFull(f"there is no space left{_at(error)}", "Make room, then run the same command again.")
    if isinstance(error, OSError) and error.errno in _DENIED:
        return AccessDenied(
            f"access was refused{_at(error)}: {error.strerror}",
            "Give this user the right to it, or run as its owner.",
        )
    return None


def _at(error: OSError) -> str:
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else error.filename
    return f" at {name}" if name else ""


def _usage_advice(error: click.UsageError) -> str:
    return f"See `{error.ctx.command_path} --help`." if error.ctx else "See `resurge --help`."


def _surprise(error: BaseException) -> ResurgeError:
    """Nobody foresaw it: the traceback goes into a file, for whoever mends it."""
    import tempfile

    what = f"{type(error).__name__}: {(str(error).splitlines() or ['no further words'])[0]}"
    try:
        handle, path = tempfile.mkstemp(prefix="resurge-", suffix="-traceback.txt")
        with os.fdopen(handle, "w", errors="backslashreplace") as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return ResurgeError(
            f"something that was not foreseen: {what}", f"Run it again with {DEBUG_VARIABLE}=1 to see where."
        )
    return ResurgeError(f"something that was not foreseen: {what}", f"Where it happened is written down in {path}.")


def hush() -> None:
    """The reader has gone; the interpreter's own flush at the end must not complain about it."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = None
