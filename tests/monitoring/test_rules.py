"""The rules and the book are pure: the same stream gives the same anomalies however it is cut and resumed."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resurge.estate.model import Comparator, Content
from resurge.incidents.records import Alert, Anomaly, Symptom
from resurge.monitoring import AlertBook, Cleared, Measurement
from resurge.monitoring.collectors.scanning import Signature
from resurge.monitoring.comparing import answers_differ, first_difference
from resurge.monitoring.content import ContentBook
from resurge.monitoring.detectors.registry import RULES, detectors_for
from resurge.monitoring.measurement import STARTUP_GRACE_SECONDS, FileNorm
from resurge.sources.entropy import looks_encrypted, random_entropy, shannon_entropy

PATHS = st.lists(st.sampled_from(["/d/a", "/d/b", "/d/c", "/d/e"]), unique=True)


@st.composite
def looks(draw: st.DrawFn) -> list[Measurement]:
    """Any stream of what the collectors can say, of two probes and two sources."""
    stream = []
    at = 1000.0
    for _ in range(draw(st.integers(0, 40))):
        at += draw(st.sampled_from([0.5, 1.0, 7.0]))
        kind = draw(st.sampled_from(["process", "probe:a", "probe:b", "canary", "files:/d", "files:/e"]))
        detail: dict[str, object] = {"summary": "told"}
        if kind == "process":
            detail |= {"state": draw(st.sampled_from(["running", "dead", "stopped"])), "pid": 7}
        elif kind.startswith("files"):
            lists = {name: draw(PATHS) for name in ("missing", "truncated", "changed", "encrypted")}
            counts = {name: len(paths) for name, paths in lists.items()}
            recent = draw(st.integers(0, 30))
            detail |= {**lists, "counts": counts, "sizes": {}, "entropies": {}, "known": 100}
            detail |= {"recent": recent, "recent_paths": [], "mutable": draw(st.booleans())}
        else:
            outcome = draw(st.sampled_from(["ok", "refused", "timeout", "failed", "wrong"]))
            detail |= {"outcome": outcome, "started_at": draw(st.sampled_from([None, 990.0, 1010.0]))}
        stream.append(Measurement("c", kind, at, 0.0, detail))
    return stream


@given(looks(), st.integers(0, 40))
def test_a_saved_and_resumed_rule_goes_on_as_if_nothing_had_happened(stream: list[Measurement], cut: int) -> None:
    whole = detectors_for("c")
    expected = [[rule.update(look) for rule in whole] for look in stream]
    first = detectors_for("c")
    found = [[rule.update(look) for rule in first] for look in stream[:cut]]
    second = detectors_for("c")
    for rule, saved in zip(second, first, strict=True):
        rule.resume(json.loads(json.dumps(saved.state())))
    found += [[rule.update(look) for rule in second] for look in stream[cut:]]
    assert found == expected


@given(looks())
def test_every_anomaly_has_its_times_in_order(stream: list[Measurement]) -> None:
    rules = detectors_for("c")
    for look in stream:
        for rule in rules:
            anomaly = rule.update(look)
            if anomaly is not None:
                assert anomaly.symptom is rule.symptom
                assert anomaly.last_good_at <= anomaly.since <= anomaly.at == look.at


def test_each_symptom_that_is_watched_for_has_one_rule() -> None:
    symptoms = [rule.symptom for rule in RULES]
    assert len(symptoms) == len(set(symptoms))
    assert set(Symptom) - set(symptoms) == {Symptom.BACKUP_OVERDUE}  # who backs up knows that one


def probe(outcome: str, at: float, started_at: float | None = 0.0, name: str = "probe:x") -> Measurement:
    detail = {"outcome": outcome, "started_at": started_at, "summary": outcome}
    return Measurement("c", name, at, 0.0, detail)


def fired(measurements: list[Measurement]) -> list[tuple[Symptom, float, float, float]]:
    rules = detectors_for("c")
    found = [rule.update(measurement) for measurement in measurements for rule in rules]
    return [(a.symptom, a.at, a.since, a.last_good_at) for a in found if a is not None and a.firing]


def test_two_looks_in_a_row_are_believed_with_the_time_of_the_first() -> None:
    stream = [probe("ok", 100), probe("timeout", 101), probe("timeout", 102)]
    assert fired(stream) == [(Symptom.PROBE_TIMEOUT, 102, 101, 100)]
    assert fired([probe("ok", 100), probe("timeout", 101), probe("ok", 102), probe("timeout", 103)]) == []


def test_grace_lasts_for_its_time_and_ends_with_the_first_answer() -> None:
    start = 1000.0
    starting = [probe("refused", start + second, start) for second in range(int(STARTUP_GRACE_SECONDS))]
    assert fired(starting) == []
    late = [probe("refused", start + STARTUP_GRACE_SECONDS + second, start) for second in range(2)]
    assert [symptom for symptom, *_ in fired(starting + late)] == [Symptom.PROBE_REFUSED]
    answered = [probe("ok", start + 1, start), probe("refused", start + 2, start), probe("refused", start + 3, start)]
    assert [symptom for symptom, *_ in fired(answered)] == [Symptom.PROBE_REFUSED]
    restarted = [*answered[:1], probe("refused", start + 6, start + 5), probe("refused", start + 7, start + 5)]
    assert fired(restarted) == []


def test_one_well_probe_does_not_hide_another_that_is_not() -> None:
    rules = [rule for rule in detectors_for("c") if rule.symptom is Symptom.PROBE_FAILED]
    stream = [probe("ok", 99)]
    for second in range(100, 104):
        stream += [probe("failed", second, name="probe:a"), probe("ok", second, name="probe:b")]
    found = [rules[0].update(look) for look in stream]
    assert [a.firing for a in found if a is not None and a.at >= 101] == [True] * 3


def anomaly(firing: bool, at: float) -> Anomaly:
    return Anomaly("c", Symptom.CANARY_WRONG, firing, at, at, at, "x", {"at": at})


@given(st.lists(st.booleans(), max_size=60))
def test_the_book_tells_each_alert_once_and_clears_it_once(stream: list[bool]) -> None:
    book, events, active, quiet = AlertBook(), [], False, 0
    expected: list[type] = []
    for at, firing in enumerate(stream):
        event = book.update(anomaly(firing, at))
        if event is not None:
            events.append(type(event))
        quiet = 0 if firing else quiet + 1
        if firing and not active:
            active = True
            expected.append(Alert)
        elif active and quiet == 2:
            active = False
            expected.append(Cleared)
        assert bool(book.active()) is active
    assert events == expected


def test_the_active_alert_carries_the_newest_evidence_and_the_oldest_times() -> None:
    book = AlertBook()
    book.update(anomaly(True, 1.0))
    assert book.update(anomaly(True, 2.0)) is None
    (alert,) = book.active()
    assert (alert.raised_at, alert.detail) == (1.0, {"at": 2.0})
    book.forget("c")
    assert book.active() == ()


@pytest.mark.parametrize("size", [16, 64, 256, 1024, 4096, 8192, 65536])
def test_the_entropy_of_random_bytes_is_known_for_every_length(size: int) -> None:
    import random

    source = random.Random(size)
    measured = [shannon_entropy(source.randbytes(size)) for _ in range(200)]
    assert random_entropy(size) == pytest.approx(sum(measured) / len(measured), abs=0.03)
    assert all(looks_encrypted(4.0 if size > 64 else 1.0, bits, size) for bits in measured if size >= 64)
    assert not looks_encrypted(random_entropy(size) - 0.1, random_entropy(size), size)  # it always was random


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=2), c, max_size=3),
        max_leaves=8,
    )
)
def test_an_answer_agrees_with_itself_and_with_more_than_itself(answer: object) -> None:
    assert first_difference(answer, answer, Comparator.EXACT, 0.0) is None
    assert answers_differ({"answers": answer}, {"answers": answer, "took_ms": 3}, Comparator.EXACT, 0.0) is None
    if not (isinstance(answer, dict) and "answers" in answer):
        assert answers_differ(answer, {"answers": answer}, Comparator.EXACT, 0.0) is None or isinstance(answer, dict)


def test_where_answers_differ() -> None:
    exact, tolerance = Comparator.EXACT, Comparator.TOLERANCE
    assert first_difference({"a": [1, 2.0]}, {"a": [1, 2.001]}, tolerance, 0.01) is None
    assert first_difference({"a": [1, 2.0]}, {"a": [1, 2.001]}, exact, 0.01) == "$.a[1] is 2.001 instead of 2.0"
    assert first_difference([1.0], [math.nan], tolerance, 9.0) == "$[0] is nan instead of 1.0"
    assert first_difference([1], [True], exact, 0.0) == "$[0] is True instead of 1"
    assert first_difference({"a": 1}, {}, exact, 0.0) == "$.a is missing"
    assert first_difference([1, 2], [1], exact, 0.0) == "$: a list of 2 was expected"
    assert first_difference({}, 3, exact, 0.0) == "$: an object was expected"


@given(st.lists(st.tuples(st.sampled_from(["new", "grow", "still"]), st.integers(1, 5)), max_size=30))
def test_a_healthy_folder_never_looks_damaged(steps: list[tuple[str, int]]) -> None:
    """Files appear, some slowly, and are left alone: whatever the rhythm, nothing is found."""
    book = ContentBook("/d", Content.WRITE_ONCE)
    seen: dict[str, Signature] = {"/d/first": Signature(10, 1, 1, 1)}
    book.learn({"/d/first": FileNorm(10, "digest of /d/first", 4.0)})
    growing: str | None = None
    for at, (step, number) in enumerate(steps):
        if step == "new":
            growing = f"/d/{at}"
            seen[growing] = Signature(number, at, at, at + 10)
        elif step == "grow" and growing is not None:
            was = seen[growing]
            seen[growing] = Signature(was.size + number, at, at, was.inode)
        else:
            growing = None
        questions = book.look(seen, float(at))
        if step == "still":
            for path in questions.settled:
                book.tell(path, seen[path], f"digest of {path}", 4.0, float(at))
        assert questions.differ == []
        assert book.damaged() == 0
