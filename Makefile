# Everything here sets up what it needs by itself: Python 3.11 or newer with venv, and make, are enough.
# Another Python: make demo PYTHON=python3.12

PYTHON ?= python3
PORT ?= 8000
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
TRANSLATIONS := $(patsubst %.po,%.mo,$(wildcard donations/translations/*/LC_MESSAGES/*.po))
LOCK := $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --python-version 3.11 \
	pyproject.toml --extra build

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo tour test prove lint fmt bench lock catalog

help:  ## say what there is
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

setup: $(VENV)/.runtime $(TRANSLATIONS)  ## set up what the app needs, in .venv

setup-dev: $(VENV)/.dev $(TRANSLATIONS)

demo: setup  ## serve the demo on PORT (8000), with a stand-in for Stripe: no account anywhere, until Ctrl-C
	@$(BIN)/donations demo --port $(PORT)

tour: setup  ## the whole journey of a gift without a person; ends with 0 only if every figure agrees
	@$(BIN)/donations tour

test: setup-dev  ## run the tests; what this machine lacks is skipped by name (ARGS=... for pytest)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

prove: setup-dev  ## run the tests that have a long mark, of faults, orders and input, in full (up to an hour)
	@PROVE=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

lint: setup-dev  ## look for faults of style and type
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

fmt: setup-dev  ## put the code into the house's form
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

bench: setup-dev  ## measure webhook ingestion against the floor of this machine, and what the books and paper cost
	@$(BIN)/python -m tests.bench webhooks $(ARGS)
	@$(BIN)/python -m tests.bench ledger $(ARGS)
	@$(BIN)/python -m tests.bench dashboard $(ARGS)
	@$(BIN)/python -m tests.bench paper $(ARGS)

catalog: setup-dev  ## gather the texts to translate into donations/translations
	@$(BIN)/python -m donations.web.catalog

lock: setup-dev  ## lock the requirements anew after a change of pyproject.toml (ARGS=--upgrade for newer ones)
	@$(LOCK) $(ARGS) --output-file requirements.txt > /dev/null
	@$(LOCK) $(ARGS) --extra dev --output-file requirements-dev.txt > /dev/null

$(VENV)/.python:
	@command -v $(PYTHON) > /dev/null || { echo "There is no $(PYTHON) here. Install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), which is too old: 3.11 is needed." >&2; \
		echo "Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. On Debian: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The project itself is installed with the setuptools of the locked list, so nothing unlocked is fetched.
$(VENV)/.runtime: requirements.txt pyproject.toml | $(VENV)/.python
	@echo "Installing what the app needs ..."
	@$(PIP) install --require-hashes --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what the tests need ..."
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@touch $@

%.mo: %.po | $(VENV)/.runtime
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
