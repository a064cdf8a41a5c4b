"""The demo from an empty folder to an exit code: prepare, protect, break, watch, check, report."""

import os
import shutil
import subprocess
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.live import Live

from resurge.app import App
from resurge.core.errors import AccessDenied, ResurgeError
from resurge.core.units import format_duration
from resurge.demo.estate import DETECT_SECONDS, RPO_SECONDS, RTO_SECONDS, Place, write_estate
from resurge.demo.household import Household
from resurge.demo.live import EventKind, LiveEvent, LiveHeader, LiveRow, render, render_text, save_picture
from resurge.demo.scoring import Score, read_injections, score, unasked
from resurge.demo.verdicts import Check, final_checks, fingerprints
from resurge.demo.view import component_rows, events_of, fault_rows
from resurge.incidents.records import Incident, IncidentState

MARK = ".resurge-demo"  # a folder that holds it may be emptied
FIRST_BACKUPS_SECONDS = 30.0
TAIL_SECONDS = 25.0  # for what the last fault still needs
LOOK_SECONDS = 0.1
PICTURE_COLUMNS = 108
PROMISED = f"Promised: detect ≤ {DETECT_SECONDS:g} s, RTO ≤ {RTO_SECONDS:g} s, RPO ≤ {RPO_SECONDS:g} s."
UNDER_WAY = frozenset(IncidentState) - {IncidentState.CLOSED, IncidentState.DISMISSED, IncidentState.FAILED}


class Scenario:
    def __init__(self, folder: Path, seed: int, faults: str, seconds: float, *, plain: bool) -> None:
        self._place = Place(folder)
        self._seed = seed
        self._faults = faults
        self._seconds = seconds
        self._console = Console()
        self._plain = plain or not self._console.is_terminal
        self._notes: list[LiveEvent] = []
        self._started_at = self._began_at = time.time()
        self._injector_failed = False

    def run(self) -> int:
        self._empty_folder()
        with Household(self._place.folder) as household:
            app = self._prepare(household)
            before = {name: fingerprints(self._place.service / name) for name in ("dataset", "models")}
            scores, incidents = self._break_and_watch(household, app)
            with self._console.status("checking what is left of the damage"):
                checks = list(final_checks(app, self._place, before))
                household.end_controller()
                drills = app.drill_restore("model")
                checks += [
                    Check(f"drill: newest snapshot of {d.component} restored and asked", d.failure) for d in drills
                ]
        return self._conclude(app, scores, incidents, checks)

    # --- before ---

    def _empty_folder(self) -> None:
        folder = self._place.folder
        try:
            if folder.exists() and any(folder.iterdir()):
                if not (folder / MARK).exists():
                    raise AccessDenied(
                        f"{folder} holds something that is not a demo's",
                        "Choose another folder with --folder.",
                    )
                with Household(folder):  # an earlier demo may have been killed: end what it left
                    shutil.rmtree(folder)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / MARK).touch()
        except OSError as error:
            raise AccessDenied(f"cannot use {folder}: {error.strerror}", "Choose another with --folder.") from error

    def _prepare(self, household: Household) -> App:
        """The service, the estate, the repository, the first processes and the first backups."""
        with self._console.status("preparing a small AI service: data set, database, training, model"):
            household.run("resurge.demo.service.prepare", str(self._place.service), "--seed", str(self._seed))
            write_estate(self._place)
            household.run("resurge", "--estate", str(self._place.estate), "repo", "init")
            app = App.open(self._place.estate)
            for name in ("training", "inference"):
                process = app.declared.components[name].process
                assert process is not None
                household.start_declared(process.start, process.environment, process.log_file)
        with self._console.status("first backups"):
            household.keep_controller(self._place.controller_log)
            self._await_first_backups(household, app)
        return app

    def _await_first_backups(self, household: Household, app: App) -> None:
        deadline = time.monotonic() + FIRST_BACKUPS_SECONDS
        while missing := [n for n, c in app.estate.components.items() if c.sources and not app.points.newest_good(n)]:
            if household.controller is not None and household.controller.poll() is not None:
                raise ResurgeError(f"`resurge up` ended: {_last_line(self._place.controller_log)}")
            if time.monotonic() > deadline:
                raise ResurgeError(f"no first backup of {', '.join(missing)}", f"See {self._place.controller_log}")
            time.sleep(0.1)

    # --- while it runs ---

    def _break_and_watch(self, household: Household, app: App) -> tuple[list[Score], list[Incident]]:
        place = self._place
        injector = household.start(
            "resurge.demo.injector",
            *("--service", str(place.service), "--repository", str(place.primary), "--seed", str(self._seed)),
            *("--seconds", str(self._seconds), "--faults", self._faults, "--log", str(place.injections)),
            *("--marker", str(place.folder)),
            log=place.folder / "injector.log",
        )
        self._began_at = began = time.time()
        with self._live() as live:
            while True:
                if household.keep_controller(place.controller_log):
                    self._note("Resurge was killed; its service manager has started it again")
                household.reap()
                scores, incidents = self._look(app)
                if isinstance(live, Live):
                    header = self._header(began, scores, incidents, finished=False)
                    live.update(render(component_rows(app.status(), scores, incidents), header, columns=self._columns))
                if self._is_over(injector, began, scores, incidents):
                    break
                time.sleep(LOOK_SECONDS)
        self._injector_failed = injector.wait() != 0
        return self._look(app)

    def _live(self) -> AbstractContextManager[Live | None]:
        if self._plain:
            self._console.print(f"{PROMISED} Watching for {format_duration(self._seconds)}.", highlight=False)
            return nullcontext()
        return Live(console=self._console, refresh_per_second=8, transient=True)

    def _look(self, app: App) -> tuple[list[Score], list[Incident]]:
        injections, _ = read_injections(self._injected_text())
        incidents = app.incidents()
        return score(injections, incidents, time.time()), incidents

    def _is_over(
        self, injector: subprocess.Popen[bytes], began: float, scores: list[Score], incidents: list[Incident]
    ) -> bool:
        if injector.poll() is None:
            return False
        done = all(s.over for s in scores) and not any(i.state in UNDER_WAY for i in incidents)
        return done or time.time() > began + self._seconds + TAIL_SECONDS

    def _header(self, began: float, scores: list[Score], incidents: list[Incident], *, finished: bool) -> LiveHeader:
        return LiveHeader(
            title=f"Resurge demo, seed {self._seed}",
            elapsed_seconds=time.time() - (self._started_at if finished else began),
            total_seconds=self._seconds,
            events=()
            if finished
            else tuple(sorted((*self._notes, *events_of(scores, incidents, began)), key=_by_time)),
            promised=PROMISED,
            finished=finished,
        )

    def _note(self, text: str) -> None:
        self._notes.append(LiveEvent(time.time() - self._began_at, EventKind.NOTE, text))

    # --- after ---

    def _conclude(self, app: App, scores: list[Score], incidents: list[Incident], checks: list[Check]) -> int:
        place = self._place
        injected = {s.incident.id: s.injection.at for s in scores if s.incident}
        os.environ["MPLCONFIGDIR"] = str(place.folder / ".matplotlib")  # nothing is written outside the folder
        app.report(html=place.folder / "report.html", json=place.folder / "report.json", injected=injected)
        rows, header = fault_rows(scores), self._header(0.0, scores, incidents, finished=True)
        save_picture(rows, header, place.folder / "demo.svg", columns=PICTURE_COLUMNS)
        self._print(rows, header)
        problems = self._problems(scores, incidents, checks)
        for check in checks:
            mark = "[green]✔[/]" if check.passed else "[red]✖[/]"
            self._say(f" {mark} {check.what}{f': {check.problem}' if check.problem else ''}")
        self._say(f"\n Report: {place.folder / 'report.html'} and report.json")
        for problem in problems:
            self._say(f" [red]broken:[/] {problem}")
        verdict = "[bold red]Not every promise was kept.[/]" if problems else "[bold green]Every promise was kept.[/]"
        self._say(f" {verdict}")
        return 4 if problems else 0

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)

    def _print(self, rows: list[LiveRow], header: LiveHeader) -> None:
        if self._plain:
            self._console.file.write(render_text(rows, header, columns=self._columns))
        else:
            self._console.print(render(rows, header, columns=self._columns))

    def _problems(self, scores: list[Score], incidents: list[Incident], checks: list[Check]) -> list[str]:
        _, not_injected = read_injections(self._injected_text())
        problems = [f"not injected: {each}" for each in not_injected]
        problems += [f"{s.injection.fault}: {problem}" for s in scores for problem in s.problems]
        problems += [f"{s.injection.fault}: not over" for s in scores if not s.over and not s.problems]
        false = unasked(scores, incidents) if scores else incidents  # with nothing broken, a dismissed one counts too
        problems += [f"an incident that nothing caused: {_said(i)}" for i in false]
        problems += [f"{check.what}: {check.problem}" for check in checks if not check.passed]
        if self._injector_failed:
            problems.append(f"the injector failed: {_last_line(self._place.folder / 'injector.log')}")
        return problems

    @property
    def _columns(self) -> int:
        return max(80, min(120, self._console.width)) if not self._plain else PICTURE_COLUMNS

    def _injected_text(self) -> str:
        return self._place.injections.read_text() if self._place.injections.exists() else ""


def _said(incident: Incident) -> str:
    fault = incident.diagnosis.fault.value if incident.diagnosis else "undiagnosed"
    return f"{incident.component}: {fault} ({incident.id})"


def _by_time(event: LiveEvent) -> float:
    return event.elapsed_seconds


def _last_line(file: Path) -> str:
    lines = file.read_text(errors="replace").strip().splitlines() if file.exists() else []
    return lines[-1] if lines else "its log is empty"
