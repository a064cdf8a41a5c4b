import json
import random
import signal
import sqlite3
import time

import pytest

from resurge.demo.service import checkpoints
from resurge.demo.service.layout import Layout

from .living import Living, await_true, progress, registry, run

FAST = ("--steps-per-second", "300")


def reference(layout: Layout, steps: int) -> dict[int, float]:
    said = run("-m", "resurge.demo.service.training", layout.folder, "--reference", str(steps))
    assert said.returncode == 0, said.stderr
    return {line["step"]: line["loss"] for line in map(json.loads, said.stdout.splitlines())}


def registered(layout: Layout) -> dict[str, tuple[str, float | None]]:
    connection = sqlite3.connect(layout.database)
    try:
        rows = connection.execute("SELECT name, sha256, removed_at FROM checkpoints").fetchall()
    finally:
        connection.close()
    return {name: (sha256, removed_at) for name, sha256, removed_at in rows}


def test_killed_anywhere_it_lands_on_the_same_loss_curve(layout: Layout, living: Living) -> None:
    chance = random.Random(11)
    hashes: dict[str, set[str]] = {}
    for _ in range(3):
        process = living.training(layout, *FAST, lines=chance.randint(5, 90))
        time.sleep(chance.random() * 0.02)  # anywhere between two steps, or in the middle of a checkpoint
        process.kill()
        process.wait()
        for name, found in checkpoints.describe_all(layout.checkpoints).items():
            hashes.setdefault(name, set()).add(found.sha256)
    last = max(int(str(line["step"])) for line in progress(layout)) + 30
    assert living.training(layout, "--steps-per-second", "0", "--until", str(last)).wait() == 0
    for name, found in checkpoints.describe_all(layout.checkpoints).items():
        hashes.setdefault(name, set()).add(found.sha256)

    truth = reference(layout, last)
    lines = progress(layout)
    assert {line["step"] for line in lines} == set(truth)  # no step is missing
    assert len(lines) > len(truth)  # some were run twice
    assert all(line["loss"] == truth[int(str(line["step"]))] for line in lines)
    assert all(len(seen) == 1 for seen in hashes.values())  # a checkpoint written twice is the same file
    assert registry("check", layout).returncode == 0


def test_told_to_stop_it_writes_a_last_checkpoint(layout: Layout, living: Living) -> None:
    process = living.training(layout, lines=3)
    assert int(layout.pid_file("training").read_text()) == process.pid
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    newest = checkpoints.on_disk(layout.checkpoints)[-1]
    assert checkpoints.step_of(newest) == progress(layout)[-1]["step"]
    assert not layout.pid_file("training").exists()
    assert registry("check", layout).returncode == 0
    assert "BLAS threads: 1" in living.output(process)


def test_it_refuses_to_run_twice_even_beside_a_stopped_one(layout: Layout, living: Living) -> None:
    first = living.training(layout)
    first.send_signal(signal.SIGSTOP)
    second = run("-m", "resurge.demo.service.training", layout.folder)
    assert (second.returncode, second.stdout) == (11, "")
    assert second.stderr.count("\n") == 1
    assert str(first.pid) in second.stderr
    assert int(layout.pid_file("training").read_text()) == first.pid
    first.kill()
    first.wait()
    living.training(layout)  # the pid file of a dead process is no obstacle


def test_it_keeps_the_newest_and_removes_what_a_killed_writer_left(layout: Layout, living: Living) -> None:
    leftover = layout.checkpoints / ".step-00000160.safetensors.partial"
    leftover.write_bytes(b"half")
    assert living.training(layout, "--steps-per-second", "0", "--until", "305").wait() == 0
    names = [path.name for path in checkpoints.on_disk(layout.checkpoints)]
    assert names == [checkpoints.name_of(step) for step in (220, 240, 260, 280, 300, 305)]
    assert not leftover.exists()
    rows = registered(layout)
    assert {name for name, (_, removed_at) in rows.items() if removed_at is None} == set(names)
    assert set(rows) == {checkpoints.name_of(step) for step in (*range(20, 301, 20), 305)}


def test_every_line_says_from_where_it_could_go_on(layout: Layout, living: Living) -> None:
    assert living.training(layout, "--steps-per-second", "0", "--until", "170").wait() == 0
    for line in progress(layout)[1:]:
        step = int(str(line["step"]))
        expected = (step - 1) // 20 * 20
        assert line["checkpoint"] == (checkpoints.name_of(expected) if expected else "")


@pytest.mark.parametrize("state", ["garbage", "missing", "locked"])
def test_it_does_not_need_the_database(layout: Layout, living: Living, state: str) -> None:
    process = living.training(layout, *FAST)
    kept = layout.folder / "kept.db"
    source, copy = sqlite3.connect(layout.database), sqlite3.connect(kept)
    source.backup(copy)
    copy.close()
    source.close()
    locker = None
    if state == "locked":
        locker = sqlite3.connect(layout.database, isolation_level=None, timeout=10)
        locker.execute("BEGIN IMMEDIATE")
    elif state == "garbage":
        layout.database.write_bytes(random.Random(1).randbytes(layout.database.stat().st_size))
    else:
        layout.database.unlink()

    before = str(progress(layout)[-1]["checkpoint"])
    await_true(lambda: "registrations wait" in living.output(process), "its complaint")
    await_true(lambda: str(progress(layout)[-1]["checkpoint"]) > before, "checkpoints nevertheless")
    written = str(progress(layout)[-1]["checkpoint"])
    assert process.poll() is None
    if state == "missing":
        assert not layout.database.exists()
    if locker is not None:
        locker.execute("ROLLBACK")
        locker.close()
    else:
        for log in ("-wal", "-shm"):
            layout.database.with_name(layout.database.name + log).unlink(missing_ok=True)
        kept.replace(layout.database)
    await_true(lambda: "the database is back" in living.output(process), "its relief")
    assert written in registered(layout)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    assert registry("check", layout).returncode == 0


def test_a_missing_data_set_is_one_clear_line(layout: Layout, living: Living) -> None:
    layout.dataset.rename(layout.folder / "elsewhere")
    process = living.service("training", layout.folder)
    assert process.wait() == 1
    assert living.output(process).count("\n") == 1
    assert str(layout.dataset) in living.output(process)
    assert not layout.pid_file("training").exists()
