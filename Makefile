# One command per purpose; each does its own set-up, and a second run finds it done.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
SETUP := requirements/setup
PYTEST := $(BIN)/python -m pytest
CHECKED := $(wildcard app simulator tests bench migrations wsgi.py)
TEMPLATES := $(wildcard templates simulator/templates)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
## More words for pytest, such as PYTEST_ARGS="-k expired -x"
PYTEST_ARGS ?=
## Processes that run tests side by side
JOBS ?= 2
## Folder with Atlassian's published OpenAPI documents, for `make contract`
OPENAPI_DIR ?= ../shared/reference/openapi
## Folder with payloads that nobody here wrote, for `make samples`
SAMPLES_DIR ?= ../shared/reference/samples
## Seconds that `make fuzz` runs
FUZZ_SECONDS ?= 600

# What is compiled once is kept, whoever calls: the demonstration, the tests and the measurements start the product again and again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test interop lint fix bench contract samples fuzz migration lock check

help: ## Say what each command does
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 } \
	  /^## / { said = substr($$0, 4) } /^[A-Z_]+ \?= ?/ { split($$0, part, " "); \
	  settings = settings sprintf("  %-15s %s\n", part[1], said) } END { printf "\nSettings:\n%s", settings }' Makefile

setup: ## Install everything that developing and testing need
	@$(SETUP) test

demo: ## Start Portico with example content on http://localhost:8000 (PORT=… to change)
	@$(SETUP) demo
	@exec $(BIN)/python -m app.cli demo

test: ## Lint, then run the whole suite on SQLite and again on PostgreSQL
	@$(SETUP) test
	@$(MAKE) --no-print-directory check
	@echo "== tests on SQLite"
	@TEST_DATABASE=sqlite $(PYTEST) -n $(JOBS) --dist worksteal $(PYTEST_ARGS)
	@echo "== tests on PostgreSQL"
	@TEST_DATABASE=postgresql $(PYTEST) -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

interop: ## Run the portal as installed with real peers (identity providers, clients, Redis, PostgreSQL)
	@$(SETUP) interop
	@echo "== tests against real peers"
	@$(PYTEST) tests/interop -n $(JOBS) --dist loadgroup $(PYTEST_ARGS)

lint: ## Check style, types, import contracts and templates
	@$(SETUP) test
	@$(MAKE) --no-print-directory check

check:
	@echo "== ruff"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@echo "== mypy"
	@$(BIN)/mypy $(CHECKED)
	@echo "== import contracts"
	@$(BIN)/lint-imports
	@echo "== templates"
	@[[ -z "$(TEMPLATES)" ]] || $(BIN)/djlint $(TEMPLATES) --lint --quiet

fix: ## Repair what the linters can repair themselves
	@$(SETUP) test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: ## Measure, and print the figures beside the published ones
	@$(SETUP) interop
	@$(BIN)/python -m bench

contract: ## Check the simulator's answers against Atlassian's documents (OPENAPI_DIR=…)
	@$(SETUP) test
	@[[ -d "$(OPENAPI_DIR)" ]] || { echo "make contract: there is no folder $(OPENAPI_DIR); name one with OPENAPI_DIR=…" >&2; exit 2; }
	@OPENAPI_DIR="$(abspath $(OPENAPI_DIR))" $(PYTEST) tests/contract $(PYTEST_ARGS)

samples: ## Read payloads that nobody here wrote, each of them or with a sentence why not (SAMPLES_DIR=…)
	@$(SETUP) test
	@[[ -d "$(SAMPLES_DIR)" ]] || { echo "make samples: there is no folder $(SAMPLES_DIR); name one with SAMPLES_DIR=…" >&2; exit 2; }
	@SAMPLES_DIR="$(abspath $(SAMPLES_DIR))" $(PYTEST) tests/samples -rA --no-header $(PYTEST_ARGS)

fuzz: ## Give the parsers random input for ten minutes (FUZZ_SECONDS=…)
	@$(SETUP) fuzz
	@$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

migration: ## Write a migration from the difference between models and database: make migration m="add share links"
	@$(SETUP) test
	@[[ -n "$(m)" ]] || { echo 'make migration: say what changes, as in make migration m="add share links"' >&2; exit 2; }
	@$(BIN)/python -m app.cli migration "$(m)"

lock: ## Write requirements/*.txt anew from pyproject.toml (UPGRADE=1 takes newer releases)
	@$(SETUP) base
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group pyproject.toml:setup -o requirements/setup.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group pyproject.toml:node -o requirements/node.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements/base.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml --extra dev -c requirements/base.txt -o requirements/dev.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml --extra dev --extra fuzz -c requirements/dev.txt -o requirements/fuzz.txt
