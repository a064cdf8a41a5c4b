"""What import-linter's layers cannot say: which library belongs to which room, and that nothing lies dead."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from resurge.cli.root import SECTIONS
from tests.house.project import imports_of, module_of, project_files, python_files, text_of

HOMES = {  # a library that decides how a room works stays in that room
    "click": {"cli"},
    "cryptography": {"vault", "ledger"},
    "dbos": {"recovery"},
    "jinja2": {"reports"},
    "matplotlib": {"charts"},
    "pyfastcdc": {"vault"},
    "pydantic": {"estate"},
    "pydantic_core": {"estate"},
    "ruamel": {"estate"},
    "sklearn": {"demo"},
    "zstandard": {"vault"},
}
DISTRIBUTIONS = packages_distributions()
SOURCE_FILES = python_files("src")
MODULES = {module_of(path): path for path in SOURCE_FILES}


def room_of(path: Path) -> str:
    return path.parts[2].removesuffix(".py")


def test_a_library_stays_in_its_rooms() -> None:
    assert not [
        f"{path} imports {name}"
        for path in SOURCE_FILES
        for name in imports_of(path)
        if room_of(path) not in HOMES.get(name.partition(".")[0], {room_of(path)})
    ]


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    project = tomllib.loads(text_of(Path("pyproject.toml")))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["demo"]]
    declared = {canonical(re.split(r"[<>=!~\[ ;]", line)[0]) for line in lines}
    imported = {
        canonical(distribution)
        for path in SOURCE_FILES
        for name in imports_of(path) | set(re.findall(r'find_spec\("(\w+)"\)', text_of(path)))
        for distribution in DISTRIBUTIONS.get(name.partition(".")[0], [])
    }
    with_their_parent = {"markupsafe", "pydantic-core", "resurge"}
    assert imported - with_their_parent == declared


def canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_the_ground_floor_stands_on_python_alone() -> None:
    floor = [
        path
        for path in SOURCE_FILES
        if room_of(path) == "core" or path.match("estate/model.py") or path.match("incidents/records.py")
    ]
    assert floor
    assert not [
        f"{path} imports {name}"
        for path in floor
        for name in imports_of(path)
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "resurge"}
    ]


def test_service_and_injector_know_nothing_of_resurge() -> None:
    """import-linter checks the same for rooms; this also catches `import resurge`."""
    service, injector = "resurge.demo.service.", "resurge.demo.injector."
    for own, allowed in ((service, (service,)), (injector, (injector, service))):
        assert not [
            f"{path} imports {name}"
            for module, path in MODULES.items()
            if f"{module}.".startswith(own)
            for name in imports_of(path)
            if name.partition(".")[0] == "resurge" and not f"{name}.".startswith(allowed)
        ]


def test_no_module_lies_dead() -> None:
    """Each is imported by another file, or named in one: run as a program, or loaded lazily."""
    readers = [path for path in project_files() if path.suffix in {".py", ".toml", ".yaml", ".jinja"}]
    named_in = {
        path: set(re.findall(r"\bresurge(?:\.\w+)+", text_of(path)))
        | (imports_of(path) if path in SOURCE_FILES else set())
        for path in readers
        if path.parts[0] != "tests"
    }
    verbs = {f"resurge.cli.verbs.{verb}" for group in SECTIONS.values() for verb in group}
    assert not [
        str(path)
        for module, path in MODULES.items()
        if path.name not in {"__init__.py", "__main__.py"}
        and module not in verbs
        and not any(module in names for reader, names in named_in.items() if reader != path)
    ]


def test_no_data_file_lies_dead() -> None:
    data = [path for path in project_files() if path.parts[0] == "src" and path.suffix not in {".py", ".typed"}]
    texts = [text_of(path) for path in (*SOURCE_FILES, *data)]
    assert not [str(path) for path in data if not any(path.name in text for text in texts)]
