"""The kinds of values in `resurge.yaml` that need more than a type: durations, sizes, URLs, words."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from resurge.core.units import BadUnit, parse_duration, parse_size


def refusal(happened: str, advice: str = "", key: str = "") -> PydanticCustomError:
    """What a validator raises: `happened` and `advice` come through to the person word by word."""
    return PydanticCustomError("refused", "{happened}", {"happened": happened, "advice": advice, "key": key})


Number = TypeVar("Number", int, float)


def _quantity(parse: Callable[[str], Number]) -> Callable[[object], Number]:
    def read(value: object) -> Number:
        if isinstance(value, dict | list | bool):
            raise refusal("a quantity must be a number with a unit", "Write for example 10s or 8MiB.")
        try:
            return parse(str(value))
        except BadUnit as error:
            raise refusal(str(error), error.advice) from None

    return read


def _more_than_nothing(seconds: float) -> float:
    if seconds <= 0:
        raise refusal("an interval must be longer than nothing", "Write for example 10s or 1h.")
    return seconds


def _word(value: object) -> str:
    """Words of a command and of its environment. A plain number is meant as it is written."""
    if isinstance(value, str):
        return value
    if type(value) is int:  # not bool, nor a number written as 007 or 0x10: their text is lost
        return str(value)
    raise refusal(f"{value!r} is not text", "Put it in quotes.")


def _cron(value: str) -> str:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(value, datetime.now(UTC))
    except CronSimError:
        raise refusal(
            f"{value!r} is no cron expression",
            'Write five fields: minute hour day month weekday, such as "30 2 * * *" for half past two.',
        ) from None
    return value


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")) or not value.split("://", 1)[1]:
        raise refusal(f"{value!r} is no HTTP address", "Write for example http://127.0.0.1:8000/healthz.")
    return value


def _address(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isdigit() and 0 < int(port) < 65536):
        raise refusal(f"{value!r} is no address", "Write host:port, such as 127.0.0.1:5432.")
    return value


def _argv(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words[0]:
        raise refusal("a command cannot begin with nothing", "Write for example [python, -m, mypackage].")
    return words


_DURATION_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "pattern": r"^\s*(\d+(\.\d+)?(ms|[smhdw]))+\s*$",
        "description": "A duration with its unit: 500ms, 10s, 1h30m, 7d.",
    }
)
_SIZE_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "pattern": r"^\s*\d+(\.\d+)?\s*([kMGTP]?B|[KMGTP]iB)\s*$",
        "description": "A size with its unit: 512kB, 8MiB, 1.5TB.",
    }
)

Duration = Annotated[float, BeforeValidator(_quantity(parse_duration)), _DURATION_SCHEMA]
Interval = Annotated[Duration, AfterValidator(_more_than_nothing), _DURATION_SCHEMA]
Size = Annotated[int, BeforeValidator(_quantity(parse_size)), Field(gt=0), _SIZE_SCHEMA]
Word = Annotated[str, BeforeValidator(_word), WithJsonSchema({"type": ["string", "integer"]})]
Argv = Annotated[tuple[Word, ...], Field(min_length=1), AfterValidator(_argv)]
Cron = Annotated[str, AfterValidator(_cron)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Address = Annotated[str, AfterValidator(_address)]
Text = Annotated[str, Field(min_length=1)]
