"""Every refusal is one line with file and line, and says what to do. Nothing that is wrong gets through."""

from pathlib import Path

import pytest

from resurge.core.errors import AccessDenied, EstateError, EstateNotFound
from resurge.estate.read import read_estate

GOLDEN = Path(__file__).with_name("refusals.txt")


def golden() -> dict[str, tuple[str, str, str]]:
    """Name → the file, what is said of it, what is advised."""
    cases = {}
    for section in GOLDEN.read_text().split("=== ")[1:]:
        name, _, rest = section.partition("\n")
        text, _, said = rest.rpartition("---\n")
        happened, advice = (*said.splitlines(), "")[:2]
        cases[name] = (text, happened, advice)
    return cases


CASES = golden()


@pytest.mark.parametrize("wrong", CASES)
def test_what_is_wrong_is_refused_in_one_line(wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, happened, advice = CASES[wrong]
    monkeypatch.chdir(tmp_path)
    Path("resurge.yaml").write_text(text)
    with pytest.raises(EstateError) as caught:
        read_estate("resurge.yaml")
    assert (str(caught.value), caught.value.advice) == (happened, advice)
    assert "\n" not in happened + advice
    assert caught.value.exit_code == 20


def test_a_file_elsewhere_is_named_in_full(tmp_path: Path) -> None:
    file = tmp_path / "resurge.yaml"
    file.write_text("version: 1\nnmae: x\n")
    with pytest.raises(EstateError, match=f"^{file}:2: unknown key 'nmae' at the top level$") as caught:
        read_estate(file)
    assert caught.value.advice == "Did you mean 'name'?"


def test_a_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(EstateNotFound, match="is not there") as caught:
        read_estate(tmp_path / "resurge.yaml")
    assert "resurge init" in caught.value.advice
    assert caught.value.exit_code == 21


def test_a_folder_is_no_estate(tmp_path: Path) -> None:
    with pytest.raises(EstateError, match="is a folder"):
        read_estate(tmp_path)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read whatever its mode says: so the refusal is raised where the file is opened."""
    file = tmp_path / "resurge.yaml"
    file.write_text("version: 1\n")

    def refuse(*_arguments: object, **_keywords: object) -> None:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AccessDenied, match="may not be read by this user"):
        read_estate(file)


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("resurge.yaml").write_bytes(b"version: 1\nname: \xff\xfe\n")
    with pytest.raises(EstateError, match=r"^resurge\.yaml:2: this is not text in UTF-8$"):
        read_estate("resurge.yaml")


def test_deep_nesting_ends_in_a_refusal_and_not_in_a_crash(tmp_path: Path) -> None:
    file = tmp_path / "resurge.yaml"
    file.write_text(f"version: 1\nname: {'[' * 5000}{']' * 5000}\n")
    with pytest.raises(EstateError, match="nested too deeply"):
        read_estate(file)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "resurge.yaml"
    file.write_bytes(b"#" * (5 * 2**20))
    with pytest.raises(EstateError, match="larger than 4 MiB"):
        read_estate(file)


def test_characters_that_are_not_for_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "resurge.yaml"
    file.write_text("version: 1\nname: \x07\n")
    with pytest.raises(EstateError, match="is not YAML: unacceptable character #x0007"):
        read_estate(file)
