"""The demo's resurge.yaml: what it protects and promises, with the ports that are free on this machine."""

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

RPO_SECONDS = 8.0
RTO_SECONDS = 10.0
DETECT_SECONDS = 3.0

_ESTATE = """\
# The estate of Resurge's demo: one small, real AI service on this machine.
version: 1
name: digits
monitor: {{every: 500ms, hash_rate: 40MB}}
prices: {{currency: USD, stored_gb_month: 0.023, moved_gb: 0.09, compute_hour: 0.40}}

repositories:
  primary: {{url: vault/primary, password_file: keys/password, mode: auto}}
  second: {{url: vault/second, copy_of: primary, password_file: keys/password, mode: auto}}

defaults:
  region: rack-1
  sensitivity: internal
  mode: auto
  objectives: {{rpo: 8s, rto: 10s, detect: 3s, tier: 2, retention: {{last: 20}}}}
  backup: {{every: 8s}}

components:
  dataset:
    kind: data-set
    sensitivity: confidential
    sources: [{{files: service/dataset, content: write-once}}]
    actions: [restore]

  metadata:
    kind: database
    sources: [{{sqlite: service/metadata.db}}]
    after_restore: [[python, -m, resurge.demo.service.registry, reconcile, service]]
    probes:
      - {{command: [python, -m, resurge.demo.service.registry, check, service], when: proof, timeout: 5s}}
    actions: [restore]

  training:
    kind: training-job
    depends_on: [dataset, metadata]
    links: [{{to: metadata, via: local}}]
    sources: [{{files: service/checkpoints, content: rolling}}]
    objectives: {{retention: {{last: 100}}}}
    backup: {{every: 8s, on_change: true, debounce: 500ms}}
    process:
      start: [python, -m, resurge.demo.service.training, service]
      folder: .
      pid_file: service/run/training.pid
      log_file: service/run/training.log
      environment: {{OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1"}}
      stop: 1s
    probes: [{{progress: service/run/progress.jsonl, stall: 2500ms, comparator: exact}}]
    actions: [restart, restore]

  model:
    kind: model
    sensitivity: confidential
    sources: [{{files: service/models, content: write-once}}]
    objectives: {{tier: 1}}
    drill:
      start:
        [python, -m, resurge.demo.service.inference, --model, "{{restored}}/digits.safetensors", --port, "{{port}}"]
      environment: {{OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1"}}
      url: "http://127.0.0.1:{{port}}/predict"
      canary: {{request: service/canary/request.json, answers: service/canary/answers.json, comparator: exact}}
    actions: [restore]

  inference:
    kind: inference-service
    depends_on: [model]
    links: [{{to: model, via: local}}]
    objectives: {{tier: 1}}
    process:
      start: [python, -m, resurge.demo.service.inference, service, --port, "{port}"]
      folder: .
      pid_file: service/run/inference.pid
      log_file: service/run/inference.log
      environment: {{OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1"}}
      stop: 1s
    probes:
      - {{http: "http://127.0.0.1:{port}/healthz", timeout: 700ms}}
      - {{metrics: "http://127.0.0.1:{port}/metrics", timeout: 700ms}}
    canary:
      url: "http://127.0.0.1:{port}/predict"
      request: service/canary/request.json
      answers: service/canary/answers.json
      comparator: exact
      timeout: 700ms
    actions: [restart]
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything of one demo lies, below one folder."""

    folder: Path

    @property
    def service(self) -> Path:
        return self.folder / "service"

    @property
    def estate(self) -> Path:
        return self.folder / "resurge.yaml"

    @property
    def primary(self) -> Path:
        return self.folder / "vault" / "primary"

    @property
    def injections(self) -> Path:
        return self.folder / "injections.jsonl"

    @property
    def controller_log(self) -> Path:
        return self.folder / "controller.log"


def write_estate(place: Place) -> None:
    """The estate, and a password that nobody has to remember: the demo's repository ends with the demo."""
    keys = place.folder / "keys"
    keys.mkdir(mode=0o700)
    password = keys / "password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24) + "\n")
    (place.folder / "vault").mkdir()
    place.estate.write_text(_ESTATE.format(port=_free_port()))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
