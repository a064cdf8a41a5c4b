"""The real command, as a person or a script runs it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error_lines(self) -> list[str]:
        return self.err.splitlines()


@dataclass(frozen=True)
class Resurge:
    """Runs `python -m resurge` in `folder`, with no variable of Resurge's but those given."""

    folder: Path
    environment: dict[str, str] = field(default_factory=lambda: {"RESURGE_PASSWORD": PASSWORD})

    def __call__(self, *arguments: str | Path, **environment: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "resurge", *map(str, arguments)],
            cwd=self.folder,
            env=self.clean_environment() | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def clean_environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RESURGE_")}
        return kept | self.environment
