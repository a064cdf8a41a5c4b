"""The `resurge.yaml` that `resurge init` writes: it works as it is, and its comments teach the rest."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

HEAD = """\
# What Resurge protects, and what is promised about it.
# Every duration and size has a unit: 500ms, 10s, 1h30m, 7d; 8MiB, 200MB.
# Relative paths start at this file's folder. `resurge schema` lists every key.
version: 1
name: {name}

repositories:
  primary:
    url: {repository}
    password_file: {password_file}  # `resurge repo init` makes one. Keep a copy elsewhere!
  # A second copy, best on another disk or machine:
  # second: {{url: /mnt/elsewhere/vault, copy_of: primary}}

defaults:                       # for every component that does not say otherwise
  mode: observe                 # observe: find and report; approve: plan, then wait for you; auto: recover
  objectives:
    rpo: 1h                     # at most this much work may be lost
    rto: 10m                    # at most this long from the fault to the proof that it is over
    retention: {{last: 24, daily: 7, weekly: 4}}
  backup: {{every: 1h}}

# Kinds: training-job, inference-service, model, checkpoints, data-set, database, store, node, network.
components:
"""

COMPONENT = """\
  {name}:
    kind: {kind}
    sources:
{source}{exclude}    actions: [restore]          # what a recovery may do: restart, restore, rebuild
"""

TAIL = """\
    # More that a component can say:
    # depends_on: [other]       # components that must be well first
    # process:                  # a program on this machine that Resurge may start again
    #   start: [python, -m, mypackage.serve, --port, "8000"]
    #   pid_file: run/serve.pid
    #   log_file: run/serve.log
    # probes:                   # how to tell that it is well
    #   - {http: "http://127.0.0.1:8000/healthz"}
"""

CONTENT_COMMENT = "        # or write-once (files never change), rolling (they come and go whole)"
PLAIN = re.compile(r"\.?[A-Za-z][A-Za-z0-9_/-]*(\.[A-Za-z0-9_/-]+)*|/[A-Za-z][A-Za-z0-9_./-]*")
NOT_TEXT = ("true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan")
SQLITE_MAGIC = b"SQLite format 3\0"
SUFFIXES_OF_MODELS = (".safetensors", ".pt", ".pth", ".onnx", ".gguf", ".npz", ".ckpt")


def render(folder: Path, protected: Sequence[Path]) -> str:
    """The text for a `resurge.yaml` in `folder`. Nothing in `protected`: `folder/data`, as an example."""
    paths = list(protected) or [folder / "data"]
    names = _names(paths)
    parts = [
        HEAD.format(
            name=_quoted(folder.name or "estate"),
            repository=_quoted(".resurge/vault"),
            password_file=_quoted(".resurge/password"),
        )
    ]
    for position, (name, path) in enumerate(zip(names, paths, strict=True)):
        parts.append(
            COMPONENT.format(
                name=_quoted(name),
                kind=_kind(path),
                source=_source(path, folder, comment="" if position else CONTENT_COMMENT),
                exclude=_exclude(path, folder),
            )
        )
    return "".join(parts) + TAIL


def _source(path: Path, folder: Path, comment: str) -> str:
    shown = _quoted(_relative(path, folder))
    if is_sqlite(path):
        return f"      - sqlite: {shown}          # copied consistently while it is in use\n"
    return f"      - files: {shown}\n        content: mutable{comment}\n"


def is_sqlite(path: Path) -> bool:
    """By the first bytes of the file (sqlite.org/fileformat2.html, section 1.3)."""
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    except OSError:
        return False


def _names(paths: Sequence[Path]) -> list[str]:
    """Names for components, from the names of their folders, each of them once."""
    names: list[str] = []
    for path in paths:
        letters = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in path.name)
        stem = letters.strip("._-") or "data"
        name, number = stem, 2
        while name in names:
            name, number = f"{stem}-{number}", number + 1
        names.append(name)
    return names


def _kind(path: Path) -> str:
    if is_sqlite(path):
        return "database"
    return "model" if path.suffix in SUFFIXES_OF_MODELS else "store"


def _exclude(path: Path, folder: Path) -> str:
    """Resurge's own folder is left out: a repository that contains itself never stops growing."""
    own = folder / ".resurge"
    if not own.is_relative_to(path):
        return ""
    below = str(own.relative_to(path))
    return f"        exclude: [{_quoted(below)}, {_quoted(below + '/*')}]\n"


def _relative(path: Path, folder: Path) -> str:
    below = str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
    return f"./{below}" if below.startswith("~") else below


def _quoted(text: str) -> str:
    """As YAML reads it back: plain where that is safe, else in double quotes."""
    if PLAIN.fullmatch(text) and text.lower() not in NOT_TEXT:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())
