"""A burst is over when a whole round of looks has added nothing to it."""

from resurge.controller.settling import ROUND_SLACK_SECONDS, Settling
from resurge.incidents.records import Alert, Symptom

EVERY = 0.5
ROUND = EVERY + ROUND_SLACK_SECONDS


def alerts(count: int, *more: Symptom) -> list[Alert]:
    found = [Alert("data", Symptom.CONTENT_CHANGED, 1.0, 0.5, 0.0, "changed", {"count": count})]
    return found + [Alert("data", symptom, 1.0, 0.5, 0.0, symptom.value) for symptom in more]


def test_it_waits_for_as_long_as_the_burst_grows() -> None:
    settling = Settling(EVERY)
    assert not settling.is_settled("i", alerts(3), 10.0)
    assert not settling.is_settled("i", alerts(3), 10.0 + ROUND / 2)
    assert not settling.is_settled("i", alerts(80), 10.0 + ROUND)
    assert not settling.is_settled("i", alerts(80, Symptom.ENTROPY_JUMP), 10.0 + 2 * ROUND)
    assert settling.is_settled("i", alerts(80, Symptom.ENTROPY_JUMP), 10.0 + 3 * ROUND + 0.01)


def test_incidents_do_not_wait_for_each_other() -> None:
    settling = Settling(EVERY)
    settling.is_settled("one", alerts(3), 10.0)
    assert not settling.is_settled("two", alerts(3), 11.0)
    assert settling.is_settled("one", alerts(3), 11.0)
