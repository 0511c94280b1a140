# make demo         see the program at work, offline
# make test-quick   while you work: without whole runs of the program, a tenth of the examples; four minutes
# make test         all tests; WORKERS=4 for more at once, PYTHON=… VENV=… for another Python
# make test-newest  what CI tests on the newest Python: neither whole runs nor properties
# make test-long    ten times as many examples of each property; about ten minutes
# make lint         check style and types              make format    mend the style
# make fixtures     rewrite what the tests expect of each page; read the diff before you commit it
# make variants     rewrite the table of characters that a search treats as the same
# make languages    take new messages of the program into its catalogs in crawler/locale, and compile these
# make bench        measure crawling beside other tools, extraction, stories, search on 100,000 posts, importing, and
#                   serving (with wrk)
# make recipes      run the recipes of docs/sql.md for pandas, DuckDB and Datasette, which it installs
# make bench-quick  compare what a crawl costs in requests, statements, bytes and calls with recorded values, and
#                   check how the time grows with the size of a page

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin

.PHONY: demo test test-quick test-newest test-long recipes lint format bench bench-quick fixtures variants languages clean

demo: $(VENV)/installed-web
	$(BIN)/finews demo

test: $(VENV)/installed-test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

test-quick: $(VENV)/installed-test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m "not slow" --hypothesis-profile=quick

test-newest: $(VENV)/installed-test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m "not slow and not hypothesis"

test-long: $(VENV)/installed-test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m hypothesis --hypothesis-profile=long

recipes: $(VENV)/installed-test $(VENV)/installed-recipes
	$(BIN)/python -m pytest tests/recipes.py

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
	mkdir -p build && rm -f build/bench.db*
	$(BIN)/python tests/benchmarks/search.py --keep build/bench.db
	$(BIN)/python tests/benchmarks/serving.py --keep build/bench.db --seconds 8
	rm -f build/bench.db*
	$(BIN)/python tests/benchmarks/importing.py

bench-quick: $(VENV)/installed-corpus
	$(BIN)/python tests/benchmarks/quick.py
	$(BIN)/python tests/benchmarks/slopes.py

fixtures: $(VENV)/installed-test
	$(BIN)/python tests/fixture_pages.py

variants: $(VENV)/installed-variants
	$(BIN)/python tests/variant_characters.py

languages: $(VENV)/installed-test
	$(BIN)/python tests/catalogs.py

clean:
	rm -rf $(VENV) build *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# newspaper4k and trafilatura spell the same extra of lxml differently, which pip before version 24 cannot resolve.
$(VENV)/installed-bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	touch $@

$(VENV)/installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@
