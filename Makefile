# Needs python3 (3.11 or newer), git and make. Everything else is installed into .venv, at the versions and
# hashes of requirements/lock.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where it is set, every process compiles torch anew: a quarter of a minute for each test that starts one.
unexport PYTHONDONTWRITEBYTECODE
UV_VERSION := 0.13.8
UV := $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: help install demo lint test test-slow test-all bench lock clean

help:
	@echo 'make demo       install, then audit the built-in phantom study'
	@echo 'make test       install, then style, types, layers and the fast tests (with CI=true the slow ones too)'
	@echo 'make test-all   the same, then the slow tests'
	@echo 'make bench      what the speed claims rest on'
	@echo 'make lock       pin every dependency anew from pyproject.toml'
	@echo 'make clean      remove the environment and all caches, keep runs/'

install: .ready

.ready: requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: xaudit needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)" >&2; \
	  echo "hint:  name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/lock.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .
	@touch .ready

demo: .ready
	$(BIN)/xaudit run --exit-zero

lint: .ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest -n 2 --dist loadfile
ifeq ($(CI),true)
	$(BIN)/pytest -m slow
endif

test-slow: .ready
	$(BIN)/pytest -m slow

test-all:
	$(MAKE) test CI=true

bench: .ready
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

lock: .ready
	$(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --extra dicom --extra nifti --group dev -o requirements/lock.txt
	@! grep -n '://' requirements/lock.txt || { echo 'error: the lock names an address' >&2; exit 1; }

clean:
	rm -rf $(VENV) .ready .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
