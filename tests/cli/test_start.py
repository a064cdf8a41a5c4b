"""The command starts fast: what a verb does not need, it does not import."""

import json
import subprocess
import sys

import pytest

from resurge.cli.root import SECTIONS

VERBS = [verb for verbs in SECTIONS.values() for verb in verbs]
HEAVY = (
    "blake3", "cryptography", "dbos", "httpx", "jinja2", "matplotlib", "msgspec", "numpy", "psutil",
    "pyfastcdc", "pydantic", "rich", "ruamel.yaml", "safetensors", "sklearn", "sqlalchemy", "sqlite3",
    "watchfiles", "zstandard",
)  # fmt: skip
# Verb → what its --help may import all the same, with a reason beside it. Empty, and should stay so.
ALLOWED: dict[str, tuple[str, ...]] = {}
COUNT_IMPORTS = """
import json, sys
try:
    from resurge.cli import main
    main(sys.argv[1:])
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def modules_after(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", COUNT_IMPORTS, *arguments], capture_output=True, text=True, check=True)
    assert "Usage: " in done.stdout or "resurge 0" in done.stdout
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_imports_nothing_heavy(verb: str) -> None:
    loaded = modules_after(verb, "--help")
    assert f"resurge.cli.verbs.{verb}" in loaded
    assert loaded & set(HEAVY) <= set(ALLOWED.get(verb, ()))


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_command_itself_imports_no_verb_at_all(option: str) -> None:
    loaded = modules_after(option)
    assert not loaded & set(HEAVY)
    rooms = {name.split(".")[1] for name in loaded if name.startswith("resurge.")}
    assert rooms <= {"cli", "core"}
    assert not [name for name in loaded if name.startswith("resurge.cli.verbs.")]
