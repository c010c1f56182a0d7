# Needs python3 (3.11 or newer), git and make. Everything else is installed into .venv, at the versions and
# hashes of requirements/lock.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where it is set, every process compiles torch anew: a quarter of a minute for each test that starts one.
unexport PYTHONDONTWRITEBYTECODE
UV_VERSION := 0.13.8
BUILD_VERSION := 1.6.1
TWINE_VERSION := 7.0.0
UV := $(BIN)/uv

.DEFAULT_GOAL := help
.PHONY: help install demo lint test test-slow test-all coverage browser bench docs screenshots package compat lock clean

help:
	@echo 'make demo       install, then audit the built-in phantom study'
	@echo 'make test       install, then style, types, layers and the fast tests (with CI=true the slow ones too)'
	@echo 'make test-all   the same, then the slow tests'
	@echo 'make coverage   the share of lines and branches of src that the fast tests run (TESTS=tests/store: that folder)'
	@echo 'make browser    Chromium for the tests of the HTML report, from apt where that is allowed'
	@echo 'make bench      what the speed claims rest on'
	@echo 'make docs       the documentation site, in build/site; needs nothing of make install'
	@echo 'make screenshots  the pictures and terminal screens of README.md and docs/, from a new phantom run'
	@echo 'make package    dist/: source archive and wheel, built and checked'
	@echo 'make compat     the wheel in new environments: lowest and newest versions, and beside another torch'
	@echo 'make lock       pin every dependency anew from pyproject.toml'
	@echo 'make clean      remove the environment and all caches, keep runs/'

install: .ready

# The code of a clone moves on under the version that was installed, so that one names no commit.
.ready: requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: xaudit needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)" >&2; \
	  echo "hint:  name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/lock.txt
	SETUPTOOLS_SCM_OVERRIDES_FOR_XAUDIT='{local_scheme="no-local-version"}' \
	  $(UV) pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .
	@touch .ready

demo: .ready
	$(BIN)/xaudit run --exit-zero

lint: .ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/test_house.py

test: lint
	$(BIN)/pytest -n 2 --dist loadfile
ifeq ($(CI),true)
	@$(MAKE) --no-print-directory browser
	@$(MAKE) --no-print-directory test-slow
endif

test-slow: .ready
	$(BIN)/pytest -m "slow and not alone" -n 2 --dist loadfile -rs
	$(BIN)/pytest -m alone -rs

test-all: test
ifneq ($(CI),true)
	@$(MAKE) --no-print-directory test-slow
endif

# Tests that take times may fail while lines are counted; the figure is printed all the same.
coverage: .ready
	$(BIN)/coverage erase
	-$(BIN)/coverage run -m pytest -n 2 --dist loadfile $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report $(if $(TESTS),--fail-under=0)

# Never fails: without a browser its tests are skipped, and the reason stands at the end of their output.
browser:
	@for name in chromium chromium-browser google-chrome; do \
	  "$$name" --version >/dev/null 2>&1 && exit 0; done; \
	if test "$$(id -u)" = 0; then sudo=; else sudo='sudo -n'; fi; \
	if command -v apt-get >/dev/null && $$sudo true 2>/dev/null; then \
	  apt="timeout 600 $$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::http::Timeout=20 -o Acquire::Retries=1"; \
	  { $$apt update && $$apt install -y --no-install-recommends chromium; } </dev/null >/dev/null 2>&1 \
	    && chromium --version >/dev/null 2>&1 && exit 0; \
	fi; \
	echo 'note: no Chromium here, and none could be installed; the tests of the HTML report in a browser are skipped' >&2

bench: .ready
	@for script in $(filter-out benchmarks/truth.py,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

docs: .venv-docs/.ready
	.venv-docs/bin/python docs/build_site.py

.venv-docs/.ready: requirements/docs.txt
	test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

screenshots: .ready
	$(BIN)/python docs/screenshots.py

package: .ready
	rm -rf dist
	$(UV) tool run --quiet --from build==$(BUILD_VERSION) pyproject-build --outdir dist
	rm -rf src/xaudit.egg-info  # it names another version than make install does, and PYTHONPATH=src would find it
	$(UV) tool run --quiet twine==$(TWINE_VERSION) check --strict dist/*

compat: .ready
	$(BIN)/python requirements/compat.py $(if $(PYTHONS),--python $(PYTHONS))

lock: .ready
	$(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --extra dicom --extra nifti --extra timm --extra onnx --extra huggingface --extra lrp --group dev -o requirements/lock.txt
	$(UV) pip compile --group pyproject.toml:docs --quiet --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -o requirements/docs.txt
	@! grep -n '://' requirements/lock.txt requirements/docs.txt || { echo 'error: the lock names an address' >&2; exit 1; }

clean:
	rm -rf $(VENV) .venv-docs .ready .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage* build dist
