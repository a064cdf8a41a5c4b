"""The reference page names every key that the reader takes, and its examples read."""

import re
from pathlib import Path
from typing import Any

import pytest

from resurge.estate.read import json_schema, read_estate

PAGE = (Path(__file__).parents[2] / "docs" / "estate.md").read_text()


def keys() -> set[str]:
    schema: Any = json_schema()
    shapes = [schema, *(each for each in schema["$defs"].values() if "properties" in each)]
    return {key for shape in shapes for key in shape["properties"]}


def choices() -> set[str]:
    schema: Any = json_schema()
    return {str(value) for each in schema["$defs"].values() for value in each.get("enum", [])}


@pytest.mark.parametrize("word", sorted(keys() | choices()))
def test_every_key_and_every_choice_is_explained(word: str) -> None:
    assert re.search(rf"`[^`\n]*\b{re.escape(word)}\b[^`\n]*`", PAGE), f"docs/estate.md does not explain {word}"


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_its_examples_are_accepted(example: str, tmp_path: Path) -> None:
    (tmp_path / "resurge.yaml").write_text(example)
    assert read_estate(tmp_path / "resurge.yaml").components
