"""The command line: parse and render, nothing else. One file a verb, each imported only when it is called."""

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code. No traceback reaches a person unasked."""
    from resurge.cli import failures

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names of files need not be UTF-8
            stream.reconfigure(errors="backslashreplace")
    try:
        from resurge.cli.root import root

        code = root.main(args=arguments, prog_name="resurge", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        failures.hush()
        code = failures.BROKEN_PIPE
    except BaseException as error:  # noqa: BLE001 - the last door: whatever comes is explained
        code = failures.report(error)
    sys.exit(code if isinstance(code, int) else 0)
