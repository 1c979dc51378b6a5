# Two commands set everything up on a fresh machine: `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
# The first interpreter on PATH that is new enough.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	command -v $$python >/dev/null && $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	echo $$python && break; done)

##@ Use
.PHONY: demo
demo: $(VENV)/.compiled ## Simulate a trading day, run the whole pipeline on it, say where to look
	$(BIN)/fixlake demo
	@echo "To call fixlake by its name: source $(VENV)/bin/activate"

.PHONY: serve
serve: $(VENV)/.compiled ## Start a local Prefect server with every deployment
	$(BIN)/fixlake serve

##@ The stack
.PHONY: stack
stack: $(VENV)/.compiled stack-tools ## Start every service as a plain process; in containers: docker compose up --build
	$(BIN)/fixlake stack up

.PHONY: stack-tools
stack-tools: ## Build MinIO and install Superset into the cache of this machine, once: some four minutes
	minio="$(TOOLS)/minio/$$(deployments/minio/build.sh --version)/minio"; [ -x "$$minio" ] || deployments/minio/build.sh "$$minio"
	deployments/superset/install.sh "$(TOOLS)/superset/$$(deployments/superset/install.sh --version)"

TOOLS := $(or $(FIXLAKE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/fix-lakehouse)

.PHONY: secrets
secrets: ## Generate the secrets that the containers use; those that are there stay
	deployments/secrets/generate.sh "$(SECRETS)"

SECRETS ?= secrets

##@ Develop
.PHONY: test
test: $(VENV)/.dev $(VENV)/.compiled ## Run all tests, against real MinIO, PostgreSQL and Prefect
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder -m "not benchmark and not stack"

# Most tests wait for a service; each process has servers of its own, some 2 GB of them.
TEST_PROCESSES ?= 2

.PHONY: test-stack
test-stack: $(VENV)/.dev $(VENV)/.compiled stack-tools ## Run the whole stack, in containers and as processes, and watch it in a browser
	$(BIN)/pytest -m stack

.PHONY: bench
bench: $(VENV)/.dev ## Measure the parser beside others and write docs/benchmarks.md; BENCH_SCALE=0.1 is quicker
	PYTHONPATH=tests/benchmarks $(BIN)/python -m fixbench --scale $(BENCH_SCALE) --out $(BENCH_OUT)
	$(BIN)/pytest -q -m benchmark tests/benchmarks

BENCH_SCALE ?= 1
BENCH_OUT ?= docs

.PHONY: fuzz
fuzz: $(VENV)/.dev ## Feed the parser a million mutated logs; FUZZ_INPUTS=10000 is quicker, FUZZ_SEED=2 makes others
	$(BIN)/python -m tests.fuzz --inputs $(FUZZ_INPUTS) --seed $(FUZZ_SEED)

FUZZ_INPUTS ?= 1000000
FUZZ_SEED ?= 1

.PHONY: check
check: $(VENV)/.dev ## Lint, type-check, lint the models, compare everything derived with its declaration
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar dbt/models dbt/data_tests
	$(BIN)/fixlake tables generate --check

.PHONY: generate
generate: $(VENV)/.runtime ## Write dbt sources, seeds and table pages from the declarations
	$(BIN)/fixlake tables generate

.PHONY: format
format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: $(VENV)/.dev ## Resolve the dependencies again and write the lock files
	$(BIN)/pip install --quiet uv
	echo pip | $(BIN)/uv $(LOCK) - -o requirements-pip.lock
	$(BIN)/uv $(LOCK) pyproject.toml --extra build -o requirements.lock
	$(BIN)/uv $(LOCK) pyproject.toml --extra build --extra dev --constraint requirements.lock -o requirements-dev.lock
	$(BIN)/uv $(LOCK) $(SUPERSET_DATES) deployments/superset/requirements.in -o deployments/superset/requirements.lock

# Superset says of few packages how new they may be: as of the day after its release, and the DuckDB that we write with.
SUPERSET_DATES = --exclude-newer 2026-05-14 --exclude-newer-package duckdb=2026-07-23

LOCK = pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-strip-extras

##@ House
.PHONY: setup
setup: $(VENV)/.dev ## Create the environment with everything a developer needs

.PHONY: clean
clean: ## Remove the environment, caches and the demo's home
	rm -rf $(VENV) lakehouse dbt/target dbt/logs .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: help
help: ## Show this
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*##/ {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; found: $$(python3 --version 2>&1)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
# An older pip cannot check hashes of packages with extras.
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-pip.lock

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The compiled decoder, so that the first long log is read by it from the start.
$(VENV)/.compiled: $(wildcard $(foreach folder,fix tables,$(addprefix fix_transforms/$(folder)/,*.py */*.py))) $(VENV)/.runtime
	@echo "Compiling the decoder, once for this version: some 15 seconds"
	$(BIN)/python -m fix_transforms.fix.scanner
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
