"""A restore drill proves what it says, touches nothing that lives, and leaves nothing behind."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from resurge.app import App
from resurge.demo.service.layout import Layout
from resurge.estate.model import Canary, Component, ComponentKind, Content, Drill, Source, SourceKind
from resurge.sources.digest import digest_file
from tests.estates import data_set, database, estate_of, opened


def model(layout: Layout) -> Component:
    """The demo's model, started for real by the drill."""
    start = (sys.executable, "-m", "resurge.demo.service.inference", "--model", "{restored}/digits.safetensors")
    canary = Canary("", layout.canary_request, layout.canary_answers)
    return Component(
        "model",
        ComponentKind.MODEL,
        (Source(SourceKind.FILES, layout.models, Content.WRITE_ONCE),),
        drill=Drill((*start, "--port", "{port}"), "http://127.0.0.1:{port}/predict", canary, ready_seconds=20),
    )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    import subprocess

    layout = Layout(tmp_path_factory.mktemp("drill") / "service")
    subprocess.run(
        [sys.executable, "-m", "resurge.demo.service.prepare", str(layout.folder), "--steps", "40"], check=True
    )
    return layout


def nothing_is_left(app: App) -> bool:
    running = [p for p in psutil.process_iter(["cmdline"]) if str(app.estate.state_folder) in str(p.info["cmdline"])]
    return not running and not list(app.estate.state_folder.glob("drill-*"))


def test_a_restored_model_is_started_and_answers_as_before(service: Layout, tmp_path: Path) -> None:
    app = opened(estate_of(tmp_path, model(service)))
    app.back_up("model")
    before = digest_file(service.model)
    (result,) = app.drill_restore("model")
    assert result.passed, result.failure
    assert "canary identical" in result.checks[-1]
    assert result.rto_seconds > 0
    assert digest_file(service.model) == before
    assert nothing_is_left(app)


def test_a_model_that_answers_otherwise_fails_the_drill(service: Layout, tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(service.canary_answers.read_text().replace('"label": ', '"label": 9', 1))
    component = model(service)
    assert component.drill is not None
    canary = replace(component.drill.canary, answers=answers)
    drill = replace(component.drill, canary=canary, ready_seconds=5)
    app = opened(estate_of(tmp_path, replace(component, drill=drill)))
    app.back_up("model")
    (result,) = app.drill_restore("model")
    assert not result.passed
    assert "canary" in result.failure
    assert nothing_is_left(app)


def test_files_and_databases_are_opened_not_only_copied(tmp_path: Path) -> None:
    app = opened(estate_of(tmp_path, data_set(tmp_path / "data"), database(tmp_path / "base.db")))
    app.back_up("data")
    app.back_up("base")
    results = {result.component: result for result in app.drill_restore() if result.snapshot}
    assert all(result.passed for result in results.values())
    assert "every hash verified" in results["data"].checks[0]
    assert "integrity check clean" in results["base"].checks[1]
    assert nothing_is_left(app)


def test_a_damaged_repository_fails_the_drill_and_the_ledger_says_so(tmp_path: Path) -> None:
    app = opened(estate_of(tmp_path, data_set(tmp_path / "data")))
    app.back_up("data")
    shutil.rmtree(tmp_path / "vault" / "second")
    for pack in (tmp_path / "vault" / "primary" / "packs").rglob("*"):
        if pack.is_file():
            content = bytearray(pack.read_bytes())
            content[len(content) // 3] ^= 1
            pack.write_bytes(content)
    (result,) = App(app.declared).drill_restore("data")
    assert not result.passed
    (entry,) = (e for e in app.ledger_entries() if e.kind == "drill")
    assert entry.body["passed"] is False


def test_what_was_never_backed_up_cannot_be_proved(tmp_path: Path) -> None:
    app = opened(estate_of(tmp_path, data_set(tmp_path / "data")))
    (result,) = app.drill_restore("data")
    assert (result.passed, "no good snapshot" in result.failure) == (False, True)
