"""What people read agrees with what is there: links, commands, decision records, locks."""

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from resurge.cli.root import root
from tests.house.project import ROOT, project_files, text_of

PAGES = [path for path in project_files() if path.suffix == ".md"]
NOT_VERBS = {"vault"}  # `resurge vault …` is what keys are derived for: docs/format.md
LOCKS = ("run", "demo", "dev")


def headings(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        goal = (page.parent / file) if file else page
        assert (ROOT / goal).exists(), f"{page}: {target}"
        if heading:
            assert heading in headings(Path((ROOT / goal).resolve().relative_to(ROOT))), f"{page}: {target}"


def commands(page: Path) -> list[list[str]]:
    """The lines of shell blocks, cut into words, without comments."""
    blocks = re.findall(r"```(?:sh|console|bash)\n(.*?)```", text_of(page), re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def mentions(page: Path) -> list[list[str]]:
    return [words.split() for words in re.findall(r"`((?:make|resurge) [a-z][^`]*)`", text_of(page))]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_make_targets_that_are_named_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(Path("Makefile")), re.MULTILINE))
    for words in (*commands(page), *mentions(page)):
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= targets, f"{page}: {words}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_commands_of_resurge_parse(page: Path) -> None:
    """Verb, options and arguments, as click sees them; nothing is run."""
    for words in commands(page):
        if words[0] == "resurge":
            rest = words[3:] if words[1] in {"-r", "--repo"} else words[1:]
            command: click.Command = root
            while isinstance(command, click.Group):
                name, command_found, rest = command.resolve_command(click.Context(command), rest)
                assert command_found is not None, f"{page}: {words}"
                command = command_found
            with command.make_context(name, rest):
                pass


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_verbs_that_are_named_exist(page: Path) -> None:
    known = {*root.list_commands(click.Context(root)), *NOT_VERBS}
    assert not [words for words in mentions(page) if words[0] == "resurge" and words[1] not in known]


def test_pages_that_code_refers_to_exist() -> None:
    mentions = {(path, page) for path in project_files() for page in re.findall(r"\bdocs/[\w/-]+\.md", text_of(path))}
    assert not [f"{path}: {page}" for path, page in mentions if not (ROOT / page).exists()]


def test_every_page_is_in_the_table_of_contents() -> None:
    contents = text_of(Path("docs/README.md"))
    pages = {path.name for path in PAGES if path.parent == Path("docs")} - {"README.md"}
    assert not [page for page in pages if f"]({page})" not in contents]


def test_every_decision_is_listed() -> None:
    folder = Path("docs/adr")
    records = {path.name for path in project_files() if path.parent == folder and path.name[0].isdigit()}
    records.remove("0000-template.md")
    assert records
    listed = set(re.findall(r"^\| \d{4} \| \[.+\]\((.+)\) \|$", text_of(folder / "README.md"), re.MULTILINE))
    assert records == listed
    numbers = sorted(int(name[:4]) for name in records)
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", LOCKS)
def test_locks_pin_with_hashes_and_name_no_host(name: str) -> None:
    lock = text_of(Path(f"requirements/{name}.txt"))
    entries = [entry for entry in re.split(r"\n(?=\S)", lock) if not entry.startswith("#")]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in lock


def pins(name: str) -> set[str]:
    return set(re.findall(r"^\S+==\S+", text_of(Path(f"requirements/{name}.txt")), re.MULTILINE))


def test_each_lock_is_part_of_the_next() -> None:
    assert pins("run") < pins("demo") < pins("dev")


def test_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads(text_of(Path("pyproject.toml")))
    asked = {
        "run": project["project"]["dependencies"],
        "demo": project["project"]["optional-dependencies"]["demo"],
        "dev": [line for line in project["dependency-groups"]["dev"] if isinstance(line, str)],
    }
    for name, lines in asked.items():
        held = {pin.partition("==")[0] for pin in pins(name)}
        wanted = {re.split(r"[<>=!~\[ ;]", line)[0].lower().replace(".", "-").replace("_", "-") for line in lines}
        assert not wanted - held, f"requirements/{name}.txt: run make lock"


def test_the_changelog_knows_this_version() -> None:
    version = re.search(r'__version__ = "([^"]+)"', text_of(Path("src/resurge/__init__.py")))
    assert version
    assert f"## [{version[1]}]" in text_of(Path("CHANGELOG.md"))
