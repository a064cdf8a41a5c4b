"""How runs end, when they are cut off, broken, or only their last step fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from resurge.app import App
from resurge.core.errors import StorageFull
from resurge.incidents.records import Incident, IncidentState
from resurge.recovery.carry_out import carry_out, conclude
from resurge.recovery.context import Outcome, StepContext
from tests.estates import data_set, database, estate_of, opened

S = IncidentState


@pytest.fixture
def app(tmp_path: Path) -> App:
    made = opened(estate_of(tmp_path, data_set(tmp_path / "data")))
    made.back_up("data")
    return made


def begun(app: App, tmp_path: Path) -> Incident:
    """An incident whose run has begun and done nothing yet."""
    (tmp_path / "data" / "part-001.csv").unlink()
    plan = app.plan("@data")
    incident = Incident("incident-1", "data", S.OPEN, app.clock.now(), ())
    app.book.add(incident)
    app.book.advance(incident.id, S.DIAGNOSED, app.clock.now())
    app.book.advance(incident.id, S.PLANNED, app.clock.now(), plan=plan)
    return app.book.advance(incident.id, S.RECOVERING, app.clock.now(), run_id="incident-1-run1")


def run(app: App, incident: Incident, until: int) -> list[str]:
    return [carry_out(app.tools, incident.id, "incident-1-run1", n) for n in range(until)]


def kinds(app: App) -> list[str]:
    return [entry.kind for entry in app.ledger_entries()]


def test_what_was_proved_stays_proved_when_only_the_fresh_backup_fails(app: App, tmp_path: Path) -> None:
    incident = begun(app, tmp_path)
    assert run(app, incident, 3) == ["", "", ""]
    conclude(app.tools, incident.id, "incident-1-run1", "backup data: stale file handle")
    after = app.incident(incident.id)
    assert (after.state, after.failure) == (S.CLOSED, "backup data: stale file handle")
    assert after.proved_at is not None


def test_without_a_proof_it_has_failed(app: App, tmp_path: Path) -> None:
    incident = begun(app, tmp_path)
    conclude(app.tools, incident.id, "incident-1-run1", "stop data: no")
    assert app.incident(incident.id).state is S.FAILED


def test_cut_off_between_the_book_and_the_ledger_the_next_call_seals_what_is_missing(app: App, tmp_path: Path) -> None:
    incident = begun(app, tmp_path)
    run(app, incident, 4)
    app.book.advance(incident.id, S.CLOSED, app.clock.now())  # and then the power went
    conclude(app.tools, incident.id, "incident-1-run1", "")
    conclude(app.tools, incident.id, "incident-1-run1", "")
    assert kinds(app)[-2:] == ["run", "incident"]
    assert kinds(app).count("incident") == 1


def test_a_step_that_is_done_is_not_done_again(app: App, tmp_path: Path) -> None:
    incident = begun(app, tmp_path)
    calls: list[str] = []

    def count(context: StepContext) -> Outcome:
        calls.append(context.step.action)
        return Outcome("counted")

    for _ in range(3):
        assert carry_out(app.tools, incident.id, "incident-1-run1", 0, {"quarantine": count}) == ""
    assert calls == ["quarantine"]
    assert kinds(app).count("step") == 1


def test_an_error_that_nobody_foresaw_ends_the_step_and_is_recorded(app: App, tmp_path: Path) -> None:
    incident = begun(app, tmp_path)

    def broken(context: StepContext) -> Outcome:
        raise RuntimeError("unforeseen")

    failure = carry_out(app.tools, incident.id, "incident-1-run1", 0, {"quarantine": broken})
    assert "unforeseen" in failure
    assert [record.state.value for record in app.steps("incident-1-run1")] == ["failed"]


def test_no_step_begins_during_a_pause(app: App, tmp_path: Path) -> None:
    incident = begun(app, tmp_path)
    looks: list[bool] = []

    def paused() -> bool:
        looks.append(app.steps("incident-1-run1") == [])
        return len(looks) < 3

    assert carry_out(replace(app.tools, paused=paused), incident.id, "incident-1-run1", 0) == ""
    assert looks == [True, True, True]


def test_a_later_attempt_is_proved_against_what_it_restored(tmp_path: Path) -> None:
    """The newest good snapshot cannot be read back; the one before it is right, and is enough."""
    app = opened(estate_of(tmp_path, data_set(tmp_path / "data")))
    older = app.back_up("data")
    (tmp_path / "data" / "part-900.csv").write_text("label,pixel\n" + "1,2\n" * 400)
    newer = app.back_up("data")
    for name in ("primary", "second"):
        vault = app.repositories.open(name)
        packs = {p for p in (tmp_path / "vault" / name / "packs").rglob("*") if p.is_file()}
        newest = max(packs, key=lambda p: p.stat().st_mtime_ns)
        newest.write_bytes(newest.read_bytes()[:-40])
        assert vault.id
        app.repositories.forget(name)
    app = App(app.declared)
    (tmp_path / "data" / "part-001.csv").unlink()
    (tmp_path / "data" / "part-900.csv").unlink()
    incident = app.recover("@data")
    assert incident.state is S.CLOSED, incident.failure
    assert incident.plan is not None
    assert incident.plan.snapshot == older.snapshot.id
    assert (tmp_path / "data" / "part-001.csv").exists()
    assert newer.snapshot.id not in {p.snapshot for p in app.points.of("data") if p.good}


def test_a_ledger_that_cannot_be_written_does_not_leave_the_run_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "base.db"
    app = opened(estate_of(tmp_path, database(file)))
    app.back_up("base")
    file.write_bytes(file.read_bytes()[:5000])
    append, failures = app.ledger.append, [True]

    def full_once(kind: str, *arguments: object, **options: object) -> object:
        if kind == "step" and failures:
            failures.clear()
            raise StorageFull("no space left", "Free some.")
        return append(kind, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(app.ledger, "append", full_once)
    incident = app.recover("@base")
    assert incident.state is S.CLOSED
    assert incident.attempt == 2
