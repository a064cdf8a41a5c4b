import math
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resurge.core.errors import IncidentNotFound, ResurgeError, StateDamaged
from resurge.incidents.book import IncidentBook
from resurge.incidents.lifecycle import IllegalTransition
from resurge.incidents.records import (
    Alert,
    Diagnosis,
    Fault,
    Incident,
    IncidentState,
    Plan,
    Step,
    StepState,
    Symptom,
)
from resurge.incidents.wire import from_text, to_text
from resurge.state import StateDatabase

STEP = Step("restore", "model", {"snapshot": "abc"}, "the last good one")


def _incident(id: str, opened_at: float = 100.0, component: str = "model") -> Incident:
    return Incident(id=id, component=component, state=IncidentState.OPEN, opened_at=opened_at, alerts=())


def _full() -> Incident:
    detail = {"paths": ["/a/\udcff", "/b"], "loss": math.inf, "count": 3, "deep": {"yes": True, "no": None}}
    return Incident(
        id="incident-full",
        component="model",
        state=IncidentState.RECOVERING,
        opened_at=1764000000.123456,
        alerts=(Alert("model", Symptom.CANARY_WRONG, 3.5, 2.25, 1.125, "answers differ: é ≠ e", detail),),
        diagnosis=Diagnosis(Fault.RANSOMWARE, "model", ("inference",), 2.0, 0.5, ("entropy",), ("/a/\udcff",), 0.9),
        plan=Plan("model", Fault.RANSOMWARE, (STEP, STEP), "abc", 1.5, math.inf, ("fastest",)),
        run_id="run-1",
        attempt=2,
        failure=None,
        drill=True,
    )


def test_everything_comes_back_exactly(book: IncidentBook) -> None:
    incident = _full()
    book.add(incident)
    assert book.get(incident.id) == incident
    assert isinstance(book.get(incident.id).state, IncidentState)


def test_a_loss_that_is_no_number_comes_back_as_one(book: IncidentBook) -> None:
    alert = Alert("training", Symptom.LOSS_NOT_FINITE, 3.0, 2.0, 1.0, "loss is NaN", {"loss": math.nan})
    book.add(replace(_incident("incident-1"), alerts=(alert,)))
    loss = book.get("incident-1").alerts[0].detail["loss"]
    assert isinstance(loss, float)
    assert math.isnan(loss)


# Any text, and what a path that is not UTF-8 decodes to.
TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(st.dictionaries(TEXT, ANYTHING, max_size=3), st.floats(0, 1e10), TEXT)
def test_whatever_json_can_say_survives(detail: dict[str, object], at: float, summary: str) -> None:
    alert = Alert("model", Symptom.CONTENT_CHANGED, at, at, at, summary, detail)
    incident = replace(_full(), alerts=(alert,))
    assert from_text(to_text(incident), Incident) == incident


def test_list_is_oldest_first_and_a_limit_keeps_the_newest(book: IncidentBook) -> None:
    for id, at, component in (
        ("b", 2.0, "model"),
        ("a", 1.0, "dataset"),
        ("c", 3.0, "model"),
        ("d", 3.0, "model"),
    ):
        book.add(_incident(id, at, component))
    book.advance("c", IncidentState.DISMISSED, 4.0)
    assert [incident.id for incident in book.list()] == ["a", "b", "c", "d"]
    assert [incident.id for incident in book.list(limit=2)] == ["c", "d"]
    assert [incident.id for incident in book.list(states=[IncidentState.OPEN])] == ["a", "b", "d"]
    assert [incident.id for incident in book.list(states=IncidentState, component="model", limit=9)] == [
        "b",
        "c",
        "d",
    ]
    assert book.list(states=[]) == []


def test_advance_and_replace_are_kept(book: IncidentBook) -> None:
    book.add(_incident("incident-1"))
    told = book.advance("incident-1", IncidentState.DIAGNOSED, 101.0, diagnosis=_full().diagnosis)
    assert told == book.get("incident-1")
    assert told.diagnosed_at == 101.0
    assert book.replace("incident-1", failure="none yet") == book.get("incident-1")
    with pytest.raises(IllegalTransition):
        book.replace("incident-1", state=IncidentState.CLOSED)
    with pytest.raises(IllegalTransition):
        book.advance("incident-1", IncidentState.CLOSED, 102.0)
    assert book.get("incident-1").state is IncidentState.DIAGNOSED


def test_an_incident_that_is_not_there(book: IncidentBook) -> None:
    with pytest.raises(IncidentNotFound, match="no incident x"):
        book.get("x")
    with pytest.raises(IncidentNotFound, match="no incident x"):
        book.advance("x", IncidentState.CLOSED, 1.0)
    with pytest.raises(IncidentNotFound, match="no incident x"):
        book.replace("x", failure="y")


def test_a_record_that_cannot_be_read_is_damage(book: IncidentBook, database: StateDatabase) -> None:
    book.add(_incident("incident-1"))
    database.run(lambda connection: connection.execute("UPDATE incidents SET record = '{\"id\": 1}'"))
    with pytest.raises(StateDamaged, match="cannot be read"):
        book.get("incident-1")


RACER = """
import sys
from pathlib import Path
from resurge.incidents.book import IncidentBook
from resurge.incidents.lifecycle import IllegalTransition
from resurge.incidents.records import IncidentState
from resurge.state import StateDatabase
book = IncidentBook(StateDatabase(Path(sys.argv[1]), reserve_bytes=65536))
print("ready", flush=True)
sys.stdin.readline()
won = []
for number in range(25):
    try:
        book.advance(f"incident-{number}", IncidentState.DIAGNOSED, 200.0, failure=sys.argv[2])
        won.append(number)
    except IllegalTransition:
        pass
print(*won)
"""


def test_of_two_processes_that_advance_the_same_incident_one_does(book: IncidentBook, database: StateDatabase) -> None:
    for number in range(25):
        book.add(_incident(f"incident-{number}"))
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(database.folder), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = {name: racer.communicate(timeout=60)[0].split() for name, racer in zip(("one", "two"), racers, strict=True)}
    assert sorted(int(number) for numbers in won.values() for number in numbers) == list(range(25))
    for name, numbers in won.items():
        assert all(book.get(f"incident-{number}").failure == name for number in numbers)


def test_a_step_begun_again_counts_its_tries(book: IncidentBook) -> None:
    first = book.begin_step("run-1", 0, STEP, 10.0)
    assert (first.state, first.tries, first.started_at, first.ended_at) == (StepState.RUNNING, 1, 10.0, None)
    failed = book.end_step("run-1", 0, StepState.FAILED, 11.0, "disk gone", {"free": math.inf})
    assert (failed.state, failed.ended_at, failed.outcome, failed.detail) == (
        StepState.FAILED,
        11.0,
        "disk gone",
        {"free": math.inf},
    )
    again = book.begin_step("run-1", 0, STEP, 12.0)
    assert (again.state, again.tries, again.started_at, again.ended_at, again.outcome) == (
        StepState.RUNNING,
        2,
        10.0,
        None,
        "",
    )
    book.begin_step("run-1", 1, replace(STEP, action="start"), 13.0)
    done = book.end_step("run-1", 0, StepState.DONE, 9.0, "restored")
    assert done.ended_at == 10.0
    assert [(step.position, step.action, step.state) for step in book.steps("run-1")] == [
        (0, "restore", StepState.DONE),
        (1, "start", StepState.RUNNING),
    ]
    assert book.steps("run-2") == []


def test_a_run_keeps_its_plan(book: IncidentBook) -> None:
    book.begin_step("run-1", 0, STEP, 10.0)
    with pytest.raises(ResurgeError, match="was restore of model and is now restart of model"):
        book.begin_step("run-1", 0, replace(STEP, action="restart"), 11.0)
    assert book.steps("run-1")[0].tries == 1
    with pytest.raises(ResurgeError, match="never begun"):
        book.end_step("run-1", 5, StepState.DONE, 11.0, "")
