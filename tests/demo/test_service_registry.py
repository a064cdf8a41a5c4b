import hashlib
import json
import random
import sqlite3

import pytest

from resurge.demo.service import checkpoints, metadata
from resurge.demo.service.layout import Layout
from resurge.demo.service.publishing import publish
from resurge.demo.service.registry import differences, lasting_differences, reconcile

from .living import Living, registry, run


def rows(layout: Layout) -> list[tuple[object, ...]]:
    with metadata.transaction(layout.database, writing=False) as connection:
        return [
            tuple(row)
            for table in ("runs", "checkpoints", "models")
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")
        ]


def forget(layout: Layout, name: str) -> None:
    with metadata.transaction(layout.database) as connection:
        connection.execute("DELETE FROM checkpoints WHERE name = ?", (name,))


def test_a_prepared_service_agrees_with_itself(layout: Layout) -> None:
    checked = registry("check", layout)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert differences(layout) == []
    with metadata.transaction(layout.database, writing=False) as connection:
        removed = connection.execute("SELECT count(*) FROM checkpoints WHERE removed_at NOT NULL").fetchone()[0]
        published = connection.execute("SELECT name, sha256, step FROM models").fetchall()
    assert removed == 1  # rotated away, marked, and so no difference
    sha256 = hashlib.sha256(layout.model.read_bytes()).hexdigest()
    assert published == [("digits.safetensors", sha256, 140)]
    assert json.loads(layout.canary_answers.read_text())["model"] == sha256


def test_check_names_each_difference(layout: Layout) -> None:
    first, second, third, *_ = checkpoints.on_disk(layout.checkpoints)
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    forget(layout, third.name)
    layout.model.write_bytes(b"other")
    checked = registry("check", layout)
    assert checked.returncode == 1
    assert sorted(checked.stdout.splitlines()) == [
        f"checkpoint {first.name} is registered but not on disk",
        f"checkpoint {second.name} is not what was registered: its hash differs",
        f"checkpoint {third.name} is on disk but not registered",
        "model digits.safetensors is not what was published: its hash differs",
    ]
    layout.model.unlink()
    assert "model digits.safetensors is registered but not on disk" in differences(layout)


@pytest.mark.parametrize("damage", ["header", "middle", "missing", "empty"])
def test_check_finds_a_damaged_database(layout: Layout, damage: str) -> None:
    data = layout.database.read_bytes()
    noise = random.Random(3).randbytes(2048)
    if damage == "missing":
        layout.database.unlink()
    else:
        broken = {"header": noise + data[2048:], "middle": data[:1024] + noise + data[3072:], "empty": b""}
        layout.database.write_bytes(broken[damage])
    checked = registry("check", layout)
    assert (checked.returncode, checked.stderr) == (1, "")
    assert "the database" in checked.stdout


def test_reconcile_registers_what_is_there_and_marks_what_is_gone(layout: Layout) -> None:
    first, second, *_ = checkpoints.on_disk(layout.checkpoints)
    whole = rows(layout)
    first.rename(layout.folder / first.name)
    forget(layout, second.name)
    with metadata.transaction(layout.database) as connection:
        connection.execute("DELETE FROM models")
        connection.execute("DELETE FROM runs")
    assert len(differences(layout)) == 3
    assert registry("reconcile", layout).returncode == 0
    assert differences(layout) == []
    once = rows(layout)
    reconcile(layout)
    assert rows(layout) == once
    (layout.folder / first.name).rename(first)  # as when an older checkpoint is restored
    reconcile(layout)
    assert {row[:4] for row in rows(layout) if len(row) == 7} == {row[:4] for row in whole if len(row) == 7}
    assert differences(layout) == []


def test_reconcile_does_not_believe_a_file_that_changed(layout: Layout) -> None:
    newest = checkpoints.on_disk(layout.checkpoints)[-1]
    newest.write_bytes(newest.read_bytes()[:-1])
    layout.model.write_bytes(b"other")
    before = rows(layout)
    assert registry("reconcile", layout).returncode == 0
    assert rows(layout) == before
    assert len(differences(layout)) == 2


def test_check_stands_beside_a_job_that_rotates_all_the_time(layout: Layout, living: Living) -> None:
    process = living.training(layout, "--steps-per-second", "60", "--checkpoint-every", "1", lines=5)
    assert [lasting_differences(layout) for _ in range(5)] == [[]] * 5
    assert process.poll() is None


def test_init_is_idempotent_and_nothing_else_makes_a_database(layout: Layout) -> None:
    before = rows(layout)
    metadata.create(layout.database)
    assert rows(layout) == before
    layout.database.unlink()
    for verb in ("reconcile", "publish"):
        assert registry(verb, layout).returncode == 1
        assert not layout.database.exists()
    assert registry("init", layout).returncode == 0
    reconcile(layout)
    assert differences(layout) == []


def test_publish_takes_the_newest_checkpoint(layout: Layout, living: Living) -> None:
    before = json.loads(layout.canary_answers.read_text())
    assert living.training(layout, "--steps-per-second", "0", "--until", "200").wait() == 0
    publish(layout)
    after = json.loads(layout.canary_answers.read_text())
    assert after["model"] == hashlib.sha256(layout.model.read_bytes()).hexdigest() != before["model"]
    assert registry("check", layout).returncode == 0


def test_prepare_refuses_a_folder_that_holds_a_service(prepared: Layout) -> None:
    refused = run("-m", "resurge.demo.service.prepare", prepared.folder, "--seed", "1")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1


def test_backup_of_the_database_is_consistent_while_training_writes(layout: Layout, living: Living) -> None:
    living.training(layout, "--steps-per-second", "100", "--checkpoint-every", "1", lines=5)
    for number in range(5):
        source = sqlite3.connect(f"file:{layout.database}?mode=ro", uri=True)
        copy = sqlite3.connect(layout.folder / f"copy-{number}.db")
        source.backup(copy)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        copy.close()
        source.close()
