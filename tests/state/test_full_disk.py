"""A disk that is really full: a small file system, in a mount namespace that ends with the process."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from resurge.core.errors import StorageFull
from resurge.state import Notes, StateDatabase

STORY = """
import errno, os, sys
from pathlib import Path
from resurge.core.errors import StorageFull
from resurge.state import Notes, StateDatabase

mount = Path(sys.argv[1])
database = StateDatabase(mount / "state", reserve_bytes=1 << 20)
notes = Notes(database)
assert database.reserve.held
notes.put("before", 1)

def fill():
    handle = os.open(mount / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for size in (65536, 4096, 1):
            try:
                while True: os.write(handle, b"x" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC
    finally:
        os.close(handle)

fill()
assert os.statvfs(mount).f_bavail == 0
calls = 0
def write(connection):
    global calls
    calls += 1
    connection.execute("INSERT INTO notes VALUES ('large', ?)", ("x" * 300_000,))
database.run(write)
assert calls == 2, calls
assert not database.reserve.held
assert not database.reserve.ensure()

fill()
written = 0
try:
    for number in range(1000):
        notes.put(f"more-{number}", "x" * 50_000)
        written += 1
except StorageFull as error:
    assert error.advice
else:
    raise AssertionError("the disk was never full")
assert notes.get("before") == 1
assert len(database.read("SELECT 1 FROM notes WHERE key LIKE 'more-%'")) == written
assert database.read("PRAGMA integrity_check")[0][0] == "ok"

# Full from the start: another process can still open the state and read it.
database.close()
fill()
other = StateDatabase(mount / "state", reserve_bytes=1 << 20)
assert Notes(other).get("before") == 1

(mount / "filler").unlink()
assert other.reserve.ensure() and other.reserve.held
Notes(other).put("after", 1)

# And with the reserve back, opening on a full disk spends it rather than fails.
other.close()
fill()
with StateDatabase(mount / "state", reserve_bytes=1 << 20) as again:
    Notes(again).put("last", "x" * 100_000)
    assert not again.reserve.held

# A new state folder on a full disk.
fill()
try:
    StateDatabase(mount / "second")
except StorageFull:
    assert not (mount / "second" / "state.db").exists()
else:
    raise AssertionError("there was room")
print("told")
"""


def _namespace() -> list[str]:
    options = ["--mount"] if os.geteuid() == 0 else ["--mount", "--user", "--map-root-user"]
    probe = ["unshare", *options, "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]
    try:
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return ["unshare", *options]
    except FileNotFoundError:
        pass
    pytest.skip("this machine lets neither root nor a user namespace mount a small file system")


def test_the_reserve_carries_writing_through_a_full_disk(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=5m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = [*_namespace(), "sh", "-c", mount, "sh", str(tmp_path), sys.executable, STORY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "told\n", "")


def test_sqlite_itself_says_full_and_the_work_is_done_again(database: StateDatabase) -> None:
    """Needs no mount: SQLite's own page limit gives its own SQLITE_FULL, lifted before the second try."""
    tries = 0

    def work(connection: sqlite3.Connection) -> None:
        nonlocal tries
        tries += 1
        if tries == 2:
            assert not database.reserve.held
            connection.execute("PRAGMA max_page_count = 100000")
        connection.execute("INSERT INTO notes VALUES ('large', ?)", ("x" * 300_000,))

    database.read("PRAGMA max_page_count = 1")  # as many as there are
    database.run(work)
    assert tries == 2
    assert len(database.read("SELECT * FROM notes")) == 1
    assert database.reserve.ensure()


def test_full_for_good_is_told_and_changes_nothing(database: StateDatabase) -> None:
    database.read("PRAGMA max_page_count = 1")
    with pytest.raises(StorageFull, match="no room left") as caught:
        Notes(database).put("large", "x" * 300_000)
    assert "Free some space" in caught.value.advice
    assert not database.reserve.held
    assert database.read("SELECT * FROM notes") == []
