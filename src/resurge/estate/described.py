"""The sentence below each field of `estate.schema`, for the JSON Schema.

pydantic can collect them itself (use_attribute_docstrings), but then reads the source of every model at each
start of every command, which doubles the time to read an estate. Here it is read once, when they are wanted.
"""

import ast
import inspect
from itertools import pairwise
from typing import Any

from resurge.estate import schema


def describe(json_schema: dict[str, Any]) -> None:
    """Writes `description` into the properties of the shapes, in place."""
    own: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(schema)).body:
        if isinstance(node, ast.ClassDef):
            inherited = [own.get(base.id, {}) for base in node.bases if isinstance(base, ast.Name)]
            own[node.name] = {name: text for each in [*inherited, _sentences(node)] for name, text in each.items()}
    shapes = {schema.EstateShape.__name__: json_schema, **json_schema["$defs"]}
    for shape_name, sentences in own.items():
        properties = shapes.get(shape_name, {}).get("properties", {})
        for name, sentence in sentences.items():
            if name in properties:
                properties[name]["description"] = sentence


def _sentences(node: ast.ClassDef) -> dict[str, str]:
    found = {}
    for here, below in pairwise(node.body):
        if isinstance(here, ast.AnnAssign) and isinstance(here.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    found[here.target.id] = text
    return found
