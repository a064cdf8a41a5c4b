"""The only place that wires concrete parts together. Parts are made when they are first asked for."""

import logging
import signal
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from resurge.app.own_state import with_own_state
from resurge.core.clock import SystemClock
from resurge.core.errors import ComponentNotFound, RepositoryDamaged, RepositoryNotFound
from resurge.estate.model import Component, Estate
from resurge.estate.read import read_estate
from resurge.incidents.records import Incident, Plan, StepRecord

if TYPE_CHECKING:
    from resurge.app.status import ComponentStatus
    from resurge.backup.access import Repositories
    from resurge.backup.points import PointBook
    from resurge.backup.protect import BackupOutcome, Protector
    from resurge.controller.switches import Pause, Switches
    from resurge.drills.records import DrillBook, DrillResult
    from resurge.incidents.book import IncidentBook
    from resurge.ledger import Entry, Ledger, Verification
    from resurge.recovery.context import Tools
    from resurge.state import StateDatabase
    from resurge.vault import Progress

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.0005  # of the interpreter: many short waits for the disk must not each wait 5 ms for the monitor


class App:
    def __init__(self, declared: Estate) -> None:
        self.declared = declared
        self.estate = with_own_state(declared)
        self.clock = SystemClock()

    @classmethod
    def open(cls, estate_file: Path) -> "App":
        return cls(read_estate(estate_file))

    # --- parts ---

    @cached_property
    def database(self) -> "StateDatabase":
        from resurge.state import StateDatabase

        return StateDatabase(self.estate.state_folder)

    @cached_property
    def book(self) -> "IncidentBook":
        from resurge.incidents.book import IncidentBook

        return IncidentBook(self.database)

    @cached_property
    def points(self) -> "PointBook":
        from resurge.backup.points import PointBook

        return PointBook(self.database)

    @cached_property
    def drills(self) -> "DrillBook":
        from resurge.drills.records import DrillBook

        return DrillBook(self.database)

    @cached_property
    def ledger(self) -> "Ledger":
        from resurge.ledger import Ledger

        return Ledger(self.estate.state_folder / "ledger", self.clock, make_room=self.database.reserve.release)

    @cached_property
    def switches(self) -> "Switches":
        from resurge.controller.switches import Switches
        from resurge.state import Notes

        return Switches(Notes(self.database))

    @cached_property
    def repositories(self) -> "Repositories":
        from resurge.backup.access import Repositories

        return Repositories(self.estate)

    @cached_property
    def protector(self) -> "Protector":
        from resurge.backup.protect import Protector

        return Protector(self.estate, self.repositories, self.points, self.ledger, self.clock)

    @cached_property
    def tools(self) -> "Tools":
        from resurge.recovery.context import Tools

        return Tools(
            self.estate,
            self.repositories,
            self.points,
            self.protector,
            self.book,
            self.ledger,
            self.clock,
            paused=lambda: self.switches.paused(self.clock.now()) is not None,
        )

    # --- looking ---

    def component(self, name: str) -> Component:
        found = self.estate.components.get(name)
        if found is None:
            raise ComponentNotFound(
                f"the estate declares no component '{name}'",
                f"There are: {', '.join(self.declared.components)}.",
            )
        return found

    def status(self) -> "list[ComponentStatus]":
        from resurge.app.status import status_of

        return status_of(self)

    def incidents(self, open_only: bool = False) -> list[Incident]:
        from resurge.controller.moves import ACTIVE

        return self.book.list(states=ACTIVE if open_only else None)

    def incident(self, id: str) -> Incident:
        return self.book.get(id)

    def steps(self, run_id: str) -> list[StepRecord]:
        return self.book.steps(run_id)

    # --- doing ---

    def back_up(
        self,
        component: str,
        *,
        read_all: bool = False,
        accept: bool = False,
        progress: "Progress | None" = None,
    ) -> "BackupOutcome":
        from resurge.controller.doubt import doubt_about

        self.component(component)
        doubt = doubt_about(self.book, component)
        return self.protector.back_up(component, read_all=read_all, accept=accept, doubt=doubt, progress=progress)

    def pause(self, seconds: float | None, why: str) -> "Pause":
        self.ledger.append("pause", self.estate.name, {"seconds": seconds, "why": why})
        return self.switches.pause(self.clock.now(), seconds, why)

    def resume(self) -> None:
        self.ledger.append("resume", self.estate.name, {})
        self.switches.resume()

    def drill_restore(self, component: str | None = None, progress: "Progress | None" = None) -> "list[DrillResult]":
        from resurge.drills.restore import drill_restore

        chosen = [self.component(component)] if component else list(self.estate.components.values())
        return [drill_restore(self.tools, self.drills, c, progress) for c in chosen if c.sources]

    def plan(self, target: str) -> Plan:
        """What a recovery of this incident, or of this component as it is now, would do. Does nothing."""
        from resurge.app.recovering import plan_for

        return plan_for(self, target)

    def recover(self, target: str, *, approve: bool = False, wait: bool = True) -> Incident:
        """A running controller carries it out; without one, this process does, under its lock, and waits.

        `approve`: a person says yes, where the mode asks for it. NotAllowed: it does, and nobody has said so.
        """
        from resurge.app.recovering import recover

        return recover(self, target, approve=approve, wait=wait)

    # --- proving ---

    def ledger_entries(self) -> "list[Entry]":
        return list(self.ledger.entries())

    def verify_ledger(self) -> "Verification":
        """Against the newest end that was remembered elsewhere, so that a ledger that was cut off is found out."""
        verification = self.ledger.verify(self.switches.remembered())
        if verification.good:
            self.switches.remember(self.ledger.head())
        return verification

    def report(
        self,
        html: Path | None = None,
        json: Path | None = None,
        since: float = 0.0,
        injected: Mapping[str, float] | None = None,
    ) -> dict[str, object]:
        """`injected`: incident → the time at which its fault was really made (drills and demonstrations)."""
        from resurge.app.reporting import write_report

        return write_report(self, html, json, since, injected or {})

    # --- the controller ---

    def run_controller(self, watching: Callable[[], None] = lambda: None) -> None:
        """Until SIGTERM or SIGINT; `watching` is told when it begins. Raises AlreadyRunning when another one runs."""
        from resurge.controller.service import Controller
        from resurge.recovery.workflow import Engine
        from resurge.state import exclusive

        with exclusive(self.estate.state_folder):
            self._refuse_without_repository()
            engine = Engine(self.estate.state_folder, self.tools)
            controller = Controller(self.tools, self.switches, self.database, self.declared, engine)

            def stop(_: int, __: FrameType | None) -> None:
                controller.stop()

            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)
            sys.setswitchinterval(SWITCH_SECONDS)
            watching()
            controller.run()

    def _refuse_without_repository(self) -> None:
        """Never initialised is a mistake to report; lost after it was used is an incident to recover from."""
        try:
            self.repositories.open(self.repositories.primary.name)
        except (RepositoryNotFound, RepositoryDamaged) as error:
            if not self.points.all():
                raise
            log.warning("%s; the monitor will find it", error)
