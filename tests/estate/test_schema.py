"""`resurge schema` says what the reader accepts: no more and no less, key by key."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from resurge.estate.read import json_schema, read_estate

from .example import EXAMPLE

Schema = dict[str, Any]


def resolved(schema: Schema, root: Schema) -> list[Schema]:
    """The shapes that a value may have, references followed."""
    if "$ref" in schema:
        return resolved(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        return [shape for option in schema["anyOf"] for shape in resolved(option, root)]
    return [schema]


def misfits(value: object, schema: Schema, root: Schema, path: str = "") -> list[str]:
    """What of `value` the schema has no place for. Knows as much of JSON Schema as ours uses."""
    found = [_misfits_one(value, shape, root, path) for shape in resolved(schema, root)]
    return [] if [] in found else found[0]


def _misfits_one(value: object, schema: Schema, root: Schema, path: str) -> list[str]:
    kinds: dict[str, type | tuple[type, ...]] = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "number": (int, float),
    }
    wanted = schema.get("type")
    names = wanted if isinstance(wanted, list) else [wanted] if wanted else []
    expected = [kinds.get(name, int if name == "integer" else type(None)) for name in names]
    if expected and not any(isinstance(value, kind) for kind in expected):
        return [f"{path}: {value!r} is no {wanted}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is none of {schema['enum']}"]
    if isinstance(value, dict):
        return _misfits_of_mapping(value, schema, root, path)
    if isinstance(value, list) and "items" in schema:
        return [each for item in value for each in misfits(item, schema["items"], root, f"{path}[]")]
    return []


def _misfits_of_mapping(value: dict[str, object], schema: Schema, root: Schema, path: str) -> list[str]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    found = [f"{path} lacks {key}" for key in schema.get("required", []) if key not in value]
    options = schema.get("oneOf", [])
    if options and sum(set(option["required"]) <= set(value) for option in options) != 1:
        found.append(f"{path} is not exactly one of {options}")
    for key, inner in value.items():
        if key in properties:
            found += misfits(inner, properties[key], root, f"{path}.{key}")
        elif isinstance(others, dict):
            found += misfits(inner, others, root, f"{path}.{key}")
        else:
            found.append(f"{path} has no place for {key}")
    return found


def parsed(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_the_example_fits_the_schema_and_the_reader(tmp_path: Path) -> None:
    schema = json_schema()
    file = tmp_path / "resurge.yaml"
    file.write_text(EXAMPLE)
    read_estate(file)
    assert misfits(parsed(EXAMPLE), schema, schema) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "version: 1\nnmae: x\n",
        "name: x\n",
        "version: 1\ncomponents: {a: {kind: modle}}\n",
        "version: 1\ncomponents: {a: {}}\n",
        "version: 1\ncomponents: {a: {kind: model, probes: [{timeout: 1s}]}}\n",
        "version: 1\ncomponents: {a: {kind: model, actions: [destroy]}}\n",
        "version: 1\ncomponents: {a: {kind: model, sources: x}}\n",
        "version: 1\nmonitor: {every: 5}\n",
    ],
)
def test_what_the_reader_refuses_the_schema_refuses_too(wrong: str) -> None:
    schema = json_schema()
    assert misfits(parsed(wrong), schema, schema)


def test_actions_are_those_that_are_registered() -> None:
    actions = json_schema(("reimage",))["$defs"]["ComponentShape"]["properties"]["actions"]  # type: ignore[index]
    assert actions["items"] == {"enum": ["reimage"]}


def test_defaults_are_shown_as_a_person_writes_them() -> None:
    definitions: Any = json_schema()["$defs"]
    assert definitions["ProbeShape"]["properties"]["stall"]["default"] == "30s"
    assert definitions["MonitorShape"]["properties"]["hash_rate"]["default"] == "200MB"


def test_every_key_of_the_top_level_and_of_a_component_is_explained() -> None:
    schema: Any = json_schema()
    component = schema["$defs"]["ComponentShape"]["properties"]
    unexplained = {key for key, shape in component.items() if not str(shape.get("description", "")).strip()}
    assert unexplained <= {"kind", "sensitivity", "objectives", "backup", "links", "process", "canary"}
