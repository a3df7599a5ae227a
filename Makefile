# timtin: the chores. `make` alone lists them.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
ARTICLES ?= 50000
EXAMPLES ?= 1000
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help serve test test-fast lint format bench quality fuzz docs screenshot translations lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 16

serve: $(VENV)/.serve ## install, index the seed articles, serve on http://127.0.0.1:8000 (HOST, PORT, TIMTIN_DATA)
	$(BIN)/timtin index seeds
	exec $(BIN)/timtin serve --host $(HOST) --port $(PORT)

test: $(VENV)/.dev ## run the tests
	$(BIN)/pytest

test-fast: $(VENV)/.dev ## run the tests but for those that take many seconds
	$(BIN)/pytest -m "not slow"

lint: $(VENV)/.dev ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## measure speed beside other engines (ARTICLES=50000, OPENSEARCH=http://HOST:PORT; needs the data sets, see benchmarks/README.md)
	$(BIN)/python -m benchmarks.engines --articles $(ARTICLES) $(if $(OPENSEARCH),--opensearch $(OPENSEARCH))

quality: $(VENV)/.dev ## measure segmentation, ranking and corrections
	$(BIN)/python -m benchmarks.segmentation
	$(BIN)/python -m benchmarks.relevance
	$(BIN)/python -m benchmarks.corrections

fuzz: $(VENV)/.dev ## ask the API whatever its description allows, and what it does not (EXAMPLES=1000; hours)
	$(BIN)/python -m tests.api.fuzzing --examples $(EXAMPLES)

docs: $(VENV)/.dev ## regenerate the command and HTTP reference
	$(BIN)/python -m docs.generate

screenshot: $(VENV)/.dev ## take the README's picture of the search page (needs Chromium)
	$(BIN)/python -m docs.screenshot

translations: $(VENV)/.dev ## compile the catalogues of the pages' texts, and list what they lack
	$(BIN)/python -m docs.translations

lock: $(VENV)/.dev ## pin the dependencies again
	$(BIN)/pip-compile --no-header -q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras -o requirements.lock --extra build pyproject.toml
	$(BIN)/pip-compile --no-header -q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras -o requirements-opensearch.lock --extra build --extra opensearch pyproject.toml
	$(BIN)/pip-compile --no-header -q --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --strip-extras -o requirements-dev.lock --extra build --extra dev pyproject.toml

clean: ## remove what was installed and made, but not the data
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "timtin needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: requirements.lock pyproject.toml setup.py $(wildcard index/kernels/*.[ch]) | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.serve
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
