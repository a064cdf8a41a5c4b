"""The project as these tests see it: which files belong to it, and what its Python says."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that git tracks, or would if it were added; relative to the root, as they stand on disk."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return tuple(sorted(path for name in set(listed.split("\0")) if name and (ROOT / (path := Path(name))).is_file()))


def python_files(*tops: str) -> list[Path]:
    return [
        path
        for path in project_files()
        if path.suffix == ".py" and path.parts[0] in (tops or ("src", "tests", "bench"))
    ]


@cache
def text_of(path: Path) -> str:
    """Empty for what is no text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path), str(path))


def module_of(path: Path) -> str:
    """`src/resurge/core/units.py` → `resurge.core.units`; a package is named by its folder."""
    parts = path.with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Dotted names that a file imports anywhere in it; `from a.b import c` counts as `a.b` and `a.b.c`."""
    package = module_of(path).split(".") if path.name == "__init__.py" else module_of(path).split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.add(base)
            found.update(f"{base}.{name.name}" for name in node.names)
    return frozenset(found)
