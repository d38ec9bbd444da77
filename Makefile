# `make demo` and `make test` are all the set-up there is: they build .venv with what pyproject.toml asks for.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal

# Where bytecode isn't written, each process of a run compiles all tests, and each command all of ours.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-all torture lint dist bench pictures clean

demo: $(VENV)/.installed
	@$(BIN)/opencode-migrator demo

# what a change is judged by in daily work
test: $(VENV)/.installed
	$(PYTEST) -m 'not long'

# and the long rounds: older opencodes, a kill at every step, laws with many examples, every way to lose a session
test-all: test
	$(PYTEST) -m long

# hostile things for ten minutes, of which `make test` does the first few: docs/torture.md
torture: $(VENV)/.installed
	$(BIN)/python -m tests.torture $(TORTURE)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# sdist and wheel in dist/, built and then checked as whoever installs them does; `make test-all` checks them too
dist: $(VENV)/.installed
	rm -rf dist
	$(BIN)/python -m build
	OPENCODE_MIGRATOR_DIST=$(CURDIR)/dist $(BIN)/python -m pytest tests/release

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks

# those of README, from the sessions of the demo; chromium is needed
pictures: $(VENV)/.installed
	$(BIN)/python -m tests.support.pictures

clean:
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed, as in: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
