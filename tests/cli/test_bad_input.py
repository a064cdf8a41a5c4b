"""Whatever goes wrong: one clear line, what to do, a fitting exit code, and every snapshot as it was."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .command import Resurge

NO_PASSWORD = {"RESURGE_PASSWORD": ""}


def one_line(done_err: str) -> tuple[str, str]:
    """The one line and its advice; no traceback, nothing else."""
    lines = done_err.splitlines()
    assert lines[0].startswith("resurge: "), done_err
    assert len(lines) <= 2, done_err
    return lines[0].removeprefix("resurge: "), lines[1].removeprefix("  → ") if len(lines) == 2 else ""


def snapshot_ids(resurge: Resurge) -> list[str]:
    return [each["id"] for each in resurge("-r", "vault", "snapshots", "--json").json]


def test_no_repository_is_named(resurge: Resurge) -> None:
    done = resurge("snapshots")
    assert done.code == 2
    assert one_line(done.err)[0].startswith("which repository? Name one with -r URL")


def test_a_missing_estate_that_was_named(resurge: Resurge) -> None:
    done = resurge("status", "--estate", "nowhere.yaml")
    happened, advice = one_line(done.err)
    assert (done.code, happened) == (21, "nowhere.yaml is not there")
    assert "resurge init" in advice


def test_no_estate_anywhere(resurge: Resurge) -> None:
    done = resurge("status")
    assert done.code == 21
    assert one_line(done.err)[0].startswith("there is no resurge.yaml in ")


def test_an_empty_estate(resurge: Resurge) -> None:
    (resurge.folder / "resurge.yaml").touch()
    done = resurge("status")
    assert (done.code, one_line(done.err)[0]) == (20, "resurge.yaml is empty")


def test_a_slip_in_the_estate_has_its_line_and_a_suggestion(resurge: Resurge) -> None:
    (resurge.folder / "resurge.yaml").write_text(
        "version: 1\ncomponents:\n  training:\n    kind: training-job\n    depend_on: []\n"
    )
    done = resurge("status")
    assert (done.code, *one_line(done.err)) == (
        20,
        "resurge.yaml:5: unknown key 'depend_on' in component 'training'",
        "Did you mean 'depends_on'?",
    )


def test_an_unknown_component(resurge: Resurge) -> None:
    (resurge.folder / "resurge.yaml").write_text("version: 1\ncomponents:\n  training: {kind: training-job}\n")
    done = resurge("backup", "@trainning")
    assert done.code == 22
    assert "trainning" in one_line(done.err)[0]


def test_a_wrong_password(stocked: Resurge) -> None:
    done = stocked("-r", "vault", "snapshots", RESURGE_PASSWORD="wrong")
    assert done.code == 12
    assert one_line(done.err)[0].startswith("wrong password")
    assert "wrong'" not in done.err


@pytest.mark.parametrize("verb", [["snapshots"], ["repo", "init"]])
def test_no_password_and_nobody_to_ask(stocked: Resurge, verb: list[str]) -> None:
    done = stocked("-r", "other", *verb, **NO_PASSWORD)
    happened, advice = one_line(done.err)
    assert (done.code, happened) == (12, "there is no password for the repository other")
    assert "RESURGE_PASSWORD_FILE" in advice
    assert not (stocked.folder / "other").exists()


def test_an_empty_password_file(stocked: Resurge) -> None:
    (stocked.folder / "secret").touch()
    done = stocked("-r", "vault", "snapshots", RESURGE_PASSWORD_FILE="secret")
    assert (done.code, one_line(done.err)[0]) == (12, "the password file secret is empty")


def test_a_password_file_that_is_not_there(stocked: Resurge) -> None:
    done = stocked("-r", "vault", "snapshots", RESURGE_PASSWORD_FILE="secret")
    assert done.code == 31
    assert one_line(done.err)[0] == "the password file secret cannot be read: No such file or directory"


@pytest.mark.parametrize("name", ["nowhere", "data", "data/notes.txt"])
def test_what_is_no_repository(stocked: Resurge, name: str) -> None:
    done = stocked("-r", name, "snapshots")
    assert done.code == 10
    one_line(done.err)


def test_a_repository_is_never_made_over_another(stocked: Resurge) -> None:
    stocked("-r", "vault", "backup", "data")
    before = snapshot_ids(stocked)
    done = stocked("-r", "vault", "repo", "init")
    assert done.code == 14
    one_line(done.err)
    assert snapshot_ids(stocked) == before


def test_a_path_that_is_not_there(stocked: Resurge) -> None:
    done = stocked("-r", "vault", "backup", "data", "nowhere")
    assert (done.code, *one_line(done.err)) == (
        23,
        f"{stocked.folder}/nowhere does not exist",
        "Check the path. Nothing was backed up.",
    )
    assert snapshot_ids(stocked) == []


def test_a_component_whose_folder_is_not_there(stocked: Resurge) -> None:
    (stocked.folder / "resurge.yaml").write_text(
        "version: 1\nrepositories: {primary: {url: vault}}\n"
        "components:\n  models:\n    kind: model\n    sources: [{files: gone}]\n"
    )
    done = stocked("backup", "@models")
    assert done.code == 23
    assert f"{stocked.folder}/gone" in one_line(done.err)[0]
    assert snapshot_ids(stocked) == []


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_kept(stocked: Resurge) -> None:
    """/proc/self/mem is a file that opens and then fails to be read, for root too."""
    done = stocked("-r", "vault", "backup", "data", "/proc/self/mem", "--json")
    assert done.code == 3
    assert [each["path"] for each in done.json["unreadable"]] == ["/proc/self/mem"]
    assert done.json["files"] == 2
    happened, advice = one_line(done.err)
    assert happened.startswith("/proc/self/mem could not be read: ")
    assert done.json["short_id"] in advice
    assert stocked("-r", "vault", "restore", "latest", "--target", "back").code == 0
    restored = stocked.folder / "back" / str(stocked.folder / "data/notes.txt").lstrip("/")
    assert restored.read_text() == "remember\n"


def test_an_unknown_snapshot(stocked: Resurge) -> None:
    stocked("-r", "vault", "backup", "data")
    done = stocked("-r", "vault", "restore", "ffffffff", "--target", "back")
    assert done.code == 15
    assert "ffffffff" in one_line(done.err)[0]


def test_a_target_where_nothing_can_be_written(stocked: Resurge) -> None:
    """A file where a folder is needed keeps root out as well."""
    stocked("-r", "vault", "backup", "data")
    before = snapshot_ids(stocked)
    done = stocked("-r", "vault", "restore", "latest", "--target", "data/notes.txt")
    assert done.code == 31
    one_line(done.err)
    assert (stocked.folder / "data/notes.txt").read_text() == "remember\n"
    assert snapshot_ids(stocked) == before


def test_a_repository_where_no_folder_can_be_made(resurge: Resurge) -> None:
    """/proc takes no new folder, from root neither."""
    done = resurge("-r", "/proc/vault", "repo", "init")
    assert done.code in (9, 31)
    assert "/proc/vault" in one_line(done.err)[0]


def test_paths_and_components_do_not_mix(resurge: Resurge) -> None:
    done = resurge("backup", "data", "@models")
    assert (done.code, one_line(done.err)[0]) == (2, "name either paths or @components, not both")


def test_a_bad_duration_on_the_command_line(resurge: Resurge) -> None:
    done = resurge("pause", "--for", "soon")
    assert done.code == 2
    assert "'soon' is no duration" in one_line(done.err)[0]


def test_a_full_disk_while_printing(resurge: Resurge) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "resurge", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 30
    assert one_line(done.stderr)[0] == "there is no space left"


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A script that mounts a disk of 2 MiB at the folder it is given, and runs a command in its sight."""
    (tmp_path / "small").mkdir()
    script = tmp_path / "inside"
    script.write_text('#!/bin/sh\nmount -t tmpfs -o size=2m tmpfs "$1" || exit 97\nshift\nexec "$@"\n')
    script.chmod(0o755)
    return script


def test_a_full_disk_leaves_the_good_snapshots_as_they_were(stocked: Resurge, small_disk: Path) -> None:
    small = stocked.folder / "small"
    (stocked.folder / "big").write_bytes(os.urandom(4 * 2**20))
    steps = (
        f"{sys.executable} -m resurge -r small/vault repo init"
        f" && {sys.executable} -m resurge -r small/vault backup data"
        f"; {sys.executable} -m resurge -r small/vault backup big; echo $? > code"
        f"; {sys.executable} -m resurge -r small/vault check --read-data > check 2>&1; echo $? >> code"
        f"; {sys.executable} -m resurge -r small/vault snapshots --json > listed"
    )
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare (util-linux) is not installed: no small disk can be made")
    done = subprocess.run(
        [unshare, "--user", "--map-root-user", "--mount", small_disk, small, "sh", "-c", steps],
        cwd=stocked.folder,
        env=stocked.clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if not (stocked.folder / "code").exists():
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    assert (stocked.folder / "code").read_text().split() == ["30", "0"], done.stderr
    assert "no space" in done.stderr or "full" in done.stderr
    assert (stocked.folder / "listed").read_text().count('"id"') == 1
