"""What pydantic found wrong, said as one line for a person: file, line, what, where, and what to do."""

from typing import Any

from pydantic import ValidationError

from resurge.core.errors import EstateError
from resurge.estate.positions import Document, Path
from resurge.estate.suggestions import closest

SINGULAR = {"sources": "source", "probes": "probe", "links": "link", "after_restore": "after_restore command"}
NEEDED = {
    "string": "text",
    "dict": "a mapping of keys to values",
    "model": "a mapping of keys to values",
    "tuple": "a list",
    "list": "a list",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
}
LIMITS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "string_too_short": "something",
    "too_short": "something",
}


def place(path: Path) -> str:
    """`rpo in objectives of component 'training'`."""
    if not path:
        return "the top level"
    if len(path) == 2 and path[0] in ("components", "repositories"):
        return f"{'component' if path[0] == 'components' else 'repository'} {path[1]!r}"
    *before, last = path
    if isinstance(last, int) and isinstance(before[-1], int):
        return f"word {last + 1} of {place(tuple(before))}"
    if isinstance(last, int):
        owner, list_name = tuple(before[:-1]), str(before[-1])
        item = f"{SINGULAR[list_name]} {last + 1}" if list_name in SINGULAR else f"{list_name}[{last + 1}]"
        return f"{item} of {place(owner)}" if owner else item
    return f"{last} of {place(tuple(before))}" if before else str(last)


def refuse(document: Document, path: Path, happened: str, advice: str = "") -> EstateError:
    return EstateError(f"{document.where(path)}: {happened}", advice)


def first_refusal(document: Document, error: ValidationError) -> EstateError:
    """The mistake that stands first in the file; the others will still be there when it is mended."""
    refusals = [_translate(document, found) for found in error.errors(include_url=False)]
    return min(refusals, key=lambda pair: pair[0])[1]


def _translate(document: Document, found: Any) -> tuple[int, EstateError]:
    path: Path = tuple(part for part in found["loc"] if part != "[key]")
    kind, context, given = str(found["type"]), found.get("ctx", {}), found.get("input")
    at = (*path, context["key"]) if kind == "refused" and context["key"] else path
    happened, advice = _words(kind, context, given, path, found["msg"])
    line = int(document.where(at).rpartition(":")[2])
    return line, refuse(document, at, happened, advice)


def _words(kind: str, context: Any, given: object, path: Path, fallback: str) -> tuple[str, str]:
    if kind == "refused":
        joint = ": " if not context["happened"].startswith("unknown key") else " in " if path else " at "
        return f"{context['happened']}{joint}{place(path)}", context["advice"]
    if kind == "missing":
        return f"{place(path[:-1])} needs the key {path[-1]!r}", "Run `resurge schema` to see what it takes."
    if kind in ("enum", "literal_error"):
        return _not_a_choice(str(given), str(context["expected"]), path)
    if kind in LIMITS:
        return f"{place(path)} must be {LIMITS[kind].format(**context)}, not {given!r}", ""
    stem = kind.partition("_")[0]
    if stem in NEEDED:
        return f"{place(path)} must be {NEEDED[stem]}, not {_kind_of(given)}", _type_advice(stem, given)
    return f"{place(path)}: {fallback[:1].lower()}{fallback[1:]}", ""


def _not_a_choice(given: str, expected: str, path: Path) -> tuple[str, str]:
    choices = [word.strip().strip("'") for word in expected.replace(" or ", ",").split(",") if word.strip()]
    meant = closest(given, choices)
    options = f"It may be: {', '.join(choices)}." if len(choices) > 1 else f"It must be: {choices[0]}."
    return f"unknown value {given!r}: {place(path)}", f"Did you mean {meant!r}?" if meant else options


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else repr(value)


def _type_advice(stem: str, given: object) -> str:
    if stem == "string" and isinstance(given, bool | int | float):
        return "Put it in quotes."
    if stem in ("tuple", "list") and isinstance(given, str):
        return f"Write it in brackets: [{given}]."
    return "Run `resurge schema` to see what it takes."
