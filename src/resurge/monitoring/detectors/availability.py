"""Rules about whether a process and its service are there at all."""

from resurge.incidents.records import Symptom
from resurge.monitoring.detectors.rule import Rule
from resurge.monitoring.measurement import STARTUP_GRACE_SECONDS, Measurement


class ProcessDead(Rule):
    symptom = Symptom.PROCESS_DEAD
    watches = frozenset({"process"})

    def judge(self, measurement: Measurement) -> bool | None:
        return bool(measurement.detail["state"] == "dead")


class ProcessStopped(Rule):
    symptom = Symptom.PROCESS_STOPPED
    watches = frozenset({"process"})

    def judge(self, measurement: Measurement) -> bool | None:
        """A dead process is not a stopped one that went on: it says nothing here."""
        return {"stopped": True, "running": False}.get(measurement.detail["state"])


class _ProbeRule(Rule):
    """Grace ends early, with the first good answer of this start: from then on silence is a fault."""

    watches = frozenset({"probe", "canary", "link"})
    outcome = ""

    def judge(self, measurement: Measurement) -> bool | None:
        outcome, started_at = measurement.detail["outcome"], measurement.detail.get("started_at")
        memory = self._memory.setdefault(measurement.name, {"first_look_at": measurement.at, "answered": None})
        start = memory["first_look_at"] if started_at is None else started_at
        if outcome in {"ok", "wrong"}:
            memory["answered"] = start
            return False
        if outcome != self.outcome:
            return None
        answered = memory["answered"] is not None and (started_at is None or memory["answered"] == start)
        if not answered and measurement.at - start < STARTUP_GRACE_SECONDS:
            return None
        return True


class ProbeRefused(_ProbeRule):
    symptom = Symptom.PROBE_REFUSED
    outcome = "refused"
    looks = 2


class ProbeTimeout(_ProbeRule):
    symptom = Symptom.PROBE_TIMEOUT
    outcome = "timeout"
    looks = 2


class ProbeFailed(_ProbeRule):
    symptom = Symptom.PROBE_FAILED
    outcome = "failed"
    looks = 2


class CanaryWrong(Rule):
    """Only an answer can be wrong. Twice in a row: one may have met the service while it changed models."""

    symptom = Symptom.CANARY_WRONG
    watches = frozenset({"canary"})
    looks = 2

    def judge(self, measurement: Measurement) -> bool | None:
        return {"wrong": True, "ok": False}.get(measurement.detail["outcome"])
