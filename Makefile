# Openline. `make run` starts it, `make test` tests it; `make help` says the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
PORT ?= 8080
JOBS ?= 2

.PHONY: help run test lint applet lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

run: $(VENV)/.run applet  ## install what is needed and start the demo (PORT=8080)
	@exec $(BIN)/openline demo --port $(PORT)

# Each server that a test starts would compile all of our sources anew where the environment forbids to keep that.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.dev machine applet lint  ## install what the tests need and run everything (JOBS=2 at a time)
	@$(BIN)/python client_applet/build.py --check
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST)

lint: $(VENV)/.dev  ## formatting, lint, types, import floors
	@echo "lint: ruff, mypy, import floors" >&2
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "lint: run $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > $(VENV)/lint-imports.log 2>&1 || { cat $(VENV)/lint-imports.log >&2; exit 1; }

applet: $(VENV)/.run
	@$(BIN)/python client_applet/build.py

.PHONY: machine
machine: $(VENV)/.dev
	@$(BIN)/python tests/repo/machine.py

lock: $(VENV)/.dev  ## write requirements/*.txt anew from pyproject.toml
	@$(PIP) install uv
	@for set in "run --group tools" "dev --group tools --group dev" ; do set -- $$set; name=$$1; shift; \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links pyproject.toml $$@ -o requirements/$$name.txt; done
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links --group node -o requirements/node.txt

clean:  ## remove everything that was built or installed (not the demo's state in .openline)
	@rm -rf $(VENV) client_applet/node_modules client_applet/dist build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Openline needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)." >&2; \
	  echo "Install one and say which: make PYTHON=python3.12" >&2; exit 1; }
	@echo "setup: making $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/run.txt requirements/node.txt pyproject.toml
	@echo "setup: installing the server" >&2
	@$(PIP) install --require-hashes --no-deps -r requirements/run.txt
	@$(BIN)/python client_applet/build.py --has-node || $(PIP) install --require-hashes --no-deps -r requirements/node.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "setup: installing the test tools" >&2
	@$(PIP) install --require-hashes --no-deps -r requirements/dev.txt
	@touch $@
