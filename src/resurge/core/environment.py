"""The environment that other programs get from us: everything but what only Resurge may know."""

import os
from collections.abc import Mapping

SECRET_PREFIXES = ("RESURGE_PASSWORD", "DBOS_")


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SECRET_PREFIXES)}
    return {**kept, **(extra or {})}
