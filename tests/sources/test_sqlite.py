"""Databases in use, locked, damaged and put back."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from resurge.core.errors import ChecksFailed, SourceMissing
from resurge.incidents.records import Symptom
from resurge.sources import DatabaseDamaged, SqliteSource
from resurge.sources.health import examine_sqlite


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "data.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [(f"row {n}",) for n in range(5000)])
        connection.commit()
    return path


def no_complaint(path: str, error: OSError) -> None:
    raise AssertionError(f"{path}: {error}")


def corrupt(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\x5a" * 4096 * 4)


def test_the_copy_holds_what_is_only_in_the_log_and_nothing_uncommitted(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("INSERT INTO t VALUES ('committed')")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO t VALUES ('not committed')")
        with SqliteSource(database).items(no_complaint) as items:
            (item,) = items
            assert item.name == str(database)[1:]
            assert item.read_from != database
            with item.open() as file:
                (tmp_path / "copy.db").write_bytes(file.read())
            assert (tmp_path / "copy.db").stat().st_size == item.size
    assert list(temporary.iterdir()) == []
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        rows = {row[0] for row in copy.execute("SELECT x FROM t")}
    assert "committed" in rows
    assert "not committed" not in rows
    assert len(rows) == 5001


def test_a_damaged_database_is_refused(database: Path) -> None:
    corrupt(database)
    assert examine_sqlite(database).symptom is Symptom.DATABASE_DAMAGED
    with pytest.raises(DatabaseDamaged, match="damaged") as raised, SqliteSource(database).items(no_complaint):
        pass
    assert isinstance(raised.value, ChecksFailed)
    assert raised.value.advice


@pytest.mark.parametrize("content", [b"", b"text, and long enough to be taken for a header of a file" * 90])
def test_what_is_no_database_is_not_well(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.db"
    assert examine_sqlite(path).symptom is Symptom.CONTENT_MISSING
    with pytest.raises(SourceMissing), SqliteSource(path).items(no_complaint):
        pass
    path.write_bytes(content)
    assert examine_sqlite(path).symptom is Symptom.DATABASE_DAMAGED


def test_a_locked_database_is_not_called_damaged(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=DELETE")
        writer.execute("BEGIN EXCLUSIVE")
        health = examine_sqlite(database, busy_seconds=0.05)
        assert (health.good, health.examined) == (True, False)
        writer.execute("ROLLBACK")
    health = examine_sqlite(database, quick=True)
    assert (health.good, health.examined) == (True, True)


def test_put_back_does_not_replay_the_old_log_into_the_restored_database(database: Path, tmp_path: Path) -> None:
    restored = tmp_path / "restored.db"
    with closing(sqlite3.connect(database)) as broken:
        broken.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(database, restored)
        broken.execute("DELETE FROM t")
        broken.commit()  # this lies in the log alone
        for companion in ("", "-wal"):
            shutil.copyfile(f"{database}{companion}", tmp_path / f"left.db{companion}")
    source = SqliteSource(tmp_path / "left.db")
    source.put_back(restored)
    source.put_back(restored)
    with closing(sqlite3.connect(tmp_path / "left.db")) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (5000,)


def elsewhere(database: Path, statement: str) -> str:
    """What another process gets; it opens the database, and closes it again."""
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "print(c.execute(sys.argv[2]).fetchone()); c.commit(); c.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(database), statement], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_copying_a_database_that_this_process_has_open_leaves_its_locks_alone(database: Path) -> None:
    """Resurge backs its own state up: without its locks, whoever closes next would remove the log under it."""
    with closing(sqlite3.connect(database, isolation_level=None)) as mine:
        mine.execute("INSERT INTO t VALUES ('before')")
        with SqliteSource(database).items(no_complaint) as items:
            assert len(list(items)) == 1
        elsewhere(database, "SELECT count(*) FROM t")
        mine.execute("INSERT INTO t VALUES ('after')")
        assert elsewhere(database, "SELECT count(*) FROM t WHERE x = 'after'") == "(1,)"
