"""A real `resurge up`, real damage, real processes killed."""

import shutil
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest

from resurge.incidents.records import Fault, IncidentState, StepState
from resurge.sources.digest import digest_file
from tests.controller.living import Living

S = IncidentState


def contents(folder: Path) -> dict[str, str]:
    return {path.name: digest_file(path) for path in folder.iterdir()}


def test_a_killed_service_is_started_again_and_the_incident_tells_its_life(tmp_path: Path) -> None:
    with Living(tmp_path) as living:
        first = living.service_pid()
        assert first is not None
        psutil.Process(first).kill()
        incident = living.incident("service", S.CLOSED)
        assert living.service_pid() not in (None, first)
        assert incident.diagnosis is not None
        assert incident.diagnosis.fault is Fault.PROCESS_DEAD
        times = [incident.opened_at, incident.diagnosed_at, incident.decided_at, incident.approved_at]
        times += [incident.proved_at, incident.closed_at]
        known = [at for at in times if at is not None]
        assert known == sorted(known)
        assert len(known) == 6


def test_a_frozen_service_is_told_apart_from_a_dead_one_and_replaced(tmp_path: Path) -> None:
    with Living(tmp_path) as living:
        first = living.service_pid()
        assert first is not None
        psutil.Process(first).send_signal(signal.SIGSTOP)
        incident = living.incident("service", S.CLOSED)
        assert incident.diagnosis is not None
        assert incident.diagnosis.fault is Fault.PROCESS_HUNG
        assert living.service_pid() not in (None, first)


def test_damage_is_set_aside_before_it_is_mended_and_new_files_are_kept(tmp_path: Path) -> None:
    with Living(tmp_path) as living:
        right = contents(living.data)
        (living.data / "new.csv").write_text("a new file, not yet in any snapshot\n")
        victim = living.data / "part-0007.csv"
        damaged = bytearray(victim.read_bytes())
        damaged[100] ^= 1
        victim.write_bytes(damaged)
        incident = living.incident("data", S.CLOSED)
        assert contents(living.data) == {**right, "new.csv": digest_file(living.data / "new.csv")}
        aside = tmp_path / ".resurge" / "quarantine" / incident.id / "data" / str(victim).lstrip("/")
        assert aside.read_bytes() == damaged
        assert [point.verdict for point in living.app.points.of("data")][-1] == "good"


def test_killed_in_the_middle_of_a_restore_it_finishes_the_same_run(tmp_path: Path) -> None:
    with Living(tmp_path, files=3000) as living:
        right = contents(living.data)
        shutil.rmtree(living.data)
        living.wait("the restore to be under way", lambda: living.data.exists() and any(living.data.iterdir()))
        living.kill_controller()
        assert len(list(living.data.glob("part-*"))) < len(right), "the kill came too late to prove anything"
        (killed,) = living.app.book.list(component="data")
        living.start()
        incident = living.incident("data", S.CLOSED)
        assert (incident.id, incident.run_id, incident.attempt) == (killed.id, killed.run_id, 1)
        assert contents(living.data) == right
        assert incident.plan is not None
        assert incident.run_id is not None
        steps = living.app.book.steps(incident.run_id)
        assert [step.action for step in steps] == [step.action for step in incident.plan.steps]
        assert all(step.state is StepState.DONE for step in steps)
        assert {step.action: step.tries for step in steps}["restore"] == 2
        sealed = Counter(e.body["position"] for e in living.app.ledger_entries() if e.kind == "step")
        assert set(sealed.values()) == {1}
        tags = Counter(tag for s in living.app.repositories.open("primary").snapshots() for tag in s.tags)
        assert set(tags.values()) == {1}, "one backup step made more than one snapshot"


def test_observe_finds_and_plans_and_touches_nothing(tmp_path: Path) -> None:
    with Living(tmp_path, mode="observe") as living:
        (living.data / "part-0003.csv").write_text("damaged")
        incident = living.incident("data", S.PLANNED)
        assert incident.plan is not None
        assert (living.data / "part-0003.csv").read_text() == "damaged"
        refused = living.resurge("recover", incident.id)
        assert refused.returncode == 43
        assert "--approve" in refused.stderr


def test_approve_waits_for_a_person_and_every_command_works_meanwhile(tmp_path: Path) -> None:
    with Living(tmp_path, mode="approve") as living:
        right = contents(living.data)
        (living.data / "part-0003.csv").unlink()
        incident = living.incident("data", S.WAITING)
        for command in ("status", "incidents", "snapshots", "report", "ledger list", "check"):
            done = living.resurge(*command.split())
            assert done.returncode == 0, done.stderr
        assert living.resurge("recover", incident.id, "--dry-run").returncode == 0
        assert not (living.data / "part-0003.csv").exists()
        done = living.resurge("recover", incident.id, "--approve")
        assert done.returncode == 0, done.stderr
        assert contents(living.data) == right


def test_a_pause_stops_all_action_and_its_end_lets_it_go_on(tmp_path: Path) -> None:
    with Living(tmp_path) as living:
        assert living.resurge("pause", "--why", "maintenance").returncode == 0
        (living.data / "part-0003.csv").unlink()
        living.incident("data", S.WAITING)
        assert not (living.data / "part-0003.csv").exists()
        assert living.resurge("pause", "--off").returncode == 0
        living.incident("data", S.CLOSED)
        assert (living.data / "part-0003.csv").exists()


def test_a_lost_repository_and_a_lost_copy_are_rebuilt_from_each_other(tmp_path: Path) -> None:
    with Living(tmp_path) as living:
        for name in ("primary", "second"):
            shutil.rmtree(tmp_path / "vault" / name)
            living.incident(f"repository/{name}", S.CLOSED)
            assert living.app.repositories.open(name).check(read_data=True).problems == ()
            living.app.repositories.forget(name)


def test_a_change_is_backed_up_without_waiting_for_the_schedule(tmp_path: Path) -> None:
    with Living(tmp_path, on_change=True) as living:
        first = living.app.points.newest_good("data")
        (living.data / "new.csv").write_text("something new\n")
        living.wait("a second good snapshot", lambda: living.app.points.newest_good("data") != first)
        point = living.app.points.newest_good("data")
        assert point is not None
        _, repository, snapshot = living.app.repositories.holding(point.snapshot)
        assert any(node.name.endswith("new.csv") for node in repository.nodes(snapshot))


def test_a_second_controller_is_refused(tmp_path: Path) -> None:
    with Living(tmp_path) as living:
        second = living.resurge("up")
        assert second.returncode == 11
        assert living.controller is not None
        assert str(living.controller.pid) in second.stderr


def test_nothing_is_found_where_nothing_is_broken(tmp_path: Path) -> None:
    with Living(tmp_path) as living:
        living.wait("three heartbeats", lambda: living.app.database.read("SELECT 1 FROM series LIMIT 1"))
        seen = living.app.database.read("SELECT max(at) AS at FROM series")[0]["at"]
        living.wait("more looks", lambda: living.app.database.read("SELECT 1 FROM series WHERE at > ?", (seen + 3,)))
        assert living.app.incidents() == []


def test_without_a_repository_it_says_what_to_do(tmp_path: Path) -> None:
    living = Living(tmp_path)
    shutil.rmtree(tmp_path / "vault")
    done = living.resurge("up")
    assert done.returncode == 10
    assert "repo init" in done.stderr


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_asked(tmp_path: Path, sent: signal.Signals) -> None:
    with Living(tmp_path) as living:
        assert living.controller is not None
        living.controller.send_signal(sent)
        assert living.controller.wait(30) == 0


def test_what_waits_for_a_person_hides_nothing_and_stops_no_backup(tmp_path: Path) -> None:
    """`data` only observes and stays broken; the service beside it is mended, and backups of `data` go on."""
    with Living(tmp_path, mode="observe", service_mode="auto", service_needs="data", every="4s") as living:
        (living.data / "part-0003.csv").write_text("damaged")
        living.incident("data", S.PLANNED)
        first = living.service_pid()
        assert first is not None
        psutil.Process(first).kill()
        living.incident("service", S.CLOSED)
        assert living.service_pid() not in (None, first)
        suspect = living.wait("a backup of what is broken", lambda: living.app.points.of("data")[1:])
        assert not any(point.good for point in suspect)
        (living.data / "part-0003.csv").write_text("label,pixel\n" + f"3,{3 * 7}\n" * 30)
        living.incident("data", S.DISMISSED)


def test_a_process_is_not_stopped_against_its_own_mode_for_another_ones_sake(tmp_path: Path) -> None:
    with Living(tmp_path, mode="auto", service_mode="observe", service_needs="data") as living:
        service = living.service_pid()
        assert service is not None
        psutil.Process(service).kill()
        living.incident("service", S.PLANNED)
        (living.data / "part-0003.csv").unlink()
        living.incident("data", S.CLOSED)
        assert living.service_pid() is None


def test_a_copy_that_lags_behind_loses_no_recovery_point(tmp_path: Path) -> None:
    with Living(tmp_path) as living:
        living.kill_controller()
        stale = tmp_path / "stale"
        shutil.copytree(tmp_path / "vault" / "second", stale)
        newer = living.app.back_up("data").snapshot.id
        shutil.rmtree(tmp_path / "vault" / "second")
        stale.rename(tmp_path / "vault" / "second")
        (tmp_path / "vault" / "primary" / "config").unlink()
        config = tmp_path / "vault" / "second" / "config"
        living.start()
        incident = living.incident("repository/primary", S.CLOSED)
        assert config.exists()
        aside = tmp_path / ".resurge" / "quarantine" / incident.id
        assert list(aside.rglob("snapshots")), "what was left of it is kept aside"
        assert newer not in {p.snapshot for p in living.app.points.of("data") if p.good}
        assert living.app.points.newest_good("data") is not None


def test_a_person_begins_anew_when_every_attempt_has_failed(tmp_path: Path) -> None:
    with Living(tmp_path) as living:
        script = (tmp_path / "service.py").read_text()
        (tmp_path / "service.py").write_text("raise SystemExit('the port is taken')")
        service = living.service_pid()
        assert service is not None
        psutil.Process(service).kill()
        exhausted = living.wait(
            "the last attempt",
            lambda: [i for i in living.app.book.list(component="service") if i.state is S.FAILED and i.attempt == 3],
        )
        assert "the port is taken" in str(exhausted[0].failure)
        (tmp_path / "service.py").write_text(script)
        done = living.resurge("recover", exhausted[0].id, "--approve")
        assert done.returncode == 0, done.stderr
        assert living.service_pid() is not None
