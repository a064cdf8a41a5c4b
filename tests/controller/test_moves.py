"""The policy of the controller, as a table: what is done next, and what never is."""

import itertools
from dataclasses import replace

from resurge.controller.moves import ATTEMPTS, SETTLE_AT_MOST_SECONDS, Circumstances, Move, next_move
from resurge.estate.model import Mode
from resurge.incidents.records import Alert, Fault, Incident, IncidentState, Plan, Step, Symptom

S = IncidentState
PLAN = Plan("it", Fault.PROCESS_DEAD, (Step("start", "it"),), None, None, 1.0, ())
ALERT = Alert("it", Symptom.PROCESS_DEAD, 100.0, 99.5, 99.0, "gone")
NOW = Circumstances(now=200.0, mode=Mode.AUTO, watched_for_seconds=60.0)


def incident(state: IncidentState, plan: Plan | None = PLAN, attempt: int = 0) -> Incident:
    return Incident("i", "it", state, 100.0, (ALERT,), plan=plan, attempt=attempt)


def test_an_incident_settles_before_it_is_diagnosed() -> None:
    young = replace(NOW, now=100.1)
    assert next_move(incident(S.OPEN, None), replace(young, settled=False)) is Move.NOTHING
    assert next_move(incident(S.OPEN, None), young) is Move.DIAGNOSE


def test_a_burst_that_goes_on_and_on_is_diagnosed_all_the_same() -> None:
    old = replace(NOW, now=100.0 + SETTLE_AT_MOST_SECONDS, settled=False)
    assert next_move(incident(S.OPEN, None), old) is Move.DIAGNOSE


def test_auto_goes_on_approve_waits_observe_only_looks() -> None:
    planned = incident(S.PLANNED)
    assert next_move(planned, NOW) is Move.RECOVER
    assert next_move(planned, replace(NOW, mode=Mode.APPROVE)) is Move.WAIT
    assert next_move(planned, replace(NOW, mode=Mode.OBSERVE)) is Move.NOTHING


def test_a_person_may_approve_in_any_mode() -> None:
    for mode, state in itertools.product(Mode, (S.PLANNED, S.WAITING)):
        assert next_move(incident(state), replace(NOW, mode=mode, approved=True)) is Move.RECOVER


def test_a_component_that_another_run_holds_is_waited_for() -> None:
    assert next_move(incident(S.PLANNED), replace(NOW, busy=True)) is Move.NOTHING


def test_a_failed_attempt_is_followed_by_another_but_not_for_ever() -> None:
    assert next_move(incident(S.FAILED, attempt=1), NOW) is Move.TRY_AGAIN
    assert next_move(incident(S.FAILED, attempt=ATTEMPTS), NOW) is Move.NOTHING


def test_what_went_away_is_dismissed_once_the_monitor_has_looked_for_long_enough() -> None:
    gone = replace(NOW, alerting=False)
    assert next_move(incident(S.PLANNED), gone) is Move.DISMISS
    assert next_move(incident(S.PLANNED), replace(gone, watched_for_seconds=1.0)) is not Move.DISMISS


def test_nothing_is_ever_started_during_a_pause_or_without_leave() -> None:
    for state, mode, approved, busy, alerting in itertools.product(
        IncidentState, Mode, (False, True), (False, True), (False, True)
    ):
        given = Circumstances(200.0, mode, True, approved, alerting, watched_for_seconds=60.0, busy=busy)
        assert next_move(incident(state), given) not in (Move.RECOVER, Move.TRY_AGAIN)
        given = replace(given, paused=False)
        if mode is not Mode.AUTO and not approved:
            assert next_move(incident(state), given) not in (Move.RECOVER, Move.TRY_AGAIN)


def test_a_plan_without_steps_is_never_carried_out() -> None:
    for mode in Mode:
        assert next_move(incident(S.PLANNED, None), replace(NOW, mode=mode, approved=True)) is Move.NOTHING
