"""Rules about the machine."""

from resurge.incidents.records import Symptom
from resurge.monitoring.detectors.rule import Rule
from resurge.monitoring.measurement import Measurement

DISK_FULL_SHARE = 0.02
DISK_FULL_BYTES = 1 << 30


class DiskFull(Rule):
    """Both limits must be broken: 2 % of a large disk is plenty, and so is half of a tiny one."""

    symptom = Symptom.DISK_FULL
    watches = frozenset({"disk"})
    looks = 2

    def judge(self, measurement: Measurement) -> bool | None:
        free_bytes, total_bytes = measurement.detail["free_bytes"], measurement.detail["total_bytes"]
        return bool(free_bytes < DISK_FULL_BYTES and free_bytes < DISK_FULL_SHARE * total_bytes)
