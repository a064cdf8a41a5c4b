"""What a person probably meant by a word that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

# Words that people bring along from other tools, and what they are called here.
OTHER_WORDS = {
    "schedule": "backup",
    "depends": "depends_on",
    "dependencies": "depends_on",
    "requires": "depends_on",
    "health_check": "probes",
    "healthcheck": "probes",
    "checks": "probes",
    "paths": "sources",
    "files": "sources",
    "slo": "objectives",
    "keep": "retention",
    "interval": "every",
    "password": "password_file",
    "path": "url",
    "location": "url",
    "env": "environment",
    "cwd": "folder",
    "workdir": "folder",
    "command": "start",
    "cmd": "start",
    "pidfile": "pid_file",
    "logfile": "log_file",
    "type": "kind",
    "ignore": "exclude",
    "services": "components",
    "repos": "repositories",
}


def closest(word: str, known: Iterable[str]) -> str | None:
    found = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def advice_for_key(key: str, known: Iterable[str]) -> str:
    """For a key that is not in `known`, which may be a slip or another tool's word for one that is."""
    keys = list(known)
    meant = closest(key, keys)
    if meant is None:
        foreign = closest(key, [other for other, ours in OTHER_WORDS.items() if ours in keys])
        meant = OTHER_WORDS[foreign] if foreign else None
    return f"Did you mean {meant!r}?" if meant else f"Known keys: {', '.join(sorted(keys))}."


def advice_for_name(name: str, known: Iterable[str], what: str) -> str:
    """For a name that should be one of `known`; `what` is their plural, such as "components"."""
    names = list(known)
    meant = closest(name, names)
    if meant:
        return f"Did you mean {meant!r}?"
    return f"Known {what}: {', '.join(sorted(names))}." if names else f"There are no {what} yet."
