"""Examine the numbers in tensor files as soon as they settle."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from resurge.estate.model import Source
from resurge.incidents.records import Symptom
from resurge.monitoring.collectors.scanning import Signature, scan
from resurge.monitoring.measurement import Measurement
from resurge.sources.health import EXAMINED_SUFFIXES, Health, examine_tensors


class TensorCollector:
    """A file settles when two looks in a row see it the same; then it is examined, once for each change."""

    def __init__(self, component: str, source: Source, every_seconds: float) -> None:
        self.component = component
        self.name = f"tensors:{source.path}"
        self.every_seconds = every_seconds
        self._source = source
        self._last: dict[str, Signature] = {}
        self._verdicts: dict[str, tuple[Signature, Health]] = {}

    def collect(self, at: float) -> Sequence[Measurement]:
        seen = scan(self._source, suffixes=EXAMINED_SUFFIXES) or {}
        for path, signature in seen.items():
            settled = self._last.get(path) == signature
            known = self._verdicts.get(path)
            if settled and (known is None or known[0] != signature):
                self._verdicts[path] = (signature, examine_tensors(Path(path)))
        self._last = seen
        self._verdicts = {path: verdict for path, verdict in self._verdicts.items() if path in seen}
        health = {path: verdict for path, (_, verdict) in self._verdicts.items()}
        detail = {
            "not_finite": list(_with(health, Symptom.TENSOR_NOT_FINITE)),
            "malformed": list(_with(health, Symptom.TENSOR_FILE_MALFORMED)),
        }
        bad = sum(not verdict.good for verdict in health.values())
        return [Measurement(self.component, self.name, at, float(bad), detail)]


def _with(health: dict[str, Health], symptom: Symptom) -> Iterator[str]:
    return (path for path, verdict in sorted(health.items()) if verdict.symptom is symptom)
