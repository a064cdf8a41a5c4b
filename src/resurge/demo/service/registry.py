"""The registry of checkpoints and models: make it, publish a model, compare it with the disk, put it right.

python -m resurge.demo.service.registry {init,publish,check,reconcile} SERVICE_FOLDER
"""

import argparse
import hashlib
import json
import sqlite3
import sys
import time
from pathlib import Path

from resurge.demo.service import checkpoints, metadata
from resurge.demo.service.failure import ServiceFailure, exit_code_of
from resurge.demo.service.layout import Layout

LOOKS = 4
BETWEEN_LOOKS_SECONDS = 0.25


def lasting_differences(layout: Layout) -> list[str]:
    """What is wrong each time one looks. Training registers a checkpoint just after it appears, and says that
    one is gone just after removing it: a difference of that moment is none."""
    lasting = differences(layout)
    for _ in range(LOOKS - 1):
        if not lasting:
            break
        time.sleep(BETWEEN_LOOKS_SECONDS)
        again = differences(layout)
        lasting = [line for line in lasting if line in again]
    return lasting


def differences(layout: Layout) -> list[str]:
    """Between the database and the disk, one line each; or what is wrong with the database itself."""
    try:
        with metadata.transaction(layout.database, writing=False) as connection:
            integrity = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
            if integrity != ["ok"]:
                return [f"the database is damaged: {line}" for line in integrity]
            recorded = connection.execute("SELECT name, sha256, removed_at FROM checkpoints").fetchall()
            models = connection.execute("SELECT name, sha256 FROM models").fetchall()
    except sqlite3.DatabaseError as error:
        return [f"the database {layout.database.name} cannot be used: {error}"]
    known = {name: (sha256, removed_at) for name, sha256, removed_at in recorded}
    present = checkpoints.describe_all(layout.checkpoints)
    lines = []
    for name, found in present.items():
        if name not in known:
            lines.append(f"checkpoint {name} is on disk but not registered")
        elif known[name][0] != found.sha256:
            lines.append(f"checkpoint {name} is not what was registered: its hash differs")
    lines += [
        f"checkpoint {name} is registered but not on disk"
        for name, (_, removed_at) in known.items()
        if removed_at is None and name not in present
    ]
    return lines + _model_differences(layout, dict(models))


def _model_differences(layout: Layout, registered: dict[str, str]) -> list[str]:
    lines = []
    for name, sha256 in registered.items():
        path = layout.models / name
        if not path.exists():
            lines.append(f"model {name} is registered but not on disk")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            lines.append(f"model {name} is not what was published: its hash differs")
    if layout.model.name not in registered:
        lines.append(f"model {layout.model.name} is not registered")
    return lines


def reconcile(layout: Layout) -> None:
    """Register what is on disk but missing, mark what is gone. Idempotent."""
    seed = layout.seed()
    try:
        with metadata.transaction(layout.database) as connection:
            metadata.begin_run(connection, seed)
            found = checkpoints.describe_all(layout.checkpoints)
            metadata.adopt(connection, seed, found.values())
            metadata.mark_removed(connection, seed, found)
            _adopt_model(connection, layout)
    except sqlite3.DatabaseError as error:
        raise ServiceFailure(f"the database {layout.database} cannot be used: {error}") from error


def _adopt_model(connection: sqlite3.Connection, layout: Layout) -> None:
    try:
        data = layout.model.read_bytes()
        step = int(json.loads(_metadata_of(data)["model"])["step"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"the model {layout.model.name} is left alone: {error}")
        return
    sha256 = hashlib.sha256(data).hexdigest()
    metadata.record_model(connection, layout.model.name, step, sha256, len(data), replace=False)


def _metadata_of(safetensors: bytes) -> dict[str, str]:
    """The format: 8 bytes (little-endian) say how long the JSON header is that follows."""
    length = int.from_bytes(safetensors[:8], "little")
    header: dict[str, dict[str, str]] = json.loads(safetensors[8 : 8 + length])
    return header["__metadata__"]


def _check(layout: Layout) -> int:
    lines = lasting_differences(layout)
    print("\n".join(lines) if lines else "the database is sound and agrees with the disk")
    return 1 if lines else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m resurge.demo.service.registry", description="The registry of checkpoints and models."
    )
    parser.add_argument("verb", choices=["init", "publish", "check", "reconcile"])
    parser.add_argument("service", type=Path, help="the service folder")
    options = parser.parse_args()
    layout = Layout(options.service.absolute())
    if options.verb == "check":
        return _check(layout)
    if options.verb == "init":
        metadata.create(layout.database)
    elif options.verb == "reconcile":
        reconcile(layout)
    else:
        from resurge.demo.service.publishing import publish  # NumPy, which the other verbs can do without

        print(f"published {layout.model}, sha256 {publish(layout)}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
