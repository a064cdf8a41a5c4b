"""How every component is: what the book of incidents, the recovery points and the drills say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resurge.controller.moves import ACTIVE, RUNNING
from resurge.estate.model import Objectives
from resurge.incidents.records import Incident

if TYPE_CHECKING:
    from resurge.app import App


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """What is known of a component now. Times in Unix seconds; None: never."""

    name: str
    kind: str
    state: str  # well, broken, recovering, unknown (nobody watches)
    fault: str | None
    incident: str | None
    last_backup_at: float | None
    last_good_at: float | None
    last_proved_at: float | None
    objectives: Objectives
    sources: int  # how many things it declares to be copied


def status_of(app: "App") -> list[ComponentStatus]:
    alive = app.switches.alive(app.clock.now())
    active = app.book.list(states=ACTIVE)
    names = {name: component.kind.value for name, component in app.estate.components.items()}
    names |= {f"repository/{name}": "repository" for name in app.estate.repositories}
    return [_status(app, name, kind, active, alive=alive) for name, kind in names.items()]


def _status(app: "App", name: str, kind: str, active: Sequence[Incident], *, alive: bool) -> ComponentStatus:
    incident = next((i for i in active if i.component == name), None)
    state = "well" if alive else "unknown"
    if incident is not None:
        state = "recovering" if incident.state in RUNNING else "broken"
    points = app.points.of(name)
    good = [point for point in points if point.good]
    component = app.estate.components.get(name)
    return ComponentStatus(
        name=name,
        kind=kind,
        state=state,
        fault=incident.diagnosis.fault.value if incident and incident.diagnosis else None,
        incident=incident.id if incident else None,
        last_backup_at=points[-1].taken_at if points else None,
        last_good_at=good[-1].taken_at if good else None,
        last_proved_at=_last_proved_at(app, name),
        objectives=component.objectives if component else Objectives(),
        sources=len(component.sources) if component else 0,
    )


def _last_proved_at(app: "App", name: str) -> float | None:
    """By a drill, or by a recovery that really happened."""
    proofs = [i.proved_at for i in app.book.list(component=name) if i.proved_at is not None]
    drilled = app.drills.last_passed_at(name)
    return max([*proofs, *([drilled] if drilled is not None else [])], default=None)
