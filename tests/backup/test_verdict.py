"""A backup of damage is kept and never counted; a backup of everyday change is good."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from resurge.backup.verdict import FileState, judge
from resurge.estate.model import Content, Source, SourceKind
from resurge.sources.entropy import looks_encrypted, shannon_entropy

ROOT = Path("/data")


def source(content: Content) -> list[Source]:
    return [Source(SourceKind.FILES, ROOT, content)]


def text(number: int, version: int = 0) -> FileState:
    return FileState(f"/data/{number}.csv", 4000, f"digest-{number}-{version}", 4.1)


def random_bytes(number: int) -> FileState:
    return FileState(f"/data/{number}.csv", 4000, f"encrypted-{number}", shannon_entropy(os.urandom(4000)))


def states(*files: FileState) -> dict[str, FileState]:
    return {file.path: file for file in files}


BEFORE = states(*(text(n) for n in range(40)))


def test_the_first_backup_has_nothing_to_be_judged_by() -> None:
    assert judge(source(Content.WRITE_ONCE), {}, BEFORE, {}).good


def test_new_files_are_good_in_every_kind_of_source() -> None:
    after = BEFORE | states(text(99))
    assert all(judge(source(content), BEFORE, after, {}).good for content in Content)


def test_a_changed_file_is_suspect_where_files_are_written_once() -> None:
    after = BEFORE | states(text(3, version=1))
    found = judge(source(Content.WRITE_ONCE), BEFORE, after, {})
    assert not found.good
    assert found.suspect_paths == ("/data/3.csv",)
    assert "3.csv" in found.reasons[0]
    assert not judge(source(Content.ROLLING), BEFORE, after, {}).good
    assert judge(source(Content.MUTABLE), BEFORE, after, {}).good


def test_a_file_that_is_gone_is_suspect_only_where_files_are_written_once() -> None:
    after = {path: state for path, state in BEFORE.items() if path != "/data/5.csv"}
    assert judge(source(Content.WRITE_ONCE), BEFORE, after, {}).suspect_paths == ("/data/5.csv",)
    assert judge(source(Content.ROLLING), BEFORE, after, {}).good


def test_many_encrypted_files_are_suspect_even_where_anything_may_change() -> None:
    after = BEFORE | states(*(random_bytes(n) for n in range(10)))
    found = judge(source(Content.MUTABLE), BEFORE, after, {})
    assert not found.good
    assert "10 look encrypted" in found.reasons[0]


def test_one_new_archive_is_everyday_life() -> None:
    after = BEFORE | states(random_bytes(1))
    assert judge(source(Content.MUTABLE), BEFORE, after, {}).good


def test_unreadable_files_and_unfit_weights_make_it_suspect() -> None:
    found = judge(source(Content.MUTABLE), {}, BEFORE, {"/data/w.safetensors": "holds NaN"}, [("x", "denied")])
    assert found.reasons == ("holds NaN: w.safetensors", "could not be read: x")


def test_files_of_another_source_are_not_this_ones_business() -> None:
    elsewhere = FileState("/database/x", 10, "a", 1.0)
    assert judge(source(Content.WRITE_ONCE), states(elsewhere), {}, {}).good
    beside = FileState("/data-of-others/x", 10, "a", 1.0)
    assert judge(source(Content.WRITE_ONCE), states(beside), {}, {}).good


@given(st.binary(min_size=256, max_size=4096))
def test_what_was_random_before_is_never_newly_encrypted(content: bytes) -> None:
    assert not looks_encrypted(7.9, shannon_entropy(content), len(content))


@given(st.integers(min_value=64, max_value=60_000))
def test_random_bytes_of_any_size_look_encrypted_beside_text(size: int) -> None:
    assert looks_encrypted(4.0, shannon_entropy(os.urandom(size)), size)


def test_files_that_vanish_in_masses_are_suspect_even_where_anything_may_change() -> None:
    after = dict(list(BEFORE.items())[:20])
    assert not judge(source(Content.MUTABLE), BEFORE, after, {}).good
    tidied = dict(list(BEFORE.items())[:36])
    assert judge(source(Content.MUTABLE), BEFORE, tidied, {}).good


def test_encrypted_copies_under_new_names_are_suspect() -> None:
    kept = dict(list(BEFORE.items())[:34])
    locked = [FileState(f"/data/{n}.csv.locked", 4000, f"l{n}", 7.95) for n in range(34, 40)]
    found = judge(source(Content.MUTABLE), BEFORE, kept | states(*locked), {})
    assert not found.good
    assert "6 look encrypted" in found.reasons[0]
