"""The whole house without a running controller: what each command asks of it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from resurge.app import App
from resurge.controller.moves import ATTEMPTS
from resurge.core.errors import AlreadyRunning, ComponentNotFound, NotAllowed
from resurge.estate.model import Mode
from resurge.incidents.book import IncidentBook
from resurge.incidents.records import IncidentState
from resurge.state import StateDatabase, exclusive
from tests.estates import data_set, database, estate_of, opened


@pytest.fixture
def app(tmp_path: Path) -> App:
    made = opened(estate_of(tmp_path, data_set(tmp_path / "data"), database(tmp_path / "base.db")))
    made.back_up("data")
    made.back_up("base")
    return made


def test_a_person_recovers_a_component_without_a_controller(app: App, tmp_path: Path) -> None:
    damaged = tmp_path / "data" / "part-001.csv"
    right = damaged.read_text()
    damaged.write_text("x")
    incident = app.recover("@data")
    assert incident.state is IncidentState.CLOSED
    assert damaged.read_text() == right
    assert [e.kind for e in app.ledger_entries()][-3:] == ["step", "run", "incident"]


def test_a_plan_can_be_seen_before_anything_is_done(app: App, tmp_path: Path) -> None:
    (tmp_path / "data" / "part-001.csv").unlink()
    plan = app.plan("@data")
    assert [step.action for step in plan.steps] == ["quarantine", "restore", "prove", "backup"]
    assert not (tmp_path / "data" / "part-001.csv").exists()
    assert app.incidents() == []


def test_what_is_well_is_not_recovered(app: App) -> None:
    with pytest.raises(NotAllowed, match="nothing to recover"):
        app.recover("@data")
    with pytest.raises(NotAllowed, match="nothing to recover"):
        app.plan("@data")


def test_a_pause_and_a_running_controller_forbid_it(app: App, tmp_path: Path) -> None:
    (tmp_path / "data" / "part-001.csv").unlink()
    app.pause(None, "maintenance")
    with pytest.raises(NotAllowed, match="paused"):
        app.recover("@data")
    app.resume()
    with exclusive(app.estate.state_folder), pytest.raises(AlreadyRunning):
        app.recover("@data")
    assert app.recover("@data").state is IncidentState.CLOSED


def test_in_mode_observe_a_person_has_to_approve(tmp_path: Path) -> None:
    app = opened(estate_of(tmp_path, data_set(tmp_path / "data", mode=Mode.OBSERVE)))
    app.back_up("data")
    (tmp_path / "data" / "part-001.csv").unlink()
    with pytest.raises(NotAllowed, match="observe"):
        app.recover("@data")
    assert app.recover("@data", approve=True).state is IncidentState.CLOSED


def test_a_recovery_without_proof_fails_says_why_and_keeps_what_it_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "base.db"
    app = opened(estate_of(tmp_path, replace(database(file), after_restore=(("false",),))))
    app.back_up("base")
    damaged = file.read_bytes()[:5000]
    file.write_bytes(damaged)
    incident = app.recover("@base")
    assert (incident.state, incident.attempt, incident.proved_at) == (IncidentState.FAILED, ATTEMPTS, None)
    assert incident.failure is not None
    assert "after_restore of 'base' ended with 1" in incident.failure
    aside = app.estate.state_folder / "quarantine" / incident.id / "base" / str(file).lstrip("/")
    assert aside.read_bytes() == damaged


def test_an_unknown_component_is_named_with_those_there_are(app: App) -> None:
    with pytest.raises(ComponentNotFound, match="nothing") as unknown:
        app.back_up("nothing")
    assert "data" in unknown.value.advice


def test_status_says_what_was_last_proved(app: App) -> None:
    before = {each.name: each for each in app.status()}
    assert before["data"].last_good_at is not None
    assert before["data"].last_proved_at is None
    (result,) = app.drill_restore("data")
    assert result.passed
    after = {each.name: each for each in app.status()}
    assert after["data"].last_proved_at == result.ended_at
    assert after["data"].state == "unknown", "nobody watches"


def test_its_own_state_is_backed_up_and_can_be_gone_back_to(app: App, tmp_path: Path) -> None:
    (tmp_path / "data" / "part-001.csv").unlink()
    incident = app.recover("@data")
    done = app.back_up("resurge")
    _, repository, snapshot = app.repositories.holding(done.snapshot.id)
    state = app.estate.state_folder
    repository.restore(snapshot, tmp_path / "back", subtree=str(state).lstrip("/"))
    with StateDatabase(tmp_path / "back") as restored:
        assert IncidentBook(restored).get(incident.id) == app.incident(incident.id)
    assert (tmp_path / "back" / "ledger" / "entries.jsonl").exists()


def test_the_report_is_written_for_people_and_machines(app: App, tmp_path: Path) -> None:
    (tmp_path / "data" / "part-001.csv").unlink()
    app.recover("@data")
    app.drill_restore("base")
    plain = app.report(html=tmp_path / "report.html", json=tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text()) == json.loads(json.dumps(plain))
    page = (tmp_path / "report.html").read_text()
    assert "<svg" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_cutting_the_end_off_the_ledger_is_found_out(app: App) -> None:
    assert app.verify_ledger().good
    entries = app.estate.state_folder / "ledger" / "entries.jsonl"
    lines = entries.read_text().splitlines(keepends=True)
    entries.write_text("".join(lines[:-1]))
    found = App(app.declared).verify_ledger()
    assert not found.good
    assert found.first_bad == len(lines) - 1
