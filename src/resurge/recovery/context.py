"""What a step may use, and what it gives back. One protocol for every action."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from resurge.backup.access import Repositories
from resurge.backup.points import PointBook
from resurge.backup.protect import Protector
from resurge.core.clock import Clock
from resurge.core.errors import ComponentNotFound
from resurge.estate.model import Component, Estate
from resurge.incidents.book import IncidentBook
from resurge.incidents.records import Incident, Step
from resurge.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Tools:
    """The parts of the house that steps work with; the same for every run of a controller."""

    estate: Estate
    repositories: Repositories
    points: PointBook
    protector: Protector
    book: IncidentBook
    ledger: Ledger
    clock: Clock
    paused: Callable[[], bool]  # while it says so, no further step is begun


@dataclass(frozen=True, slots=True)
class StepContext:
    tools: Tools
    incident: Incident
    run_id: str
    position: int
    step: Step

    @property
    def token(self) -> str:
        """Names this step of this run, for effects that must be found again."""
        return f"{self.run_id}:{self.position}"

    @property
    def component(self) -> Component:
        found = self.tools.estate.components.get(self.step.component)
        if found is None:
            raise ComponentNotFound(
                f"the plan names '{self.step.component}', which the estate does not declare any more",
                "Dismiss the incident, or put the component back into resurge.yaml.",
            )
        return found

    @property
    def quarantine_folder(self) -> Path:
        return self.tools.estate.state_folder / "quarantine" / self.incident.id / self.step.component.replace("/", "-")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line for a person, and the evidence. `restored_state_at`: how old the state is that was taken back."""

    text: str
    detail: Mapping[str, object] = field(default_factory=dict)


class Action(Protocol):
    """Idempotent: carried out again after it was cut off anywhere, it ends in the same state, with one effect."""

    def __call__(self, context: StepContext) -> Outcome: ...
