"""A Prometheus page: it must answer and parse, and its samples are kept as measurements."""

import math
from collections.abc import Sequence

from prometheus_client.parser import text_string_to_metric_families

from resurge.estate.model import Probe, Process
from resurge.monitoring.collectors.probes import ProbeCollector, ask_http
from resurge.monitoring.collectors.web import Exchange
from resurge.monitoring.measurement import Measurement

MAX_SAMPLES = 2_000  # of one page; more is a mistake in the service, and is cut off and said
SKIPPED_SUFFIXES = ("_created", "_bucket")  # histogram buckets would multiply the series for little


class MetricsCollector:
    def __init__(self, component: str, probe: Probe, every_seconds: float, process: Process | None) -> None:
        self.component = component
        self.name = f"probe:{probe.target}"
        self.every_seconds = every_seconds
        self._probe = probe
        self._samples: list[tuple[str, float]] = []
        self._asking = ProbeCollector(component, self.name, self._ask, every_seconds, process)

    def collect(self, at: float) -> Sequence[Measurement]:
        self._samples = []
        told = list(self._asking.collect(at))
        return told + [Measurement(self.component, f"metric:{name}", at, value) for name, value in self._samples]

    def _ask(self) -> Exchange:
        answer = ask_http(self._probe)
        if answer.outcome != "ok":
            return answer
        try:
            self._samples = read_samples(answer.body.decode())
        except ValueError as error:
            problem = f"its page cannot be parsed: {error}"
            return Exchange("failed", answer.seconds, answer.status, problem=problem)
        return answer


def read_samples(page: str) -> list[tuple[str, float]]:
    """`name{label="value"}` and its number, where that is finite. Raises ValueError if it does not parse."""
    samples: list[tuple[str, float]] = []
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name.endswith(SKIPPED_SUFFIXES) or not math.isfinite(sample.value):
                continue
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
            samples.append((f"{sample.name}{{{labels}}}" if labels else sample.name, float(sample.value)))
            if len(samples) == MAX_SAMPLES:
                samples.append(("resurge_samples_cut_off", 1.0))
                return samples
    return samples
