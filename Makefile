# Two commands for a newcomer: `make demo` and `make test`. Only Python 3.11+, make and git needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find tourplan data -type f -not -name '*.pyc') pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow notebooks lint types imports browser office bench data clean

help:
	@echo "make demo       install in $(VENV) and plan the embedded case"
	@echo "make test       install in $(VENV) and run the tests (make test-slow: the long ones)"
	@echo "make lint types imports notebooks bench data clean"

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/package: $(VENV)/python $(SOURCES)
	$(BIN)/pip install -q --disable-pip-version-check .
	@touch $@

$(VENV)/dev: $(VENV)/python pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/package

demo: $(VENV)/package
	$(BIN)/tourplan solve --sortie sorties

test: $(VENV)/dev browser
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term

test-slow: $(VENV)/dev browser office
	$(BIN)/python -m pytest -m slow

notebooks: $(VENV)/dev
	$(BIN)/python -m pytest --nbmake notebooks

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/dev
	$(BIN)/mypy

imports: $(VENV)/dev
	$(BIN)/python -m pytest tests/test_imports.py

# Browser tests want Debian's chromium; where it may not be installed they skip and say so.
browser:
	@command -v chromium >/dev/null 2>&1 || \
		{ command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] && apt-get update -qq && \
		  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || \
		echo "chromium is not here and may not be installed: browser tests will be skipped"

# The slow tests open the workbook in LibreOffice, if it is here or may be installed.
office:
	@command -v soffice >/dev/null 2>&1 || \
		{ command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] && apt-get update -qq && \
		  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		  libreoffice-calc-nogui >/dev/null; } || \
		echo "LibreOffice is not here and may not be installed: its tests will be skipped"

bench: $(VENV)/dev
	$(BIN)/python benchmarks/command.py

data: $(VENV)/dev
	$(BIN)/python tools/build_data.py --source $(SOURCE)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
