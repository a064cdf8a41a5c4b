"""One incident, move by move: diagnose, plan, recover. What to do is decided in `moves`; this does it."""

import logging
from collections.abc import Callable, Iterable
from threading import Lock

from resurge.controller.moves import ACTIVE, ATTEMPTS, RUNNING, Circumstances, Move, next_move
from resurge.controller.settling import Settling
from resurge.controller.switches import Switches
from resurge.core.errors import NotAllowed, ResurgeError
from resurge.core.identifiers import new_identifier
from resurge.diagnosis.locate import Group, group, upstream_of
from resurge.diagnosis.name import DATA_FAULTS, diagnose, not_before, not_seen_since
from resurge.diagnosis.second_look import as_alert, with_second_look
from resurge.estate.model import Content, Mode, SourceKind
from resurge.incidents.records import Alert, Anomaly, Diagnosis, Fault, Incident, IncidentState, Plan, Symptom
from resurge.monitoring.examine import examine
from resurge.recovery.actions.prove import norms_of
from resurge.recovery.carry_out import evidence_of, next_run
from resurge.recovery.choose import choose
from resurge.recovery.context import Tools
from resurge.recovery.facts import REPOSITORY_PREFIX, gather

log = logging.getLogger(__name__)

StartRun = Callable[[str, str, int], None]  # incident, run, number of steps
CHANGES = frozenset({"stop", "start", "quarantine", "restore", "after-restore", "rebuild"})
ActiveAlerts = Callable[[], tuple[Alert, ...]]


class Handler:
    """Moves incidents on. May be called from several threads; each incident is moved by one at a time."""

    def __init__(self, tools: Tools, switches: Switches, start_run: StartRun) -> None:
        self._tools = tools
        self._switches = switches
        self._start_run = start_run
        self._grouping = Lock()
        self._starting = Lock()
        self._settling = Settling(tools.estate.monitor.every_seconds)
        self.watched_until: float | None = None  # when the controller before this one was last alive

    # --- opening ---

    def open_for(self, alerts: Iterable[Alert]) -> list[Incident]:
        """An incident for each cause that alerts and that no active incident accounts for."""
        opened = []
        with self._grouping:
            active = self._tools.book.list(states=ACTIVE)
            loose = [a for a in alerts if not any(self._accounts_for(i, a.component) for i in active)]
            for found in group(loose, self._tools.estate):
                incident = Incident(
                    id=new_identifier("incident", self._tools.clock),
                    component=found.component,
                    state=IncidentState.OPEN,
                    opened_at=min(alert.raised_at for alert in found.alerts),
                    alerts=found.alerts,
                )
                self._tools.book.add(incident)
                body = {"incident": incident.id, "evidence": [alert.summary for alert in found.alerts[:10]]}
                self._tools.ledger.append("alert", incident.component, body, key=f"{incident.id}:opened")
                log.warning("incident %s opened: %s", incident.id, found.alerts[0].summary)
                opened.append(incident)
        return opened

    def open_by_hand(self, component: str, *, approve: bool) -> str | None:
        """A person asks for it: look now, open an incident for what is found. None: all is well.

        `approve`: they have also said yes to it, whatever the mode; to this component, not to where a cause may lie.
        """
        now = self._tools.clock.now()
        alerts = tuple(as_alert(anomaly, now) for anomaly in self._look(component, thorough=True))
        active = self._tools.book.list(states=ACTIVE, component=component)
        for failed in [i for i in active if _is_exhausted(i)]:
            self._dismiss(failed, "a person begins anew")
            active.remove(failed)
        opened = active or (self.open_for(alerts) if alerts else [])
        for incident in opened if approve else ():
            self._switches.approve(incident.id, component)
        return opened[0].id if opened else None

    def begin_anew(self, incident: Incident) -> str | None:
        """An incident whose attempts are used up gives way to a new one. None: it has attempts left."""
        if not _is_exhausted(incident):
            return None
        return self.open_by_hand(incident.component, approve=True)

    def diagnose_now(self, component: str) -> Diagnosis | None:
        """What a look at this moment says, without opening anything. None: all is well."""
        now = self._tools.clock.now()
        alerts = tuple(as_alert(anomaly, now) for anomaly in self._look(component, thorough=True))
        if not alerts:
            return None
        return diagnose(Group(component, alerts, ()), self._tools.estate, confirmed=True)

    def _accounts_for(self, incident: Incident, component: str) -> bool:
        """Its own component always. Others only while it is about to mend what they suffer from, or is at it: an
        incident that waits for a person must not hide what breaks meanwhile."""
        if incident.component == component:
            return True
        upstream = incident.component in upstream_of(self._tools.estate, component)
        if incident.state in RUNNING:
            return upstream or component in touched(incident)
        if incident.state in (IncidentState.OPEN, IncidentState.DIAGNOSED):
            return upstream  # it will be seen in a moment whether it acts
        will_act = incident.state in (IncidentState.PLANNED, IncidentState.WAITING) and incident.plan is not None
        suffers = incident.diagnosis is not None and component in incident.diagnosis.affected
        return will_act and suffers and self._mode_of(incident) is not Mode.OBSERVE

    # --- moving ---

    def move(self, incident_id: str, alerts: ActiveAlerts, watched_for_seconds: float) -> Incident:
        """Make every move that can be made now. Returns the incident as it then stands."""
        while True:
            incident = self._tools.book.get(incident_id)
            move = next_move(incident, self._circumstances(incident, alerts(), watched_for_seconds))
            if move is Move.NOTHING:
                return incident
            log.info("incident %s (%s): %s", incident.id, incident.component, move.value)
            self._make(move, incident, alerts)

    def _make(self, move: Move, incident: Incident, alerts: ActiveAlerts) -> None:
        now = self._tools.clock.now()
        if move is Move.DIAGNOSE:
            self._diagnose(incident, alerts)
        elif move is Move.PLAN:
            self._plan(incident)
        elif move is Move.RECOVER:
            self._recover(incident)
        elif move is Move.WAIT:
            self._tools.book.advance(incident.id, IncidentState.WAITING, now)
            log.warning("incident %s waits: resurge recover %s --approve", incident.id, incident.id)
        elif move is Move.TRY_AGAIN:
            self._tools.book.advance(incident.id, IncidentState.DIAGNOSED, now)
        elif move is Move.DISMISS:
            self._dismiss(incident, "its symptoms went away by themselves")

    def _circumstances(
        self, incident: Incident, alerts: tuple[Alert, ...], watched_for_seconds: float
    ) -> Circumstances:
        now = self._tools.clock.now()
        involved = {incident.component, *(alert.component for alert in incident.alerts)}
        return Circumstances(
            now=now,
            mode=self._mode_of(incident),
            paused=self._switches.paused(now) is not None,
            approved=self._switches.approved(incident.id, incident.component),
            alerting=any(a.component in involved and _is_about(incident, a) for a in alerts),
            settled=self._settling.is_settled(incident.id, alerts, now),
            watched_for_seconds=watched_for_seconds,
            busy=self._busy(incident),
        )

    def _mode_of(self, incident: Incident) -> Mode:
        """The strictest of all components that its plan changes, so that none is touched against its own mode."""
        steps = incident.plan.steps if incident.plan else ()
        changed = {step.component for step in steps if step.action in CHANGES}
        modes = {self._declared_mode(name) for name in changed | {incident.component}}
        return next(mode for mode in (Mode.OBSERVE, Mode.APPROVE, Mode.AUTO) if mode in modes)

    def _declared_mode(self, name: str) -> Mode:
        if name.startswith(REPOSITORY_PREFIX):
            return self._tools.estate.repositories[name.removeprefix(REPOSITORY_PREFIX)].mode
        component = self._tools.estate.components.get(name)
        return component.mode if component else Mode.OBSERVE

    def _busy(self, incident: Incident) -> bool:
        mine = touched(incident)
        running = self._tools.book.list(states=RUNNING)
        return any(other.id != incident.id and touched(other) & mine for other in running)

    # --- the moves ---

    def _diagnose(self, incident: Incident, alerts: ActiveAlerts) -> None:
        with self._grouping:
            found = self._group_of(incident, alerts())
            twin = self._twin(incident, found.component)
            if twin is not None and self._accounts_for(twin, incident.component):
                self._dismiss(incident, f"a consequence of incident {twin.id}")
                return
        looked = self._look(found.component)
        with self._grouping:
            found = self._group_of(self._tools.book.get(incident.id), alerts())
        whole = with_second_look(found, looked, self._tools.clock.now())
        diagnosis = diagnose(whole, self._tools.estate, confirmed=bool(looked))
        if diagnosis.onset_uncertainty_seconds == 0 and self.watched_until is not None:
            diagnosis = not_seen_since(diagnosis, self.watched_until)
        if diagnosis.fault in DATA_FAULTS:
            diagnosis = self._narrowed(diagnosis)
            self._distrust(diagnosis.component, diagnosis.onset_at - diagnosis.onset_uncertainty_seconds, incident.id)
        self._tools.book.advance(
            incident.id,
            IncidentState.DIAGNOSED,
            self._tools.clock.now(),
            component=diagnosis.component,
            diagnosis=diagnosis,
            alerts=whole.alerts,
            opened_at=min(incident.opened_at, *(alert.raised_at for alert in found.alerts)),
        )
        log.warning("incident %s: %s in %s", incident.id, diagnosis.fault.value, diagnosis.component)

    def _narrowed(self, diagnosis: Diagnosis) -> Diagnosis:
        """Damage is a difference from the newest good snapshot, so it came after that was taken.

        Not so in sources that may change: there a snapshot can be good although a few files in it are not.
        """
        component = self._tools.estate.components.get(diagnosis.component)
        point = self._tools.points.newest_good(diagnosis.component)
        if component is None or point is None:
            return diagnosis
        may_change = any(s.kind is SourceKind.FILES and s.content is Content.MUTABLE for s in component.sources)
        return diagnosis if may_change else not_before(diagnosis, point.finished_at)

    def _group_of(self, incident: Incident, alerts: tuple[Alert, ...]) -> Group:
        """The incident's own alerts, with those that have come since, around their common cause."""
        merged = {(a.component, a.symptom): a for a in (*alerts, *incident.alerts)}
        others = [other for other in self._tools.book.list(states=ACTIVE) if other.id != incident.id]
        idle = {o.component for o in others if not self._accounts_for(o, incident.component)}
        ours = [a for a in merged.values() if a.component not in idle or a.component == incident.component]
        groups = group(ours, self._tools.estate)
        return next(g for g in groups if any(a.component == incident.component for a in g.alerts))

    def _twin(self, incident: Incident, component: str) -> Incident | None:
        others = self._tools.book.list(states=ACTIVE, component=component)
        return next((other for other in others if other.id != incident.id), None)

    def _look(self, name: str, *, thorough: bool = False) -> list[Anomaly]:
        """An immediate second look. That it cannot look is no finding."""
        try:
            norms = {} if name.startswith(REPOSITORY_PREFIX) else norms_of(self._tools, name)
            return examine(name, self._tools.estate, norms, thorough=thorough)
        except (ResurgeError, OSError) as error:
            log.warning("the second look at %s failed: %s", name, error)
            return []

    def _distrust(self, component: str, since: float, incident_id: str) -> None:
        changed = self._tools.points.distrust_after(component, since, f"taken during {incident_id}")
        if changed:
            log.warning("%d snapshot(s) of %s are not trusted: they may hold the damage", changed, component)

    def _plan(self, incident: Incident) -> None:
        tools = self._tools
        assert incident.diagnosis is not None
        facts = gather(incident.diagnosis, tools.estate, tools.points, tools.repositories)
        plan: Plan | None
        failure: str | None = None
        try:
            plan = choose(incident.diagnosis, tools.estate, facts, incident.attempt)
        except NotAllowed as error:
            plan, failure = None, f"{error} {error.advice}"
        tools.book.advance(incident.id, IncidentState.PLANNED, tools.clock.now(), plan=plan, failure=failure)
        body = {
            "incident": incident.id,
            "fault": incident.diagnosis.fault.value,
            "evidence": list(incident.diagnosis.evidence[:10]),
            "steps": [f"{step.action} {step.component}" for step in plan.steps] if plan else [],
            "reasons": list(plan.reasons) if plan else [failure],
        }
        key = f"{incident.id}:decision{incident.attempt + 1}"
        tools.ledger.append("decision", incident.diagnosis.component, body, key=key)

    def _recover(self, incident: Incident) -> None:
        assert incident.plan is not None
        run_id = next_run(incident)
        with self._starting:
            if self._busy(incident):
                return  # another run has just taken one of its components; the next turn looks again
            now = self._tools.clock.now()
            self._tools.book.advance(incident.id, IncidentState.RECOVERING, now, run_id=run_id, failure=None)
        self._distrust_what_failed(incident)
        self._start_run(incident.id, run_id, len(incident.plan.steps))

    def _distrust_what_failed(self, incident: Incident) -> None:
        """A later attempt goes further back: the points that it passes over did not lead to a proof."""
        point = next(
            (
                p
                for p in self._tools.points.of(incident.component)
                if incident.plan and p.snapshot == incident.plan.snapshot
            ),
            None,
        )
        if incident.attempt > 0 and point is not None:
            self._distrust(incident.component, point.finished_at, incident.id)

    def _dismiss(self, incident: Incident, why: str) -> None:
        done = self._tools.book.advance(incident.id, IncidentState.DISMISSED, self._tools.clock.now(), failure=why)
        self._tools.ledger.append("incident", incident.component, evidence_of(done), key=f"{incident.id}:dismissed")


def _is_exhausted(incident: Incident) -> bool:
    return incident.state is IncidentState.FAILED and incident.attempt >= ATTEMPTS


def _is_about(incident: Incident, alert: Alert) -> bool:
    """A backup that is overdue, perhaps because of this very incident, does not keep another fault alive."""
    overdue = incident.diagnosis is not None and incident.diagnosis.fault is Fault.BACKUP_OVERDUE
    return alert.symptom is not Symptom.BACKUP_OVERDUE or overdue


def touched(incident: Incident) -> frozenset[str]:
    """Components that its run stops, starts, changes or asks; they are held while it runs."""
    if incident.plan is None:
        return frozenset({incident.component})
    witnesses = (w for step in incident.plan.steps for w in step.arguments.get("witnesses", "").split(",") if w)
    return frozenset({incident.component, *(step.component for step in incident.plan.steps), *witnesses})
