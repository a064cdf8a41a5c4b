"""One backup from end to end: stored, judged, recorded, sealed, copied."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from resurge.core.errors import ChecksFailed, ResurgeError
from resurge.estate.model import Component, ComponentKind
from resurge.vault import Repository
from tests.estates import data_set, database, estate_of, opened


def test_a_backup_is_judged_recorded_sealed_and_copied(tmp_path: Path) -> None:
    estate = estate_of(tmp_path, data_set(tmp_path / "data"))
    app = opened(estate)
    done = app.back_up("data")
    assert done.verdict.good
    assert app.points.newest_good("data") == done.point
    assert [e.body["snapshot"] for e in app.ledger_entries() if e.kind == "backup"] == [done.snapshot.id]
    second = Repository.open(estate.repositories["second"].url, "a password for tests")
    assert [s.id for s in second.snapshots()] == [done.snapshot.id]


def test_damage_is_kept_but_never_counted_and_a_person_may_accept_it(tmp_path: Path) -> None:
    app = opened(estate_of(tmp_path, data_set(tmp_path / "data")))
    good = app.back_up("data")
    (tmp_path / "data" / "part-003.csv").write_text("something else")
    poisoned = app.back_up("data")
    assert not poisoned.verdict.good
    assert [point.verdict for point in app.points.of("data")] == ["good", "suspect"]
    assert app.points.newest_good("data") == good.point
    accepted = app.back_up("data", accept=True)
    assert app.points.newest_good("data") == accepted.point


def test_a_damaged_database_makes_no_snapshot(tmp_path: Path) -> None:
    app = opened(estate_of(tmp_path, database(tmp_path / "base.db")))
    app.back_up("base")
    with (tmp_path / "base.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    with pytest.raises(ChecksFailed):
        app.back_up("base")
    assert len(app.points.of("base")) == 1


def test_a_database_in_use_is_copied_consistently(tmp_path: Path) -> None:
    app = opened(estate_of(tmp_path, database(tmp_path / "base.db")))
    writer = sqlite3.connect(tmp_path / "base.db", isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO runs (note) VALUES ('not committed')")
    done = app.back_up("base")
    writer.execute("ROLLBACK")
    writer.close()
    repository = app.repositories.open("primary")
    repository.restore(done.snapshot, tmp_path / "copy.db", subtree=str(tmp_path / "base.db").lstrip("/"))
    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("SELECT count(*) FROM runs").fetchone() == (500,)
    copy.close()


def test_without_the_copy_the_backup_still_counts_and_says_so(tmp_path: Path) -> None:
    estate = estate_of(tmp_path, data_set(tmp_path / "data"))
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder is needed")
    repositories = dict(estate.repositories)
    repositories["second"] = replace(repositories["second"], url=str(blocked / "second"))
    app = opened(estate)
    app = type(app)(replace(estate, repositories=repositories))
    done = app.back_up("data")
    assert done.verdict.good
    assert len(done.copy_problems) == 1


def test_the_copy_serves_when_the_original_is_gone(tmp_path: Path) -> None:
    estate = estate_of(tmp_path, data_set(tmp_path / "data"))
    app = opened(estate)
    done = app.back_up("data")
    shutil.rmtree(estate.repositories["primary"].url)
    app.repositories.forget("primary")
    name, _, snapshot = app.repositories.holding(done.snapshot.id)
    assert (name, snapshot.id) == ("second", done.snapshot.id)


def test_a_component_without_sources_has_nothing_to_copy(tmp_path: Path) -> None:
    app = opened(estate_of(tmp_path, Component("node", ComponentKind.NODE)))
    with pytest.raises(ResurgeError, match="nothing to copy"):
        app.back_up("node")


def test_snapshots_taken_during_a_fault_are_distrusted(tmp_path: Path) -> None:
    app = opened(estate_of(tmp_path, data_set(tmp_path / "data")))
    before, during = app.back_up("data"), app.back_up("data")
    assert app.points.distrust_after("data", during.point.taken_at, "taken during a fault") == 1
    assert app.points.newest_good("data") == before.point
    assert app.points.of("data")[-1].reasons == ("taken during a fault",)
