"""Size and names. What is over the limit today stands in baseline.json and may only shrink.

Limits from what the cleanest codebases have in common: a function fits on a screen, a file holds one idea.
"""

import ast
import json
import re
from pathlib import Path

from tests.house.project import ROOT, project_files, python_files, text_of, tree_of

FUNCTION_LINES = 70
FUNCTION_LINES_P95 = 45
FILE_LINES = 400
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "stuff", "tools", "shared"}
BASELINE = json.loads((Path(__file__).parent / "baseline.json").read_text())


def function_lines(*tops: str) -> dict[str, int]:
    found = {}
    for path in python_files(*tops):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                found[f"{path}:{node.name}"] = node.end_lineno - node.lineno + 1
    return found


def over_the_baseline(measured: dict[str, int], limit: int, allowed: dict[str, int]) -> list[str]:
    """Also what the baseline allows and nobody needs any more: it must be lowered in the same change."""
    grown = [
        f"{name}: {lines} lines, allowed {allowed.get(name, limit)}"
        for name, lines in measured.items()
        if lines > allowed.get(name, limit)
    ]
    slack = [
        f"{name}: the baseline allows {lines}, it needs {measured.get(name, 0)}: lower it"
        for name, lines in allowed.items()
        if lines <= limit or measured.get(name, 0) < lines
    ]
    return grown + slack


def test_functions_fit_on_a_screen() -> None:
    assert not over_the_baseline(function_lines(), FUNCTION_LINES, BASELINE["functions"])


def test_nearly_all_functions_are_short() -> None:
    for top in ("src", "tests"):
        lengths = sorted(function_lines(top).values())
        p95 = lengths[int(len(lengths) * 0.95)]
        assert p95 <= FUNCTION_LINES_P95, f"95th percentile of function length in {top}: {p95} lines"


def test_a_file_holds_one_idea() -> None:
    measured = {str(path): len(text_of(path).splitlines()) for path in python_files()}
    assert not over_the_baseline(measured, FILE_LINES, BASELINE["files"])


def test_names_say_something() -> None:
    assert not [
        str(path)
        for path in project_files()
        if EMPTY_NAMES & {part.partition(".")[0].strip("_").lower() for part in path.parts}
    ]


def test_every_module_says_what_it_is_for() -> None:
    files = [path for path in python_files("src") if text_of(path).strip()]
    assert not [str(path) for path in files if ast.get_docstring(tree_of(path)) is None]


def test_nothing_is_left_to_do() -> None:
    left = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|raise NotImplemented" + r"Error")
    assert not [
        f"{path}:{number}: {line.strip()}"
        for path in python_files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if left.search(line)
    ]


def test_nothing_of_one_machine_is_written_down() -> None:
    """No home or work folder of whoever wrote it, and no package index: the project must build anywhere."""
    forbidden = re.compile(
        r"(?<![\w.])/(?:[w]ork|[h]ome/\w|[r]oot/|[U]sers/\w|[o]pt/)|[p]ypi\.org|[p]ythonhosted|[d]eb\.debian"
        r"|[r]egistry\.npmjs|--(?:extra-)?[i]ndex-url \S*://|--[f]ind-links"
    )
    mentions = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in project_files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if forbidden.search(line)
    ]
    assert not mentions


def test_every_test_folder_has_tests() -> None:
    folders = {path.parent for path in python_files("tests") if path.parent != Path("tests")}
    assert not [str(folder) for folder in folders if not list((ROOT / folder).rglob("test_*.py"))]


def test_every_room_has_tests() -> None:
    rooms = {path.parts[2].removesuffix(".py") for path in python_files("src") if path.parts[2] != "__init__.py"}
    tested = {path.parts[1] for path in python_files("tests")}
    assert not rooms - tested - {"__main__"}
