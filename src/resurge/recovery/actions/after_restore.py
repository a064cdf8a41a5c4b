"""The component's own commands that make what was restored agree with its surroundings."""

import subprocess

from resurge.core.environment import clean_environment
from resurge.core.errors import RecoveryFailed
from resurge.recovery.context import Outcome, StepContext

COMMAND_SECONDS = 300.0


def run_after_restore(context: StepContext) -> Outcome:
    """The estate promises that these commands may be run twice (docs/estate.md)."""
    component = context.component
    for command in component.after_restore:
        try:
            done = subprocess.run(
                command,
                cwd=context.tools.estate.file.parent,
                env=clean_environment(),
                capture_output=True,
                text=True,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RecoveryFailed(f"after_restore of '{component.name}' did not run: {error}") from error
        if done.returncode != 0:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
            raise RecoveryFailed(
                f"after_restore of '{component.name}' ended with {done.returncode}: {last[0]}",
                f"Run it by hand: {' '.join(command)}",
            )
    return Outcome(f"{len(component.after_restore)} command(s) ran")
