"""A whole estate that uses every part of the format, as a person would write it."""

EXAMPLE = """\
version: 1
name: digits
state: .resurge
monitor: {every: 500ms, hash_rate: 200MB}
prices: {currency: USD, stored_gb_month: 0.023, moved_gb: 0.09, compute_hour: 0.40}
repositories:
  primary: {url: vault/primary, password_file: keys/password, mode: auto}
  second:  {url: vault/second, copy_of: primary, mode: auto}
defaults:
  region: rack-1
  mode: auto
  objectives: {rpo: 8s, rto: 10s, detect: 3s, tier: 2, retention: {last: 20}}
  backup: {every: 8s}
components:
  dataset:
    kind: data-set
    sensitivity: internal
    sources: [{files: service/dataset, content: write-once, exclude: ["*.tmp"]}]
    actions: [restore]
  metadata:
    kind: database
    sources: [{sqlite: service/metadata.db}]
    after_restore: [[python, -m, service.registry, reconcile, service]]
    probes: [{command: [python, -m, service.registry, check, service], when: proof, timeout: 5s}]
    actions: [restore]
  training:
    kind: training-job
    depends_on: [dataset, metadata]
    sources: [{files: service/checkpoints, content: rolling}]
    backup: {on_change: true, debounce: 500ms}
    process:
      start: [python, -m, service.training, --threads, 1]
      pid_file: service/run/training.pid
      log_file: service/run/training.log
      environment: {OMP_NUM_THREADS: "1", MKL_NUM_THREADS: 1}
    probes: [{progress: service/run/progress.jsonl, stall: 2500ms, comparator: tolerance, tolerance: 0.01}]
    links: [{to: metadata, via: local, address: "127.0.0.1:5432"}]
    actions: [restart, restore]
  model:
    kind: model
    sources: [{files: service/models, content: write-once}]
    drill:
      start: [python, -m, service.inference, --model, "{restored}/digits.safetensors", --port, "{port}"]
      url: "http://127.0.0.1:{port}/predict"
      canary: {request: service/canary/request.json, answers: service/canary/answers.json}
    actions: [restore]
  inference:
    kind: inference-service
    depends_on: [model]
    objectives: {rto: 5s, retention: {daily: 7}}
    process: {start: [/usr/bin/serve], folder: run, pid_file: a.pid, log_file: a.log, stop: 2s}
    probes:
      - {http: "http://127.0.0.1:8123/healthz", timeout: 700ms}
      - {metrics: "http://127.0.0.1:8123/metrics"}
      - {tcp: "127.0.0.1:8123"}
    canary: {url: "http://127.0.0.1:8123/predict", request: q.json, answers: a.json, comparator: exact}
    actions: [restart]
"""
