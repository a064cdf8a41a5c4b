"""`resurge.yaml` → `estate.model`. Every refusal is one line: file, line, what is wrong, and what to do.

    text → positions.parse → schema (types) → agreement (names, circles) → building (defaults, paths)

pydantic and ruamel.yaml are imported when a file is read, not before.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from resurge.core.errors import AccessDenied, EstateError, EstateNotFound
from resurge.estate.model import Estate

FILE_NAME = "resurge.yaml"
ENVIRONMENT_VARIABLE = "RESURGE_ESTATE"
ACTIONS = ("restart", "restore", "rebuild")
MAX_FILE_BYTES = 4 * 2**20


def read_estate(path: Path | str, actions: tuple[str, ...] = ACTIONS) -> Estate:
    """Raises EstateError, EstateNotFound or AccessDenied. `actions`: what recovery can do."""
    from pydantic import ValidationError

    from resurge.estate.agreement import require_agreement
    from resurge.estate.building import build
    from resurge.estate.positions import parse
    from resurge.estate.refusals import first_refusal
    from resurge.estate.schema import EstateShape

    file = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow a link out of its folder
    document = parse(_text(file), _shown(file))
    try:
        shape = EstateShape.model_validate(document.values)
    except ValidationError as error:
        raise first_refusal(document, error) from None
    require_agreement(shape, document, actions)
    return build(shape, file)


def find_estate(start: Path | str = ".", environment: Mapping[str, str] | None = None) -> Path:
    """The nearest one in or above `start`, unless RESURGE_ESTATE names another. Raises EstateNotFound."""
    named = (os.environ if environment is None else environment).get(ENVIRONMENT_VARIABLE)
    if named:
        return Path(named)
    here = Path(start).absolute()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise EstateNotFound(
        f"there is no {FILE_NAME} in {here} or above it",
        "Run `resurge init` to write one, or name yours with --estate FILE.",
    )


def json_schema(actions: tuple[str, ...] = ACTIONS) -> dict[str, object]:
    """JSON Schema (draft 2020-12) of `resurge.yaml`, for editors."""
    from resurge.estate.described import describe
    from resurge.estate.schema import EstateShape

    schema: dict[str, object] = EstateShape.model_json_schema()
    describe(schema)
    _polish(schema, list(actions))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": FILE_NAME,
        "description": "What Resurge protects, and what is promised about it.",
    }


def _polish(schema: object, actions: list[str]) -> None:
    """What the shapes cannot say: the registry of actions, and defaults as a person writes them."""
    if isinstance(schema, list):
        for item in schema:
            _polish(item, actions)
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if isinstance(properties, dict) and "actions" in properties:
        properties["actions"]["items"] = {"enum": actions}
    default = schema.get("default")
    if schema.get("type") == "string" and isinstance(default, int | float):
        seconds = "ms" in schema.get("pattern", "")
        schema["default"] = f"{default:g}s" if seconds else f"{default / 10**6:g}MB"
    if "default" in schema and (default is None or isinstance(default, dict)):
        del schema["default"]
    for value in schema.values():
        _polish(value, actions)


def _text(file: Path) -> str:
    shown = _shown(file)
    try:
        if file.is_dir():
            raise EstateError(f"{shown} is a folder", f"Name the file in it: {shown}/{FILE_NAME}.")
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise EstateNotFound(
            f"{shown} is not there", "Run `resurge init` to write one, or name yours with --estate FILE."
        ) from None
    except PermissionError:
        raise AccessDenied(
            f"{shown} may not be read by this user", "Give it read permission, or run as its owner."
        ) from None
    except OSError as error:
        raise EstateError(f"{shown} cannot be read: {error.strerror}") from None
    if len(data) > MAX_FILE_BYTES:
        raise EstateError(f"{shown} is larger than {MAX_FILE_BYTES // 2**20} MiB: this is no estate")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise EstateError(f"{shown}:{line}: this is not text in UTF-8", "Save it as plain text.") from None


def _shown(file: Path) -> str:
    """As short as it stays unmistakable: relative below the current folder, absolute elsewhere."""
    try:
        return str(file.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(file)
