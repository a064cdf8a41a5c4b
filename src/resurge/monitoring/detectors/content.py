"""Rules about files, tensors, databases and repositories. Collectors bring proof: one look is enough."""

from typing import Any, ClassVar

from resurge.incidents.records import Symptom
from resurge.monitoring.detectors.rule import Rule
from resurge.monitoring.measurement import Measurement

MIN_ENCRYPTED_FILES = 3  # or all, where there are fewer: one file may turn random for a good reason
BURST_MIN_FILES = 10
BURST_MIN_SHARE = 0.05  # of all files of a source whose files should not change
MUTABLE_BURST_MIN_SHARE = 0.25
MUTABLE_BURST_FACTOR = 3.0  # and this much more than was ever seen there before


class _ListRule(Rule):
    """Bad when the list under `listed` in the detail holds something."""

    listed: ClassVar[str] = ""
    words: ClassVar[str] = ""

    def judge(self, measurement: Measurement) -> bool | None:
        return self.listed in measurement.detail and self._count(measurement) > 0

    def _count(self, measurement: Measurement) -> int:
        counts = measurement.detail.get("counts", {})
        return int(counts.get(self.listed, len(measurement.detail.get(self.listed, ()))))

    def detail(self, measurement: Measurement) -> dict[str, Any]:
        told: dict[str, Any] = {
            "paths": list(measurement.detail[self.listed]),
            "count": self._count(measurement),
        }
        sizes, entropies = measurement.detail.get("sizes", {}), measurement.detail.get("entropies", {})
        told["sizes"] = {path: sizes[path] for path in told["paths"] if path in sizes}
        told["entropies"] = {path: entropies[path] for path in told["paths"] if path in entropies}
        return told

    def summary(self, measurement: Measurement) -> str:
        count, paths = self._count(measurement), measurement.detail[self.listed]
        where = paths[0] if count == 1 else f"{paths[0]} and {count - 1} more"
        return f"{self.words}: {where}"


class ContentMissing(_ListRule):
    symptom = Symptom.CONTENT_MISSING
    watches = frozenset({"files", "database"})
    listed = "missing"
    words = "missing"


class ContentTruncated(_ListRule):
    symptom = Symptom.CONTENT_TRUNCATED
    watches = frozenset({"files"})
    listed = "truncated"
    words = "shorter than it was"


class ContentChanged(_ListRule):
    symptom = Symptom.CONTENT_CHANGED
    watches = frozenset({"files"})
    listed = "changed"
    words = "other content than it had"


class EntropyJump(_ListRule):
    symptom = Symptom.ENTROPY_JUMP
    watches = frozenset({"files"})
    listed = "encrypted"
    words = "looks encrypted, and did not before"

    def judge(self, measurement: Measurement) -> bool | None:
        known = int(measurement.detail["known"])
        return self._count(measurement) >= max(1, min(MIN_ENCRYPTED_FILES, known))


class ChangeBurst(Rule):
    """Files that may change are judged against the most that was ever seen there; others need no history."""

    symptom = Symptom.CHANGE_BURST
    watches = frozenset({"files"})

    def judge(self, measurement: Measurement) -> bool | None:
        recent, known = measurement.detail["recent"], max(1, measurement.detail["known"])
        share = recent / known
        if not measurement.detail["mutable"]:
            return bool(recent >= BURST_MIN_FILES and share >= BURST_MIN_SHARE)
        most = self._memory.get(measurement.name, 0)
        bad = share >= MUTABLE_BURST_MIN_SHARE and recent >= max(BURST_MIN_FILES, most * MUTABLE_BURST_FACTOR)
        if not bad:
            self._memory[measurement.name] = max(most, recent)
        return bool(bad)

    def detail(self, measurement: Measurement) -> dict[str, Any]:
        recent, known = measurement.detail["recent"], measurement.detail["known"]
        paths = list(measurement.detail["recent_paths"])
        return {"paths": paths, "count": recent, "known": known, "share": round(recent / max(1, known), 4)}

    def summary(self, measurement: Measurement) -> str:
        recent, known = measurement.detail["recent"], measurement.detail["known"]
        return f"{recent} of {known} files changed or vanished within seconds"


class TensorNotFinite(_ListRule):
    symptom = Symptom.TENSOR_NOT_FINITE
    watches = frozenset({"tensors"})
    listed = "not_finite"
    words = "holds NaN or infinity"


class TensorFileMalformed(_ListRule):
    symptom = Symptom.TENSOR_FILE_MALFORMED
    watches = frozenset({"tensors"})
    listed = "malformed"
    words = "is no well-formed tensor file"


class DatabaseDamaged(_ListRule):
    symptom = Symptom.DATABASE_DAMAGED
    watches = frozenset({"database"})
    listed = "damaged"

    def summary(self, measurement: Measurement) -> str:
        return str(measurement.detail["summary"])


class RepositoryMissing(Rule):
    """Two looks: a network folder that is mounted again in between was not lost."""

    looks = 2
    symptom = Symptom.REPOSITORY_MISSING
    watches = frozenset({"repository"})

    def judge(self, measurement: Measurement) -> bool | None:
        return bool(measurement.detail["gone"])


class RepositoryDamaged(_ListRule):
    """Two looks: an object that is being forgotten is gone a moment before the news of it arrives."""

    symptom = Symptom.REPOSITORY_DAMAGED
    watches = frozenset({"repository"})
    listed = "damaged"
    words = "objects missing or damaged"
    looks = 2

    def judge(self, measurement: Measurement) -> bool | None:
        return None if measurement.detail["gone"] else super().judge(measurement)
