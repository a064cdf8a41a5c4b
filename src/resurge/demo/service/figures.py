"""What the inference server counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Figures:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "digits_requests", "Requests, by what was asked and how it was answered", ["path", "status"],
            registry=self._registry,
        )  # fmt: skip
        self._errors = Counter("digits_errors", "Requests answered with 400 or worse", registry=self._registry)
        self._latency = Histogram(
            "digits_request_seconds", "Time to answer", ["path"], registry=self._registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
        )  # fmt: skip
        self._model = Gauge("digits_model_info", "The model that is served", ["sha256"], registry=self._registry)
        self._healthy = Gauge("digits_model_loaded", "1 while the model can be served", registry=self._registry)

    def count(self, path: str, status: int, seconds: float) -> None:
        self._requests.labels(path, str(status)).inc()
        self._latency.labels(path).observe(seconds)
        if status >= 400:
            self._errors.inc()

    def page(self, served_sha256: str | None) -> bytes:
        self._model.clear()
        if served_sha256 is not None:
            self._model.labels(served_sha256).set(1)
        self._healthy.set(served_sha256 is not None)
        return generate_latest(self._registry)
