# make demo   see it work, offline            make test   run the tests, with another Python: PYTHON=… VENV=…
# make test-quick   in a developer's loop: without whole runs of the program, a tenth of the examples
# make test-long   try ten times as many examples of each property; some ten minutes
# make lint   style and types                 make fixtures   rewrite what the fixtures expect, to be reviewed
# make variants   rewrite which characters a search takes for one
# make bench  measure: crawling beside a bare spider, extraction, search on 100,000 posts, stories, importing
# make bench-quick  hold what a crawl costs in requests, statements, bytes and calls against kept values, and how time grows

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin

.PHONY: demo test test-quick test-long lint format bench bench-quick fixtures variants clean

demo: $(VENV)/installed
	$(BIN)/finews demo

test: $(VENV)/installed-test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

test-quick: $(VENV)/installed-test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m "not slow" --hypothesis-profile=quick

test-long: $(VENV)/installed-test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m hypothesis --hypothesis-profile=long

lint: $(VENV)/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed-lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/installed-bench
	$(BIN)/python tests/benchmarks/crawling.py
	$(BIN)/python tests/benchmarks/likeness.py
	$(BIN)/python tests/benchmarks/search.py
	$(BIN)/python tests/benchmarks/importing.py

bench-quick: $(VENV)/installed-corpus
	$(BIN)/python tests/benchmarks/quick.py
	$(BIN)/python tests/benchmarks/slopes.py

fixtures: $(VENV)/installed-test
	$(BIN)/python tests/fixture_pages.py

variants: $(VENV)/installed-variants
	$(BIN)/python tests/variant_characters.py

clean:
	rm -rf $(VENV) build *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# newspaper4k and trafilatura ask for the same extra of lxml in two spellings, which pips before 24 cannot resolve.
$(VENV)/installed-bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	touch $@

$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@
