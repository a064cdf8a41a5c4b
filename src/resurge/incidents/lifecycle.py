"""The state machine that every incident obeys. Pure: the book keeps what this decides."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from resurge.core.errors import NotAllowed
from resurge.incidents.records import Incident, IncidentState

_S = IncidentState

TRANSITIONS: Mapping[IncidentState, frozenset[IncidentState]] = {
    _S.OPEN: frozenset({_S.DIAGNOSED, _S.DISMISSED}),
    _S.DIAGNOSED: frozenset({_S.PLANNED, _S.DISMISSED}),
    # Back to diagnosed: new alerts can change what is believed before anything is done.
    _S.PLANNED: frozenset({_S.WAITING, _S.RECOVERING, _S.DISMISSED, _S.DIAGNOSED}),
    _S.WAITING: frozenset({_S.RECOVERING, _S.DISMISSED}),
    # Back to diagnosed: this attempt gave no proof, another one may.
    _S.RECOVERING: frozenset({_S.PROVED, _S.FAILED, _S.DIAGNOSED}),
    _S.PROVED: frozenset({_S.CLOSED, _S.FAILED}),
    _S.FAILED: frozenset({_S.RECOVERING, _S.DIAGNOSED, _S.DISMISSED, _S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.DISMISSED: frozenset(),
}

_STAMP: Mapping[IncidentState, str] = {
    _S.DIAGNOSED: "diagnosed_at",
    _S.PLANNED: "decided_at",
    _S.RECOVERING: "approved_at",
    _S.PROVED: "proved_at",
    _S.CLOSED: "closed_at",
    _S.DISMISSED: "closed_at",
}

# What a step back takes back: a new diagnosis awaits a new decision, and only a standing proof has a time.
_VOIDS: Mapping[IncidentState, tuple[str, ...]] = {
    _S.DIAGNOSED: ("decided_at", "approved_at", "proved_at"),
    _S.RECOVERING: ("proved_at",),
    _S.FAILED: ("proved_at",),
}


class IllegalTransition(NotAllowed):
    """The incident is not in a state from which it can go there."""


def advance(incident: Incident, to: IncidentState, at: float, **changes: Any) -> Incident:
    """The incident in its next state, with that state's time and `changes` to any other field.

    A time that `changes` gives is kept as given. `at` counts as no earlier than what is already recorded,
    so that a clock that was set back cannot make a phase shorter than nothing.
    """
    if to not in TRANSITIONS[incident.state]:
        raise IllegalTransition(
            f"incident {incident.id} is {incident.state} and cannot become {to}",
            _advice(incident.state),
        )
    derived: dict[str, Any] = dict.fromkeys(_VOIDS.get(to, ()))
    stamp = _STAMP.get(to)
    if stamp is not None:
        derived[stamp] = max(at, _latest(incident))
    if to is IncidentState.RECOVERING:
        derived["attempt"] = incident.attempt + 1
    return replace(incident, **{**derived, **changes, "state": to})


def amend(incident: Incident, **changes: Any) -> Incident:
    """Change what the state machine does not guard."""
    guarded = {"id", "state"} & changes.keys()
    if guarded:
        raise IllegalTransition(
            f"the {' and the '.join(sorted(guarded))} of incident {incident.id} cannot be amended",
            "Only a transition changes an incident's state.",
        )
    return replace(incident, **changes)


def _latest(incident: Incident) -> float:
    stamps = (
        incident.diagnosed_at,
        incident.decided_at,
        incident.approved_at,
        incident.proved_at,
        incident.closed_at,
    )
    return max([incident.opened_at, *(at for at in stamps if at is not None)])


def _advice(state: IncidentState) -> str:
    onward = sorted(TRANSITIONS[state])
    if not onward:
        return "It is over; a new fault opens a new incident."
    return f"From here it can become {', '.join(onward)}. See `resurge incidents` for where it stands."
