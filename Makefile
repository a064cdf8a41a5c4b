# Everything a person or CI runs. `make` alone lists it. Set-up happens by itself, into .venv and nowhere else.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

export PYTHON
python := .venv/bin/python
workers ?= 2

.PHONY: help
help: ## this list
	@echo "Resurge: disaster recovery for AI infrastructure"
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

.PHONY: demo
demo: ready-demo ## break a real AI service in nine ways and watch it come back (SEED=7, FAULTS=none)
	@.venv/bin/resurge demo $(if $(SEED),--seed $(SEED)) $(if $(FAULTS),--faults $(FAULTS)) $(ARGS)

.PHONY: test
test: ready-test ## every test but the long proofs
	@$(python) -m pytest -m alone $(ARGS) || [ $$? = 5 ] # 5: none was selected
	@$(python) -m pytest -m "not alone and not proof" -n $(workers) --dist worksteal $(ARGS)

.PHONY: lint
lint: ready-dev ## format, lint, types, import rules
	@$(python) -m ruff format --check --quiet . || { echo "Format: run make format"; exit 1; }
	@$(python) -m ruff check --quiet .
	@$(python) -m mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo

.PHONY: check
check: lint test ## lint and test: what must pass before a change goes in

.PHONY: format
format: ready-dev ## put the code into shape
	@$(python) -m ruff format .
	@$(python) -m ruff check --fix .

.PHONY: proof
proof: ready-test ## the long proofs (minutes); their results are written to proofs/results/
	@$(python) -m pytest -m proof $(ARGS)

.PHONY: bench
bench: ready-dev ## measure speed against a peer in the same run
	@scripts/debian --for bench
	@for file in bench/bench_*.py; do $(python) "$$file" $(ARGS); done

.PHONY: lock
lock: ready-dev ## pin dependencies anew (UPGRADE=1 takes newer versions)
	@scripts/lock

.PHONY: setup
setup: ready-dev ## only make .venv with all that a developer needs

.PHONY: clean
clean: ## remove what the commands above made, .venv too
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache resurge-demo build dist
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: ready-demo ready-dev ready-test
ready-demo:
	@scripts/setup demo
ready-dev:
	@scripts/setup dev
ready-test: ready-dev
	@scripts/debian --for tests
