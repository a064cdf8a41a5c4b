"""Records as JSON text and back, exactly.

The standard library's JSON, because it carries two things that others refuse and that incidents are made of:
a loss that is not a number, and a path that is not UTF-8.
"""

import json
from typing import TypeVar

import msgspec

from resurge.core.errors import StateDamaged
from resurge.state.failures import RESTORE_ADVICE

T = TypeVar("T")


def to_text(record: object) -> str:
    return json.dumps(msgspec.to_builtins(record))


def from_text(text: str, kind: type[T]) -> T:
    """Fields that an older Resurge did not write take their defaults; those it alone knew are left out."""
    try:
        return msgspec.convert(json.loads(text), kind)
    except (ValueError, msgspec.ValidationError) as error:
        raise StateDamaged(f"a record in the state database cannot be read ({error})", RESTORE_ADVICE) from error
