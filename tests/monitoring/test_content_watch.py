"""Real files, damaged in real ways, under a running watcher."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from resurge.estate.model import Content
from resurge.incidents.records import Symptom
from resurge.monitoring import Cleared, FileNorm, examine
from tests.monitoring.estates import data_set, estate_of, eventually, flip_bit, norms_of, watching


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """400 small files of text."""
    made = tmp_path / "data"
    for number in range(400):
        path = made / f"class-{number % 10}" / f"{number:04}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"sample {number}: " + " ".join(str((number * k) % 17) for k in range(64)))
    return made


def write_whole(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


def test_one_flipped_bit_is_found_though_size_and_times_are_as_before(folder: Path, tmp_path: Path) -> None:
    victim = folder / "class-3" / "0123.txt"
    estate, norms = estate_of(tmp_path, data_set(folder)), norms_of(folder)
    with watching(estate, {"data": norms}) as (_, heard):
        heard.wait_for_looks("files", 5)
        flip_bit(victim)
        alert = heard.wait_for(Symptom.CONTENT_CHANGED)
    assert alert.detail["paths"] == [str(victim)]
    assert alert.detail["count"] == 1
    assert heard.symptoms() == {Symptom.CONTENT_CHANGED}
    assert [a.symptom for a in examine("data", estate, norms)] == [Symptom.CONTENT_CHANGED]
    assert examine("data", estate, norms, thorough=False) == []  # its size is what it was


def test_damage_from_before_the_first_look_is_found(folder: Path, tmp_path: Path) -> None:
    norms = norms_of(folder)
    flip_bit(folder / "class-0" / "0000.txt")
    (folder / "class-1" / "0001.txt").unlink()
    with watching(estate_of(tmp_path, data_set(folder)), {"data": norms}) as (_, heard):
        heard.wait_for(Symptom.CONTENT_CHANGED)
        assert heard.wait_for(Symptom.CONTENT_MISSING).detail["paths"] == [str(folder / "class-1" / "0001.txt")]


@pytest.mark.parametrize("learned", [True, False])
def test_truncation_is_found_and_repair_clears_it(folder: Path, tmp_path: Path, learned: bool) -> None:
    victim, norms = folder / "class-3" / "0123.txt", norms_of(folder)
    whole = victim.read_bytes()
    estate = estate_of(tmp_path, data_set(folder))
    with watching(estate, {"data": norms} if learned else {}) as (_, heard):
        eventually(lambda: any(m.detail.get("known") == 400 for m in list(heard.measurements)), "all known")
        os.truncate(victim, 10)
        alert = heard.wait_for(Symptom.CONTENT_TRUNCATED)
        assert alert.detail["paths"] == [str(victim)]
        assert alert.detail["sizes"] == {str(victim): 10}
        write_whole(victim, whole)
        eventually(lambda: heard.cleared() == {Symptom.CONTENT_TRUNCATED}, "cleared")
    assert examine("data", estate, norms) == []


def test_a_deleted_folder_is_missing_with_every_path(folder: Path, tmp_path: Path) -> None:
    norms = norms_of(folder)
    estate = estate_of(tmp_path, data_set(folder))
    with watching(estate, {"data": norms}) as (watcher, heard):
        heard.wait_for_looks("files", 3)
        shutil.rmtree(folder)
        heard.wait_for(Symptom.CONTENT_MISSING)
        heard.wait_for_looks("files", 3)
        active = {alert.symptom: alert for alert in watcher.active()}
    missing = active[Symptom.CONTENT_MISSING].detail
    assert missing["count"] == 400
    assert missing["paths"] == sorted(norms)
    assert Symptom.ENTROPY_JUMP not in active
    assert [(a.symptom, a.detail["count"]) for a in examine("data", estate, norms)] == [(Symptom.CONTENT_MISSING, 400)]


@pytest.mark.parametrize("suffix", ["", ".locked"])
def test_encrypted_files_are_found_by_entropy_and_by_rate(folder: Path, tmp_path: Path, suffix: str) -> None:
    norms = norms_of(folder)
    estate = estate_of(tmp_path, data_set(folder))
    with watching(estate, {"data": norms}) as (_, heard):
        heard.wait_for_looks("files", 3)
        for name in sorted(norms)[:300]:
            data = os.urandom(len(Path(name).read_bytes()))
            Path(name + suffix).write_bytes(data)
            if suffix:
                Path(name).unlink()
        jump: Any = heard.wait_for(Symptom.ENTROPY_JUMP).detail
        heard.wait_for(Symptom.CHANGE_BURST)
        heard.wait_for(Symptom.CONTENT_MISSING if suffix else Symptom.CONTENT_CHANGED)
    assert jump["count"] >= 3
    assert min(jump["entropies"].values()) > 6
    assert Symptom.CONTENT_TRUNCATED not in heard.symptoms()


def test_a_touch_a_rename_aside_and_new_files_raise_nothing(folder: Path, tmp_path: Path) -> None:
    norms = norms_of(folder)
    with watching(estate_of(tmp_path, data_set(folder)), {"data": norms}) as (_, heard):
        heard.wait_for_looks("files", 3)
        for path in sorted(norms)[:50]:
            Path(path).touch()
        for number in range(10):
            write_whole(folder / f"new-{number}.txt", os.urandom(3000))
        slow = folder / "slow-writer"  # written under a plain name, then given its final one
        slow.write_bytes(b"x" * 100)
        heard.wait_for_looks("files", 4)
        slow.rename(folder / "final-name")
        heard.wait_for_looks("files", 4)
        assert heard.events == []
        flip_bit(folder / "new-3.txt", keep_times=False)  # by now it is known like any other
        alert = heard.wait_for(Symptom.CONTENT_CHANGED)
        assert alert.detail["paths"] == [str(folder / "new-3.txt")]


def test_rolling_files_may_go_one_by_one_and_not_all(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    estate = estate_of(tmp_path, data_set(folder, Content.ROLLING))
    for step in range(4):
        save_file({"w": np.full(64, step, np.float32)}, folder / f"{step}.safetensors")
    with watching(estate, {"data": norms_of(folder)}) as (_, heard):
        for step in range(4, 10):
            save_file({"w": np.full(64, step, np.float32)}, folder / ".tmp")
            (folder / ".tmp").rename(folder / f"{step}.safetensors")
            (folder / f"{step - 4}.safetensors").unlink()
            heard.wait_for_looks("files", 2)
        assert heard.events == []
        shutil.rmtree(folder)
        heard.wait_for(Symptom.CONTENT_MISSING)


def test_a_poisoned_and_a_torn_checkpoint_are_told_apart(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    good = {"w": np.arange(1000, dtype=np.float32)}
    save_file(good, folder / "1.safetensors")
    save_file(good, folder / "2.safetensors")
    estate, norms = estate_of(tmp_path, data_set(folder, Content.ROLLING)), norms_of(folder)
    with watching(estate, {"data": norms}) as (_, heard):
        heard.wait_for_looks("tensors", 4)
        assert heard.events == []
        poisoned = {"w": good["w"].copy()}
        poisoned["w"][500] = np.nan
        save_file(poisoned, folder / "2.safetensors")
        assert heard.wait_for(Symptom.TENSOR_NOT_FINITE).detail["paths"] == [str(folder / "2.safetensors")]
        heard.wait_for(Symptom.CONTENT_CHANGED)
        (folder / "3.safetensors").write_bytes((folder / "1.safetensors").read_bytes()[:500])
        malformed = heard.wait_for(Symptom.TENSOR_FILE_MALFORMED)
        assert malformed.detail["paths"] == [str(folder / "3.safetensors")]
    assert {a.symptom for a in examine("data", estate, norms)} == {
        Symptom.CONTENT_CHANGED,
        Symptom.TENSOR_NOT_FINITE,
        Symptom.TENSOR_FILE_MALFORMED,
    }


def test_mutable_files_may_change_but_not_turn_random_all_at_once(folder: Path, tmp_path: Path) -> None:
    estate = estate_of(tmp_path, data_set(folder, Content.MUTABLE))
    with watching(estate) as (_, heard):
        eventually(lambda: any(m.detail.get("known") == 400 for m in list(heard.measurements)), "all known")
        for number, path in enumerate(sorted(folder.rglob("*.txt"))[:40]):
            path.write_text("another text " * (number + 3))
        heard.wait_for_looks("files", 3)
        assert heard.events == []
        for path in sorted(folder.rglob("*.txt"))[100:]:
            path.write_bytes(os.urandom(2000))
        heard.wait_for(Symptom.ENTROPY_JUMP)
        heard.wait_for(Symptom.CHANGE_BURST)
    assert heard.symptoms() == {Symptom.ENTROPY_JUMP, Symptom.CHANGE_BURST}


def test_a_held_component_is_not_told_of_and_starts_fresh(folder: Path, tmp_path: Path) -> None:
    norms = norms_of(folder)
    victim = folder / "class-3" / "0123.txt"
    whole = victim.read_bytes()
    with watching(estate_of(tmp_path, data_set(folder), data_set(folder, name="other"))) as (watcher, heard):
        watcher.learn("data", norms)
        eventually(
            lambda: (
                {"data", "other"} <= {m.component for m in list(heard.measurements) if m.detail.get("known") == 400}
            ),
            "both know all",
        )
        watcher.hold("data")
        victim.unlink()
        told = sum(m.component == "data" for m in heard.measurements)
        heard.wait_for(Symptom.CONTENT_MISSING)  # of the other, that is not held
        heard.wait_for_looks("files", 4)
        assert [a.component for a in heard.alerts()] == ["other"]
        assert sum(m.component == "data" for m in heard.measurements) <= told + 1
        released_at = time.time()
        watcher.release("data")
        eventually(lambda: "data" in {a.component for a in heard.alerts()}, "an alert of its own")
        alert = next(a for a in heard.alerts() if a.component == "data")
        assert released_at <= alert.since  # nothing from before
        assert alert.last_good_at == alert.since
        watcher.hold("data")
        victim.write_bytes(whole)
        watcher.release("data")
        heard.wait_for_looks("files", 6)
        assert [e for e in heard.events if isinstance(e, Cleared) and e.component == "data"] == []
        assert [a.component for a in watcher.active()] == []


def test_new_norms_replace_old_ones(folder: Path, tmp_path: Path) -> None:
    with watching(estate_of(tmp_path, data_set(folder))) as (watcher, heard):
        watcher.learn("data", norms_of(folder))
        heard.wait_for_looks("files", 4)
        removed, changed = folder / "class-3" / "0123.txt", folder / "class-4" / "0124.txt"
        removed.unlink()
        changed.write_text("something else, and longer than before " * 9)
        heard.wait_for(Symptom.CONTENT_MISSING)
        heard.wait_for(Symptom.CONTENT_CHANGED)
        watcher.learn("data", norms_of(folder))  # a person accepted it: a new good snapshot says so
        eventually(lambda: watcher.active() == (), "no alert")


def test_examine_knows_a_folder_without_norms(folder: Path, tmp_path: Path) -> None:
    estate = estate_of(tmp_path, data_set(folder))
    assert examine("data", estate, {}) == []
    absent = examine("data", estate, {str(folder / "absent"): FileNorm(1, "00", 0.0)})
    assert [a.symptom for a in absent] == [Symptom.CONTENT_MISSING]
