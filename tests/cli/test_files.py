"""Files and folders, without an estate: into a repository, and back."""

import os
from datetime import datetime
from pathlib import Path

from .command import PASSWORD, Resurge


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_was_backed_up_comes_back_byte_for_byte(stocked: Resurge) -> None:
    assert stocked("-r", "vault", "backup", "data").code == 0
    done = stocked("-r", "vault", "restore", "latest", "--target", "back")
    assert done.code == 0, done.err
    data = stocked.folder / "data"
    assert contents(stocked.folder / "back" / str(data).lstrip("/")) == contents(data)


def test_the_repository_may_be_named_before_or_after_the_verb_or_by_a_variable(stocked: Resurge) -> None:
    ways = [
        stocked("-r", "vault", "snapshots", "--json"),
        stocked("snapshots", "--json", "--repo", "vault"),
        stocked("snapshots", "--json", RESURGE_REPOSITORY="vault"),
        stocked("-r", "nowhere", "snapshots", "-r", "vault", "--json", RESURGE_REPOSITORY="nowhere"),
    ]
    assert [(way.code, way.json) for way in ways] == [(0, [])] * 4


def test_the_password_may_come_from_a_file(stocked: Resurge) -> None:
    (stocked.folder / "secret").write_text(f"{PASSWORD}\n")
    done = stocked("-r", "vault", "snapshots", RESURGE_PASSWORD="", RESURGE_PASSWORD_FILE="secret")
    assert (done.code, done.out) == (0, "No snapshots.\n")


def test_snapshots_are_listed_oldest_first_with_what_scripts_need(stocked: Resurge) -> None:
    first = stocked("-r", "vault", "backup", "data/notes.txt", "--tag", "one", "--json").json
    second = stocked("-r", "vault", "backup", "data", "--tag", "two", "--json").json
    listed = stocked("-r", "vault", "snapshots", "--json").json
    assert [each["id"] for each in listed] == [first["id"], second["id"]]
    assert datetime.fromisoformat(listed[0]["time"]) <= datetime.fromisoformat(listed[1]["time"])
    assert listed[0]["paths"] == [str(stocked.folder / "data/notes.txt")]
    assert (listed[1]["tags"], listed[1]["files"], listed[1]["component"]) == (["two"], 2, None)
    tagged = stocked("-r", "vault", "snapshots", "--tag", "one", "--json").json
    assert [each["id"] for each in tagged] == [first["id"]]
    table = stocked("-r", "vault", "snapshots").out
    assert first["id"][:8] in table
    assert "2 snapshots." in table


def test_a_second_backup_of_the_same_stores_nothing_new(stocked: Resurge) -> None:
    stocked("-r", "vault", "backup", "data")
    again = stocked("-r", "vault", "backup", "data", "--json").json
    assert (again["new_files"], again["changed_files"], again["added_bytes"]) == (0, 0, 0)
    read = stocked("-r", "vault", "backup", "data", "--read-all", "--json").json
    assert read["read_bytes"] >= 256 * 64


def test_a_path_inside_another_is_read_once(stocked: Resurge) -> None:
    taken = stocked("-r", "vault", "backup", "data", "data/below", "data", "--json").json
    assert taken["paths"] == [str(stocked.folder / "data")]
    assert taken["files"] == 2


def test_what_is_excluded_stays_out(stocked: Resurge) -> None:
    taken = stocked("-r", "vault", "backup", "data", "--exclude", "*.bin", "--json").json
    assert taken["files"] == 1


def test_a_dry_run_says_what_it_would_write_and_writes_nothing(stocked: Resurge) -> None:
    stocked("-r", "vault", "backup", "data")
    done = stocked("-r", "vault", "restore", "latest", "--target", "back", "--dry-run", "--json")
    expected = {str(stocked.folder / "back" / str(stocked.folder / name).lstrip("/"))
                for name in ("data/notes.txt", "data/below/weights.bin")}  # fmt: skip
    assert {item["path"] for item in done.json["items"]} == expected
    assert {item["effect"] for item in done.json["items"]} == {"create"}
    assert not (stocked.folder / "back").exists()


def test_only_what_is_included_comes_back(stocked: Resurge) -> None:
    stocked("-r", "vault", "backup", "data")
    done = stocked("-r", "vault", "restore", "latest", "--target", "back", "--include", "*.bin", "--json")
    assert done.json["written_files"] == 1
    assert [Path(name).name for name in contents(stocked.folder / "back")] == ["weights.bin"]


def test_a_name_that_is_no_utf8_survives_the_way_there_and_back(stocked: Resurge) -> None:
    odd = os.fsencode(stocked.folder / "data") + b"/\xff\xfe.txt"
    with open(odd, "wb") as file:
        file.write(b"odd")
    assert stocked("-r", "vault", "backup", "data").code == 0
    listed = stocked("-r", "vault", "restore", "latest", "--target", "back", "--dry-run")
    assert listed.code == 0
    assert r"\udcff\udcfe.txt" in listed.out
    assert stocked("-r", "vault", "restore", "latest", "--target", "back").code == 0
    with open(os.fsencode(stocked.folder / "back") + odd, "rb") as file:
        assert file.read() == b"odd"


def test_damage_in_the_repository_is_named_and_counted_in_the_exit_code(stocked: Resurge) -> None:
    stocked("-r", "vault", "backup", "data")
    good = stocked("-r", "vault", "check", "--read-data", "--json")
    assert (good.code, good.json["good"]) == (0, True)
    packs = max((stocked.folder / "vault").rglob("*"), key=lambda p: p.stat().st_size if p.is_file() else 0)
    damaged = bytearray(packs.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    packs.chmod(0o600)
    packs.write_bytes(damaged)
    bad = stocked("-r", "vault", "check", "--read-data", "--json")
    assert bad.code == 5
    assert bad.json["problems"]
    assert bad.error_lines[0].startswith("resurge: ")


def test_two_backups_at_once_both_succeed(stocked: Resurge) -> None:
    import subprocess
    import sys

    running = [
        subprocess.Popen(
            [sys.executable, "-m", "resurge", "-r", "vault", "backup", name, "--json"],
            cwd=stocked.folder,
            env=stocked.clean_environment(),
            stdout=subprocess.DEVNULL,
        )
        for name in ("data", "data/below")
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    assert len(stocked("-r", "vault", "snapshots", "--json").json) == 2
    assert stocked("-r", "vault", "check", "--read-data").code == 0


def test_a_snapshot_that_cannot_be_read_is_not_passed_over_in_silence(stocked: Resurge) -> None:
    stocked("-r", "vault", "backup", "data/notes.txt")
    newest = stocked("-r", "vault", "backup", "data", "--json").json["id"]
    (stocked.folder / "vault" / "snapshots" / newest).write_bytes(b"damaged")
    for verb in (("snapshots",), ("restore", "latest", "--target", "back")):
        done = stocked("-r", "vault", *verb)
        assert newest[:8] in done.err
        assert "cannot be read" in done.err


def test_an_empty_path_is_refused(stocked: Resurge) -> None:
    assert stocked("-r", "vault", "backup", "").code == 2
    assert stocked("-r", "vault", "restore", "latest", "--target", "").code == 2


def test_what_looks_like_a_remote_store_is_not_taken_for_a_folder(stocked: Resurge) -> None:
    for url in ("s3:bucket", "sftp:host:/srv", "https://example.org/vault"):
        done = stocked("-r", url, "repo", "init")
        assert done.code == 9
        assert "local folder" in done.err
    assert not (stocked.folder / "s3:bucket").exists()
