"""Rules about a training job's progress file."""

from resurge.incidents.records import Symptom
from resurge.monitoring.detectors.rule import Rule
from resurge.monitoring.measurement import Measurement


class LossNotFinite(Rule):
    symptom = Symptom.LOSS_NOT_FINITE
    watches = frozenset({"progress"})

    def judge(self, measurement: Measurement) -> bool | None:
        finite = measurement.detail["loss_finite"]
        return None if finite is None else not finite

    def summary(self, measurement: Measurement) -> str:
        return f"the loss of step {measurement.detail['step']} is not a finite number"


class ProgressStalled(Rule):
    """Only growth is a good look: while a job waits within its allowance, nothing can be said."""

    symptom = Symptom.PROGRESS_STALLED
    watches = frozenset({"progress"})

    def judge(self, measurement: Measurement) -> bool | None:
        if measurement.detail["grew"]:
            return False
        return True if measurement.detail["stalled"] else None

    def began(self, measurement: Measurement) -> float:
        return float(measurement.detail["waiting_since"])

    def summary(self, measurement: Measurement) -> str:
        waiting = measurement.at - measurement.detail["waiting_since"]
        return f"no new step after {measurement.detail['step']} for {waiting:.1f} s"


class ProgressDiverged(Rule):
    symptom = Symptom.PROGRESS_DIVERGED
    watches = frozenset({"progress"})

    def judge(self, measurement: Measurement) -> bool | None:
        return measurement.detail["diverged"] is not None

    def summary(self, measurement: Measurement) -> str:
        found = measurement.detail["diverged"]
        return f"step {found['step']} was run twice, with loss {found['was']} and then {found['now']}"
