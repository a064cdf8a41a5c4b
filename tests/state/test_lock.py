import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from resurge.core.errors import AlreadyRunning
from resurge.state import exclusive, holder

HOLD = """
import sys
from pathlib import Path
from resurge.state import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def _held_elsewhere(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_process_is_told_who_holds_it(tmp_path: Path) -> None:
    with _held_elsewhere(tmp_path) as process:
        assert holder(tmp_path) == process.pid
        with pytest.raises(AlreadyRunning, match=f"process {process.pid} ") as caught, exclusive(tmp_path):
            pass
        assert f"kill {process.pid}" in caught.value.advice
        assert holder(tmp_path) == process.pid


def test_the_lock_dies_with_a_holder_that_is_killed(tmp_path: Path) -> None:
    with _held_elsewhere(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert (tmp_path / "lock").read_text() == str(process.pid)
        assert holder(tmp_path) is None
        with exclusive(tmp_path):
            assert holder(tmp_path) == os.getpid()


def test_it_is_free_again_after_its_block_however_that_ends(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    with pytest.raises(KeyError), exclusive(tmp_path / "new"):
        raise KeyError
    assert holder(tmp_path / "new") is None
    with exclusive(tmp_path / "new"):
        pass


def test_children_do_not_inherit_it(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with exclusive(tmp_path):
            assert child.poll() is None
    finally:
        child.kill()
        child.communicate()
