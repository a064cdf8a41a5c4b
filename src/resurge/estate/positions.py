"""YAML text as plain values, with the line on which each of them stands."""

from collections.abc import Mapping
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from resurge.core.errors import EstateError

Path = tuple[str | int, ...]

NAMED = (("components",), ("repositories",))  # what stands in these exists, even with nothing said of it
MAX_VALUES = 100_000  # more than any estate needs; aliases can make a short text explode


@dataclass(frozen=True, slots=True)
class Document:
    """`values` holds only dict, list, str, int, float and bool; a key without a value is left out."""

    shown_name: str  # how messages call the file
    values: dict[str, object]
    lines: Mapping[Path, int]  # from 1

    def where(self, path: Path) -> str:
        """`resurge.yaml:12`: the line of `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.shown_name}:{self.lines.get(path, 1)}"


def parse(text: str, shown_name: str) -> Document:
    """Raises EstateError for what is no YAML, has a key twice, or is no mapping."""
    try:
        tree = YAML(typ="rt", pure=True).load(text)
    except DuplicateKeyError as error:
        raise _duplicate(error, shown_name) from None
    except YAMLError as error:
        raise _not_yaml(error, shown_name) from None
    except RecursionError:
        raise EstateError(f"{shown_name} is nested too deeply to be read") from None
    if tree is None:
        raise EstateError(f"{shown_name} is empty", "Remove it and run `resurge init` for one to start from.")
    if not isinstance(tree, CommentedMap):
        raise EstateError(
            f"{shown_name}:1: this is no mapping of keys to values", "Run `resurge schema` to see the keys."
        )
    walk = _Walk(shown_name)
    values = walk.mapping(tree, (), ())
    return Document(shown_name, values, walk.lines)


class _Walk:
    """Turns ruamel's tree into plain values and notes where they stand."""

    def __init__(self, shown_name: str) -> None:
        self.shown_name = shown_name
        self.lines: dict[Path, int] = {}
        self.count = 0

    def mapping(self, node: CommentedMap, path: Path, above: tuple[int, ...]) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, value in node.items():
            line = self._line(node, key)
            if not isinstance(key, str):
                raise EstateError(f"{self.shown_name}:{line or 1}: the key {key!r} is not text", f'Quote it: "{key}":')
            if line is not None:
                self.lines[*path, str(key)] = line
            if value is None and path in NAMED:
                values[str(key)] = {}
            elif value is not None:
                values[str(key)] = self._value(value, (*path, str(key)), (*above, id(node)))
        return values

    def _value(self, node: object, path: Path, above: tuple[int, ...]) -> object:
        self.count += 1
        if id(node) in above or self.count > MAX_VALUES:
            where = Document(self.shown_name, {}, self.lines).where(path[:1])
            raise EstateError(
                f"{where}: its aliases lead round in a circle or grow without bound",
                "Write out what they stand for.",
            )
        if isinstance(node, CommentedMap):
            return self.mapping(node, path, above)
        if isinstance(node, CommentedSeq):
            items = []
            for position, item in enumerate(node):
                line = self._line(node, position)
                if line is not None:
                    self.lines[*path, position] = line
                items.append(self._value(item, (*path, position), (*above, id(node))))
            return items
        if isinstance(node, str):
            return str(node)
        if node is None or isinstance(node, int | float):
            return node
        where = Document(self.shown_name, {}, self.lines).where(path)
        raise EstateError(
            f"{where}: this is neither text, number, true, false, list nor mapping",
            "Put it in quotes if it is text; tags (!…) and dates are not used here.",
        )

    @staticmethod
    def _line(node: CommentedMap | CommentedSeq, key: object) -> int | None:
        places = node.lc.data or {}  # what came through a merge key (<<) has no place of its own
        return int(places[key][0]) + 1 if key in places else None


def _duplicate(error: DuplicateKeyError, shown_name: str) -> EstateError:
    line = error.problem_mark.line + 1 if error.problem_mark else 1
    found = str(error.problem).split('"')
    key = found[1] if len(found) > 2 else "?"
    return EstateError(
        f"{shown_name}:{line}: the key {key!r} is there twice", "Keep one of the two, or give one a new name."
    )


def _not_yaml(error: YAMLError, shown_name: str) -> EstateError:
    advice = "Look at the indentation, colons and brackets there and on the line above."
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        line = error.problem_mark.line + 1
        return EstateError(f"{shown_name}:{line}: this is not YAML: {error.problem}", advice)
    return EstateError(
        f"{shown_name} is not YAML: {(str(error).splitlines() or ['unreadable'])[0]}",
        "It must be plain text in UTF-8.",
    )
