"""What a program of the service says before it gives up: one line, one exit code, no traceback."""

import sys
from collections.abc import Callable

PORT_TAKEN = 32
ALREADY_RUNNING = 11


class ServiceFailure(Exception):
    def __init__(self, happened: str, exit_code: int = 1) -> None:
        super().__init__(happened)
        self.exit_code = exit_code


def exit_code_of(program: Callable[[], int]) -> int:
    """Run a program and turn what it could not help into a line on stderr and an exit code."""
    try:
        return program()
    except ServiceFailure as failure:
        print(failure, file=sys.stderr, flush=True)
        return failure.exit_code
    except KeyboardInterrupt:
        return 130
