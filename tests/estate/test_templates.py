"""What `resurge init` writes is a `resurge.yaml` that reads, observes and protects what was named."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from resurge.estate.model import ComponentKind, Mode
from resurge.estate.read import read_estate
from resurge.estate.templates import render


def written(folder: Path, protected: list[Path]) -> Path:
    file = folder / "resurge.yaml"
    file.write_text(render(folder, protected))
    return file


def test_it_protects_what_is_named_and_touches_nothing(tmp_path: Path) -> None:
    estate = read_estate(written(tmp_path, [tmp_path / "models", Path("/srv/data.safetensors")]))
    assert [c.sources[0].path for c in estate.components.values()] == [
        tmp_path / "models",
        Path("/srv/data.safetensors"),
    ]
    assert {c.mode for c in estate.components.values()} == {Mode.OBSERVE}
    assert estate.components["data.safetensors"].kind is ComponentKind.MODEL


def test_without_a_name_it_shows_an_example(tmp_path: Path) -> None:
    estate = read_estate(written(tmp_path, []))
    assert estate.components["data"].sources[0].path == tmp_path / "data"
    assert estate.repositories["primary"].url == str(tmp_path / ".resurge/vault")


def test_its_own_repository_is_left_out_of_what_it_protects(tmp_path: Path) -> None:
    estate = read_estate(written(tmp_path, [tmp_path]))
    (component,) = estate.components.values()
    assert ".resurge" in component.sources[0].exclude


def test_the_parts_that_are_commented_out_are_right_too(tmp_path: Path) -> None:
    lines = render(tmp_path, []).splitlines()
    start = next(number for number, line in enumerate(lines) if "depends_on" in line)
    uncommented = [line.replace("    # ", "    ", 1) for line in lines[start:]]
    head = [line.replace("  # second:", "  second:") for line in lines[:start]]
    text = "\n".join([*head, *uncommented, "  other: {kind: model}", ""])
    file = tmp_path / "resurge.yaml"
    file.write_text(text)
    estate = read_estate(file)
    process = estate.components["data"].process
    assert process is not None
    assert process.start[1:] == ("-m", "mypackage.serve", "--port", "8000")
    assert estate.repositories["second"].copy_of == "primary"
    assert estate.components["data"].depends_on == ("other",)


names = st.lists(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
        lambda name: name not in (".", "..") and name.isprintable()
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(names)
def test_any_name_of_a_folder_survives(parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        protected = [folder / part for part in parts]
        estate = read_estate(written(folder, protected))
        assert [c.sources[0].path for c in estate.components.values()] == protected
