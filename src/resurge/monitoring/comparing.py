"""Compare a service's answer with the one it must give. Pure."""

import math
from typing import Any

from resurge.estate.model import Comparator


def first_difference(
    expected: Any, given: Any, comparator: Comparator, tolerance: float, where: str = "$"
) -> str | None:
    """Where and how `given` first differs, as a JSON path and a sentence; None when it agrees.

    Only what is expected counts: an answer may say more (a latency, a version). Lists must be equally long.
    Numbers are equal, or differ by at most `tolerance`; NaN agrees with nothing, and a boolean is no number.
    """
    if isinstance(expected, dict):
        if not isinstance(given, dict):
            return f"{where}: an object was expected"
        missing = [key for key in expected if key not in given]
        if missing:
            return f"{where}.{missing[0]} is missing"
        pairs = [(f"{where}.{key}", value, given[key]) for key, value in expected.items()]
    elif isinstance(expected, list):
        if not isinstance(given, list) or len(given) != len(expected):
            return f"{where}: a list of {len(expected)} was expected"
        pairs = [(f"{where}[{i}]", *pair) for i, pair in enumerate(zip(expected, given, strict=True))]
    else:
        return _scalar_difference(expected, given, comparator, tolerance, where)
    found = (first_difference(value, other, comparator, tolerance, place) for place, value, other in pairs)
    return next((difference for difference in found if difference), None)


def _scalar_difference(expected: Any, given: Any, comparator: Comparator, tolerance: float, where: str) -> str | None:
    if _is_number(expected) and _is_number(given):
        allowed = tolerance if comparator is Comparator.TOLERANCE else 0.0
        agrees = expected == given or abs(expected - given) <= allowed
        return None if agrees and not math.isnan(given) else f"{where} is {given!r} instead of {expected!r}"
    agrees = type(expected) is type(given) and expected == given
    return None if agrees else f"{where} is {_short(given)} instead of {_short(expected)}"


def answers_differ(expected: Any, given: Any, comparator: Comparator, tolerance: float) -> str | None:
    """As `first_difference`; either side may be the whole body or only its `answers`."""
    if isinstance(given, dict) and "answers" in given and not (isinstance(expected, dict) and "answers" in expected):
        given = given["answers"]
    elif isinstance(expected, dict) and set(expected) == {"answers"} and not isinstance(given, dict):
        expected = expected["answers"]
    return first_difference(expected, given, comparator, tolerance)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
