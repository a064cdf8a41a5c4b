"""Real SQLite files corrupted under a live writer, and a training job's progress as it really goes wrong."""

import json
import math
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from resurge.estate.model import (
    Comparator,
    Component,
    ComponentKind,
    Probe,
    ProbeKind,
    Process,
    Source,
    SourceKind,
)
from resurge.incidents.records import Symptom
from resurge.monitoring import examine
from resurge.monitoring.collectors.progress import LineTail, new_curve, parse_step
from tests.monitoring.estates import estate_of, eventually, watching


def make_database(path: Path, rows: int = 2000) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("CREATE INDEX by_name ON runs (name)")
        connection.executemany("INSERT INTO runs (name) VALUES (?)", [(f"run {n}",) for n in range(rows)])
        connection.commit()


def corrupt(path: Path) -> None:
    """Garbage over the pages in the middle."""
    with path.open("r+b") as file:
        file.seek(4096 * 4)
        file.write(b"\xa5" * 4096 * 8)


def database(path: Path) -> Component:
    return Component("metadata", ComponentKind.DATABASE, sources=(Source(SourceKind.SQLITE, path),))


def test_a_database_in_use_is_well_until_it_is_corrupted(tmp_path: Path) -> None:
    path = tmp_path / "metadata.db"
    make_database(path)
    estate = estate_of(tmp_path, database(path))
    with watching(estate) as (_, heard), closing(sqlite3.connect(path)) as writer:
        for _number in range(30):
            writer.execute("INSERT INTO runs (name) VALUES ('more')")
            writer.commit()
            time.sleep(0.01)
        writer.execute("BEGIN EXCLUSIVE")  # a locked database is not a damaged one
        heard.wait_for_looks("database", 3)
        writer.rollback()
        assert examine("metadata", estate, {}) == []
        assert heard.events == []
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        corrupt(path)
        assert heard.wait_for(Symptom.DATABASE_DAMAGED).detail["paths"] == [str(path)]
    assert [a.symptom for a in examine("metadata", estate, {})] == [Symptom.DATABASE_DAMAGED]


@pytest.mark.parametrize("content", [b"", b"no database at all" * 500])
def test_a_database_that_is_none_and_one_that_is_gone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "metadata.db"
    make_database(path)
    with watching(estate_of(tmp_path, database(path))) as (_, heard):
        heard.wait_for_looks("database", 2)
        for companion in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            companion.unlink(missing_ok=True)
        heard.wait_for(Symptom.CONTENT_MISSING)
        path.write_bytes(content)
        heard.wait_for(Symptom.DATABASE_DAMAGED)
        eventually(lambda: Symptom.CONTENT_MISSING in heard.cleared(), "no longer missing")


TRAINER = """
import json, os, sys, time
pid_file, progress, stop_at = sys.argv[1:]
open(pid_file, "w").write(str(os.getpid()))
for step in range(100000):
    if step < int(stop_at):
        with open(progress, "a") as file:
            file.write(json.dumps({"step": step, "loss": 1 / (step + 1), "time": time.time()}) + "\\n")
    time.sleep(0.02)
"""


class Trainer:
    def __init__(self, folder: Path, stop_at: int = 1_000_000) -> None:
        self.progress = folder / "progress.jsonl"
        pid_file = folder / "trainer.pid"
        argv = (sys.executable, "-c", TRAINER, str(pid_file), str(self.progress), str(stop_at))
        self.process = subprocess.Popen(argv)
        eventually(lambda: self.progress.exists() and self.progress.stat().st_size, "its first step")
        process = Process(argv, folder, pid_file, folder / "log")
        probe = Probe(ProbeKind.PROGRESS, str(self.progress), stall_seconds=0.7)
        self.component = Component("training", ComponentKind.TRAINING_JOB, process=process, probes=(probe,))

    def write(self, text: str) -> None:
        with self.progress.open("a") as file:
            file.write(text)

    def __enter__(self) -> "Trainer":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def test_a_job_that_trains_is_well_and_a_killed_one_is_dead_not_stalled(tmp_path: Path) -> None:
    with Trainer(tmp_path) as trainer:
        estate = estate_of(tmp_path, trainer.component)
        with watching(estate) as (_, heard):
            heard.wait_for_looks("progress", 15)
            assert heard.events == []
            assert examine("training", estate, {}) == []
            trainer.process.kill()
            trainer.process.wait()
            heard.wait_for(Symptom.PROCESS_DEAD)
            heard.wait_for_looks("progress", 12)  # longer than it may stall
            assert heard.symptoms() == {Symptom.PROCESS_DEAD}
        found = {anomaly.symptom for anomaly in examine("training", estate, {})}
        assert found == {Symptom.PROCESS_DEAD, Symptom.PROGRESS_STALLED}


def test_a_job_that_runs_without_a_step_has_stalled(tmp_path: Path) -> None:
    with Trainer(tmp_path, stop_at=40) as trainer:
        estate = estate_of(tmp_path, trainer.component)
        with watching(estate) as (_, heard):
            alert = heard.wait_for(Symptom.PROGRESS_STALLED)
            assert heard.symptoms() == {Symptom.PROGRESS_STALLED}
            assert alert.raised_at - alert.since >= 0.5  # since the waiting began, not since it was too long
            assert alert.last_good_at <= alert.since
        assert [a.symptom for a in examine("training", estate, {})] == [Symptom.PROGRESS_STALLED]


def test_a_loss_that_is_not_finite_and_one_that_differs(tmp_path: Path) -> None:
    with Trainer(tmp_path) as trainer:
        estate = estate_of(tmp_path, trainer.component)
        with watching(estate) as (_, heard):
            heard.wait_for_looks("progress", 4)
            trainer.write('{"step": 3, "loss": 0.25}\n')  # as before
            trainer.write('{"step": 4, "lo')  # torn by a crash, and gone on in the middle of the line
            heard.wait_for_looks("progress", 3)
            assert heard.events == []
            trainer.write('\n{"step": 2, "loss": 0.5}\n')
            found: Any = heard.wait_for(Symptom.PROGRESS_DIVERGED).detail["diverged"]
            assert (found["step"], found["was"], found["now"]) == (2, 1 / 3, 0.5)
            trainer.process.kill()
            trainer.process.wait()
            trainer.write('{"step": 9999, "loss": NaN}\n')
            heard.wait_for(Symptom.LOSS_NOT_FINITE)


def test_the_tail_survives_whatever_becomes_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    tail = LineTail(path)
    assert tail.read() == ([], False)
    path.write_bytes(b"one\ntwo\nthr")
    assert tail.read() == ([b"one", b"two"], True)
    with path.open("ab") as file:
        file.write(b"ee\n")
    assert tail.read() == ([b"three"], False)
    path.write_bytes(b"cut\n")
    assert tail.read() == ([b"cut"], True)
    (tmp_path / "new").write_bytes(b"replaced, and longer than before\n")
    (tmp_path / "new").replace(path)
    assert tail.read() == ([b"replaced, and longer than before"], True)
    path.unlink()
    assert tail.read() == ([], False)


def test_lines_that_are_no_steps_are_passed_over() -> None:
    lines = [
        b"",
        b"[]",
        b"null",
        b'{"step": "1", "loss": 2}',
        b'{"step": true, "loss": 2}',
        b'{"step": 1}',
        b"\xff",
    ]
    assert [parse_step(line) for line in [*lines, b"[" * 100_000]] == [None] * (len(lines) + 1)
    assert parse_step(b'{"step": 1, "loss": 2, "time": 3}') == (1, 2.0)
    for text in ("NaN", "null", '"nan"', '"what"', "[]"):
        found = parse_step(b'{"step": 1, "loss": %s}' % text.encode())
        assert found is not None
        assert math.isnan(found[1])


def test_a_curve_remembers_a_bounded_number_of_steps_and_forgives_what_was_not_finite() -> None:
    curve = new_curve(Probe(ProbeKind.PROGRESS, "x", comparator=Comparator.TOLERANCE, tolerance=0.1))
    for step in range(20_000):
        curve.add(step, 1.0)
    assert len(curve.losses) == 10_000
    curve.add(19_999, math.nan)
    curve.add(19_999, 5.0)  # what it comes to after the recovery
    curve.add(19_998, 1.05)
    assert curve.diverged is None
    curve.add(19_998, 1.2)
    assert curve.diverged == {"step": 19_998, "was": 1.05, "now": 1.2}


def test_examine_compares_only_what_the_running_process_wrote(tmp_path: Path) -> None:
    with Trainer(tmp_path) as trainer:
        estate = estate_of(tmp_path, trainer.component)
        old = [{"step": 0, "loss": 7.0, "time": 1.0}, {"step": 0, "loss": 8.0, "time": 2.0}]
        trainer.write("".join(json.dumps(line) + "\n" for line in old))
        eventually(lambda: examine("training", estate, {}) == [], "well")
        mine = [{"step": 1, "loss": 7.0, "time": time.time()}]
        trainer.write("".join(json.dumps(line) + "\n" for line in mine))
        assert [a.symptom for a in examine("training", estate, {})] == [Symptom.PROGRESS_DIVERGED]
