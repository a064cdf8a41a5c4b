"""Whatever comes up through a verb leaves as one line, some advice and an exit code."""

import errno
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from resurge.cli.failures import report
from resurge.core.errors import SourceMissing

from .command import PASSWORD, Resurge


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SourceMissing("/a is gone", "Mount it."), 23, "resurge: /a is gone\n  → Mount it.\n"),
        (KeyboardInterrupt(), 130, "resurge: interrupted\n  → Nothing is half done: run the same command again.\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/vault/x"),
            30,
            "resurge: there is no space left at /vault/x\n  → Make room, then run the same command again.\n",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/vault/x"),
            31,
            "resurge: access was refused at /vault/x: Permission denied\n"
            "  → Give this user the right to it, or run as its owner.\n",
        ),
        (click.UsageError("what?"), 2, "resurge: what?\n  → See `resurge --help`.\n"),
        (click.exceptions.Exit(7), 7, ""),
        (SystemExit(9), 9, ""),
    ],
)
def test_what_is_foreseen(error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(error) == code
    assert capsys.readouterr().err == said


def test_what_nobody_foresaw_leaves_its_traceback_in_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert report(ZeroDivisionError("by zero")) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "resurge: something that was not foreseen: ZeroDivisionError: by zero"
    (file,) = tmp_path.iterdir()
    assert second == f"  → Where it happened is written down in {file}."
    assert "ZeroDivisionError: by zero" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_whoever_asks_sees_the_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESURGE_DEBUG", "1")
    try:
        raise SourceMissing("/a is gone")
    except SourceMissing as error:
        assert report(error) == 23
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_mistake(resurge: Resurge) -> None:
    """`resurge schema | head -1`: the pipe breaks while there is still much to say."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "resurge", "schema"],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=resurge.clean_environment(),
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def in_terminal(resurge: Resurge, typed: bytes, *arguments: str) -> tuple[int, str]:
    """Runs Python on a terminal of its own; `typed` is entered once it asks for a password."""
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests in the background has it ignored
        os.chdir(resurge.folder)
        environment = resurge.clean_environment() | {"TERM": "xterm", "RESURGE_PASSWORD": ""}
        os.execve(sys.executable, [sys.executable, *arguments], environment)
    shown = b""
    try:
        while chunk := os.read(terminal, 65536):
            shown += chunk
            if typed and b"assword" in shown and shown.endswith(b": "):
                os.write(terminal, typed)
                typed = b""
    except OSError:  # the terminal closes with its last user
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


def test_on_a_terminal_the_password_is_asked_for_and_not_shown(stocked: Resurge) -> None:
    code, shown = in_terminal(stocked, PASSWORD.encode() + b"\n", "-m", "resurge", "-r", "vault", "snapshots")
    assert code == 0, shown
    assert "Password for vault: " in shown
    assert PASSWORD not in shown
    assert "No snapshots." in shown


def test_ctrl_c_at_the_prompt_ends_quietly_with_130(stocked: Resurge) -> None:
    code, shown = in_terminal(stocked, b"\x03", "-m", "resurge", "-r", "vault", "snapshots")
    assert code == 130
    assert "resurge: interrupted" in shown
    assert "Traceback" not in shown


WORK = """
from types import SimpleNamespace
from resurge.cli.progress import progress_bar
with progress_bar("backing up") as show:
    for done in range(0, 2**30, 2**20):
        show(SimpleNamespace(done_bytes=done, total_bytes=2**31, done_files=7))
"""


def test_long_work_shows_a_bar_with_rate_and_time_left_on_a_terminal(resurge: Resurge) -> None:
    code, shown = in_terminal(resurge, b"", "-c", WORK)
    assert code == 0, shown
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert re.search(r"backing up .*/2\.0 GiB .*B/s \d*:?\d\d:\d\d 7 files", plain), plain


def test_without_a_terminal_there_is_no_bar(resurge: Resurge) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from resurge.cli.progress import progress_bar as p\nwith p('x') as show: print(show)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("None\n", "")


def test_sigterm_leaves_every_good_snapshot(stocked: Resurge) -> None:
    stocked("-r", "vault", "backup", "data")
    (stocked.folder / "big").write_bytes(os.urandom(32 * 2**20))
    running = subprocess.Popen(
        [sys.executable, "-m", "resurge", "-r", "vault", "backup", "big"],
        cwd=stocked.folder,
        env=stocked.clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    packs = stocked.folder / "vault"
    before = sum(1 for _ in packs.rglob("*"))
    while running.poll() is None and sum(1 for _ in packs.rglob("*")) == before:
        pass
    running.send_signal(signal.SIGTERM)
    running.wait(30)
    assert stocked("-r", "vault", "check", "--read-data").code == 0
    assert len(stocked("-r", "vault", "snapshots", "--json").json) >= 1
