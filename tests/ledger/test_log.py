import math
import os
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import pytest

from resurge.core.errors import AccessDenied, LedgerBroken, StorageFull
from resurge.ledger import Head, Ledger
from resurge.ledger.entry import NO_PREVIOUS


class Word(StrEnum):
    GOOD = "good"


class FixedClock:
    def now(self) -> float:
        return 1764000000.25

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...


def test_an_entry_is_what_was_appended_and_is_read_back_the_same(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger", FixedClock())
    first = ledger.append("backup", "dataset", {"bytes": 12, "verdict": Word.GOOD, "reasons": ("a", "b")})
    second = ledger.append("incident", "model", {"path": "/a/\udcff", "line": "one\ntwo"}, key="incident-1")
    assert (first.index, first.at, first.kind, first.subject, first.key) == (
        0,
        1764000000.25,
        "backup",
        "dataset",
        None,
    )
    assert first.body == {"bytes": 12, "verdict": "good", "reasons": ["a", "b"]}
    assert (first.previous, second.index, second.key) == (NO_PREVIOUS, 1, "incident-1")
    assert list(Ledger(tmp_path / "ledger").entries()) == [first, second]
    assert ledger.head() == Head(2, second.root) == Ledger(tmp_path / "ledger").head()
    assert len((tmp_path / "ledger" / "entries.jsonl").read_bytes().splitlines()) == 2


def test_numbers_that_json_lacks_are_sealed_as_words(tmp_path: Path) -> None:
    body = {"loss": math.nan, "limits": [math.inf, -math.inf, 0.5], "deep": {"x": math.nan}}
    entry = Ledger(tmp_path).append("incident", "training", body)
    assert entry.body == {"loss": "nan", "limits": ["inf", "-inf", 0.5], "deep": {"x": "nan"}}


def test_the_same_key_is_sealed_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    first = ledger.append("run", "model", {"n": 1}, key="run-1")
    ledger.append("run", "model", {"n": 2}, key="run-2")
    assert ledger.append("run", "model", {"n": 3}, key="run-1") == first
    assert Ledger(tmp_path).append("run", "model", {"n": 4}, key="run-1") == first
    assert ledger.head().size == 2


def test_a_ledger_that_does_not_exist_is_empty_and_reading_makes_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    assert list(ledger.entries()) == []
    assert ledger.head().size == 0
    verification = ledger.verify()
    assert (verification.good, verification.size, verification.root) == (True, 0, ledger.head().root)
    assert not (tmp_path / "ledger").exists()


def test_the_private_key_is_the_owners_alone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.append("drill", "model", {})
    key = tmp_path / "ledger" / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" in key.read_bytes()
    assert b"PRIVATE" not in (tmp_path / "ledger" / "key.pub").read_bytes()
    assert (tmp_path / "ledger").stat().st_mode & 0o077 == 0


def test_without_its_private_key_it_is_checked_but_not_continued(tmp_path: Path) -> None:
    Ledger(tmp_path).append("drill", "model", {})
    (tmp_path / "key").unlink()
    assert Ledger(tmp_path).verify().good
    with pytest.raises(LedgerBroken, match="is gone"):
        Ledger(tmp_path).append("drill", "model", {})
    assert not (tmp_path / "key").exists()
    (tmp_path / "key.pub").write_text("no key")
    with pytest.raises(LedgerBroken, match="public key"):
        Ledger(tmp_path).verify()


def test_a_torn_line_is_set_aside_and_is_no_tampering(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    first = ledger.append("backup", "a", {})
    ledger.append("backup", "b", {}, key="b")
    path = tmp_path / "entries.jsonl"
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 1)  # all but the newline: it was never acknowledged
    torn = whole.splitlines()[1]

    reader = Ledger(tmp_path)
    assert reader.verify().good
    assert list(reader.entries()) == [first]
    assert path.read_bytes() == whole[:-1]

    writer = Ledger(tmp_path)
    again = writer.append("backup", "b", {}, key="b")
    assert again.index == 1
    assert writer.verify() == Ledger(tmp_path).verify()
    assert writer.verify().size == 2
    assert (tmp_path / "torn").read_bytes() == torn + b"\n"


@pytest.mark.parametrize("tail", [b"\x00" * 700, b"{", b'{"entry":{"at":1', b"\xff\xfe"])
def test_any_unfinished_end_is_survived(tmp_path: Path, tail: bytes) -> None:
    Ledger(tmp_path).append("backup", "a", {})
    with (tmp_path / "entries.jsonl").open("ab") as file:
        file.write(tail)
    ledger = Ledger(tmp_path)
    assert ledger.verify().size == 1
    ledger.append("backup", "b", {})
    assert (ledger.verify().good, ledger.verify().size) == (True, 2)


def test_nothing_is_sealed_on_top_of_what_was_changed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for number in range(4):
        ledger.append("backup", "a", {"n": number})
    path = tmp_path / "entries.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"n":1', b'"n":7'))
    before = path.read_bytes()
    with pytest.raises(LedgerBroken, match="was changed since it was signed") as caught:
        Ledger(tmp_path).append("backup", "a", {})
    assert "resurge ledger verify" in caught.value.advice
    with pytest.raises(LedgerBroken):
        Ledger(tmp_path).head()
    assert path.read_bytes() == before
    os.truncate(path, len(b"".join(before.splitlines(keepends=True)[:2])))
    with pytest.raises(LedgerBroken, match="shorter"):
        ledger.append("backup", "a", {})


def test_a_line_that_is_no_entry_is_named_when_read(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append("backup", "a", {})
    with (tmp_path / "entries.jsonl").open("ab") as file:
        file.write(b"[" * 100_000 + b"\n")
    with pytest.raises(LedgerBroken, match="entry 1 "):
        list(Ledger(tmp_path).entries())


FULL = """
import errno, os, sys
from pathlib import Path
from resurge.core.errors import StorageFull
from resurge.ledger import Ledger
mount = Path(sys.argv[1])
reserve = mount / "reserve"
def give_up_reserve():
    reserve.unlink(missing_ok=True)
ledger = Ledger(mount / "ledger", make_room=give_up_reserve)
ledger.append("backup", "a", {})
reserve.write_bytes(b"x" * 200_000)
def fill():
    handle = os.open(mount / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        while True: os.write(handle, b"x" * 4096)
    except OSError as error:
        assert error.errno == errno.ENOSPC
    finally:
        os.close(handle)
fill()
assert ledger.append("incident", "disk", {"text": "x" * 50_000}, key="k").index == 1
assert not reserve.exists()
fill()
size = (mount / "ledger" / "entries.jsonl").stat().st_size
try:
    ledger.append("incident", "disk", {"text": "x" * 50_000})
except StorageFull as error:
    assert error.advice
else:
    raise AssertionError("there was room")
assert (mount / "ledger" / "entries.jsonl").stat().st_size == size
(mount / "filler").unlink()
assert ledger.append("incident", "disk", {"text": "x" * 50_000}).index == 2
assert Ledger(mount / "ledger").verify().good
print("told")
"""


def test_a_full_disk_is_given_room_once_and_leaves_no_half_entry(tmp_path: Path) -> None:
    options = ["--mount"] if os.geteuid() == 0 else ["--mount", "--user", "--map-root-user"]
    mount = 'mount -t tmpfs -o size=600k tmpfs "$1" || exit 77; exec "$2" -c "$3" "$1"'
    command = ["unshare", *options, "sh", "-c", mount, "sh", str(tmp_path), sys.executable, FULL]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("this machine lets neither root nor a user namespace mount a small file system")
    assert (done.returncode, done.stdout, done.stderr) == (0, "told\n", "")


def test_a_disk_without_room_says_so(tmp_path: Path) -> None:
    """/dev/full is a real file that refuses every write for want of room."""
    Ledger(tmp_path).append("backup", "a", {})
    entries = tmp_path / "entries.jsonl"
    entries.unlink()
    entries.symlink_to("/dev/full")
    with pytest.raises(StorageFull, match="no room left"):
        Ledger(tmp_path).append("backup", "b", {})


def test_a_ledger_of_another_user_says_so(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can run a process as another user")
    Ledger(tmp_path / "ledger").append("backup", "a", {})
    code = (
        "import os; from pathlib import Path; from resurge.core.errors import AccessDenied\n"
        "from resurge.ledger import Ledger\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "for call in (lambda l: l.append('a', 'b', {}), lambda l: l.verify(), lambda l: list(l.entries())):\n"
        "    try: call(Ledger(Path('ledger')))\n"
        "    except AccessDenied as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("no permission") == 3
    assert AccessDenied.exit_code == 31
