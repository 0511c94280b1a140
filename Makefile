# make demo   see it work, offline            make test   run the tests
# make lint   style and types                 make fixtures   rewrite what the fixtures expect, to be reviewed
# make bench  measure: search on 100,000 posts, how well one story is recognised, importing 20,000 posts

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint format bench fixtures clean

demo: $(VENV)/installed
	$(BIN)/finews demo

test: $(VENV)/installed-test
	$(BIN)/python -m pytest

lint: $(VENV)/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed-lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/installed-bench
	$(BIN)/python tests/benchmarks/likeness.py
	$(BIN)/python tests/benchmarks/search.py
	$(BIN)/python tests/benchmarks/importing.py

fixtures: $(VENV)/installed-test
	$(BIN)/python tests/fixture_pages.py

clean:
	rm -rf $(VENV) build *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@
