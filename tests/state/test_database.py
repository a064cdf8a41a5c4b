import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from resurge.core.errors import AccessDenied, StateDamaged
from resurge.state import Notes, StateDatabase
from resurge.state.schema import MIGRATIONS


def _count(database: StateDatabase) -> int:
    return int(database.read("SELECT count(*) FROM notes")[0][0])


def _put(connection: sqlite3.Connection, key: str) -> None:
    connection.execute("INSERT INTO notes VALUES (?, '1')", (key,))


def test_what_was_written_is_there_when_opened_again(tmp_path: Path) -> None:
    with StateDatabase(tmp_path / "state", reserve_bytes=65536) as database:
        Notes(database).put("pause", {"until": 12.5, "why": "maintenance"})
        assert database.reserve.held
    assert not (tmp_path / "state" / "state.db-wal").exists()
    with StateDatabase(tmp_path / "state") as database:
        notes = Notes(database)
        assert notes.get("pause") == {"until": 12.5, "why": "maintenance"}
        notes.put("pause", None)
        notes.put("head", 7)
        notes.delete("head")
        assert notes.get("pause") is None
        assert notes.get("head") is None
        assert _count(database) == 1


def test_only_the_owner_may_look_inside(database: StateDatabase) -> None:
    Notes(database).put("a", 1)
    for name in ("state.db", "state.db-wal", "reserve"):
        assert (database.folder / name).stat().st_mode & 0o077 == 0, name


def test_work_that_raises_leaves_nothing_behind(database: StateDatabase) -> None:
    def half(connection: sqlite3.Connection) -> None:
        _put(connection, "first")
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        database.run(half)
    assert _count(database) == 0
    database.run(lambda connection: _put(connection, "second"))
    assert _count(database) == 1


def test_a_run_inside_a_run_is_part_of_it(database: StateDatabase) -> None:
    def outer(connection: sqlite3.Connection) -> None:
        Notes(database).put("inner", 1)
        raise KeyError("after the inner one came back")

    with pytest.raises(KeyError):
        database.run(outer)
    assert _count(database) == 0


def test_a_mistake_in_sql_is_not_called_damage(database: StateDatabase) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.read("SELECT * FROM elsewhere")


def test_many_threads_write_and_their_connections_go_with_them(database: StateDatabase) -> None:
    def work(name: str) -> None:
        for number in range(10):
            Notes(database).put(f"{name}-{number}", number)

    for turn in range(3):
        threads = [threading.Thread(target=work, args=(f"{turn}-{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert _count(database) == 120
    work("here")
    last = threading.Thread(target=work, args=("last",))
    last.start()
    last.join()
    assert len(database._connections) <= 2


def test_processes_that_open_a_new_folder_at_once_share_one_database(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from resurge.state import Notes, StateDatabase\n"
        "with StateDatabase(Path(sys.argv[1]), reserve_bytes=65536) as database:\n"
        "    for n in range(20): Notes(database).put(f'{sys.argv[2]}-{n}', n)\n"
    )
    folder = tmp_path / "new" / "state"
    running = [subprocess.Popen([sys.executable, "-c", code, str(folder), str(n)]) for n in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    with StateDatabase(folder) as database:
        assert _count(database) == 60
    assert not [name for name in os.listdir(folder) if name.endswith(".partial")]


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    StateDatabase(tmp_path).close()
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StateDamaged, match="newer Resurge") as caught:
        StateDatabase(tmp_path)
    assert "Upgrade" in caught.value.advice


def test_migrations_run_from_any_earlier_schema_and_all_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StateDatabase(tmp_path) as database:
        Notes(database).put("kept", 1)
    more = (*MIGRATIONS, ("CREATE TABLE later (x)", "INSERT INTO later VALUES (1)", "this is no SQL"))
    monkeypatch.setattr("resurge.state.schema.MIGRATIONS", more)
    with pytest.raises(sqlite3.OperationalError, match="syntax"):
        StateDatabase(tmp_path)
    monkeypatch.setattr("resurge.state.schema.MIGRATIONS", (*MIGRATIONS, more[-1][:2]))
    with StateDatabase(tmp_path) as database:
        assert database.read("SELECT x FROM later")[0]["x"] == 1
        assert Notes(database).get("kept") == 1


def _filled(folder: Path) -> Path:
    with StateDatabase(folder, reserve_bytes=65536) as database:
        for number in range(300):
            Notes(database).put(f"{number:05}", "x" * 200)
    return folder / "state.db"


def _damage_header(file: Path) -> None:
    with file.open("r+b") as database:
        database.write(b"\x00" * 100)


def _damage_pages(file: Path) -> None:
    with file.open("r+b") as database:
        database.seek(4096)
        database.write(os.urandom(file.stat().st_size - 4096))


def _empty(file: Path) -> None:
    os.truncate(file, 0)


def _cut(file: Path) -> None:
    os.truncate(file, 5000)


def _replace_by_text(file: Path) -> None:
    file.write_text("this is no database\n" * 1000)


@pytest.mark.parametrize("damage", [_damage_header, _damage_pages, _empty, _cut, _replace_by_text])
def test_damage_is_told_with_what_to_do(tmp_path: Path, damage: object) -> None:
    file = _filled(tmp_path)
    assert callable(damage)
    damage(file)
    before = file.read_bytes()
    with pytest.raises(StateDamaged) as caught, StateDatabase(tmp_path) as database:
        database.read("SELECT sum(length(value)) FROM notes")
    assert str(file) in str(caught.value)
    assert "resurge restore" in caught.value.advice
    assert file.read_bytes() == before


def test_a_log_without_its_database_is_not_joined_to_a_new_one(tmp_path: Path) -> None:
    file = _filled(tmp_path)
    file.with_name("state.db-wal").write_bytes(b"what was not folded back yet")
    file.unlink()
    with pytest.raises(StateDamaged, match="is gone"):
        StateDatabase(tmp_path)
    assert not file.exists()


def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(AccessDenied, match="in the way"):
        StateDatabase(tmp_path / "state")


@pytest.mark.parametrize("existing", [True, False])
def test_another_user_is_told_so(existing: bool) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can run a process as another user")
    code = (
        "import sys; from pathlib import Path; from resurge.core.errors import AccessDenied\n"
        "from resurge.state import StateDatabase\n"
        "import os; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: StateDatabase(Path(sys.argv[1]))\n"
        "except AccessDenied as error: print(error, error.advice); sys.exit(error.exit_code)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        if existing:
            os.chmod(folder, 0o755)
            StateDatabase(state).close()
        done = subprocess.run([sys.executable, "-c", code, state], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (AccessDenied.exit_code, "")
    assert "no permission" in done.stdout


def test_the_log_stays_small(database: StateDatabase) -> None:
    for number in range(400):
        Notes(database).put("same", "x" * 20000 + str(number))
    assert (database.folder / "state.db-wal").stat().st_size < 3 * 2**20
