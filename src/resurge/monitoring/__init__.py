"""From looking at the estate to alerts that a person believes."""

from resurge.monitoring.alerts import AlertBook, Cleared
from resurge.monitoring.examine import examine
from resurge.monitoring.measurement import Collector, Detector, FileNorm, Measurement
from resurge.monitoring.watcher import Watcher

__all__ = ["AlertBook", "Cleared", "Collector", "Detector", "FileNorm", "Measurement", "Watcher", "examine"]
