"""A file is replaced whole or not at all, whatever kills the writer."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from resurge.core.durable import write_durably

FOREVER = """
import sys
from pathlib import Path
from resurge.core.durable import write_durably
path, size = Path(sys.argv[1]), 1 << 20
for turn in range(10_000):
    write_durably(path, bytes([turn % 256]) * size)
    print(turn, flush=True)
"""


def test_it_writes_and_replaces_with_the_mode_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_durably(path, b"one")
    write_durably(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_durably(path, b"old")
    with pytest.raises(TypeError):
        write_durably(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_durably(tmp_path / "nowhere" / "file", b"")


def test_what_a_killed_writer_leaves_is_one_whole_version(tmp_path: Path) -> None:
    path = tmp_path / "state"
    writer = subprocess.Popen([sys.executable, "-c", FOREVER, path], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    for _ in range(5):
        assert writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait(10)
    writer.stdout.close()
    content = path.read_bytes()
    assert len(content) == 1 << 20
    assert len(set(content)) == 1
