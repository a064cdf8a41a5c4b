"""Ask the question whose answer must not change."""

import json

from resurge.estate.model import Canary
from resurge.monitoring.collectors.web import Exchange, exchange
from resurge.monitoring.comparing import answers_differ


def ask_canary(canary: Canary, *, url: str | None = None) -> Exchange:
    """`url` replaces the canary's own, as in a drill. A question that cannot be read is a failed probe."""
    try:
        question = canary.request.read_bytes()
        expected = json.loads(canary.answers.read_bytes())
    except (OSError, ValueError) as error:
        return Exchange("failed", 0.0, problem=f"the canary's own files cannot be read: {error}")
    answer = exchange(url or canary.url, timeout_seconds=canary.timeout_seconds, body=question)
    if answer.outcome != "ok":
        return answer
    if answer.status != 200:
        return Exchange("failed", answer.seconds, answer.status, problem=f"status {answer.status} instead of 200")
    try:
        given = json.loads(answer.body)
    except ValueError:
        return Exchange("wrong", answer.seconds, answer.status, problem="the answer is not JSON")
    difference = answers_differ(expected, given, canary.comparator, canary.tolerance)
    if difference:
        return Exchange("wrong", answer.seconds, answer.status, problem=f"wrong answer: {difference}")
    return answer
