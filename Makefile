# make run     a demonstration service on this machine; needs Python 3.11 and nothing else
# make test    what must hold before a change is merged, make check included; prints what each part took
# make test-all    that, and then the rest: every case in every browser, the gallery, a short bench, the tests of tools
# make test-conditions    some tests under each condition a run may find: nohup, locales, fonts, another date
# make gallery     all screens as pictures: test-output/screens/index.html
# make bench   the numbers we promise, as a table and as bench.json
# make bench-million    what grows with a million reports, and what must not; takes half an hour and 30 GB
# make soak    the service killed a thousand times under load; takes five minutes
# make docs    re-creates docs/command-line.md from the commands' own help
# make manifest    build/manifest.json: the hashes of what a browser gets
# make pages   re-creates static/pages, what a browser runs, from static/js
# make lock    re-creates every lock      make vendor   re-creates static/vendor
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_BIN := node_modules/.bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Empty unless the machine's own node is missing or too old; see requirements/node.sh.
export PATH := $(CURDIR)/$(VENV)/node:$(PATH):/usr/sbin

.PHONY: help run test test-all test-conditions gallery check bench bench-million soak docs manifest lock vendor vendor-verify pages pages-verify clean node system
.DELETE_ON_ERROR:

help:
	@sed -n '/^# /!q;s/^# //p' Makefile

run: $(VENV)/.run
	$(BIN)/drempel demo

test: $(VENV)/.dev node_modules/.installed system
	$(BIN)/python -m tests.run gate

test-all: test
	$(BIN)/python -m tests.run rest

test-conditions: $(VENV)/.dev node_modules/.installed system
	$(BIN)/python -m tests.run.conditions

gallery: $(VENV)/.dev node_modules/.installed system
	$(BIN)/python -m pytest tests/browser/test_screens.py --gallery

check: $(VENV)/.dev node_modules/.installed
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports --no-logo
	$(NODE_BIN)/tsc --project tsconfig.json
	$(NODE_BIN)/eslint --max-warnings 0 .
	$(NODE_BIN)/prettier --check --log-level warn '**/*.js' '**/*.ts'
	@$(MAKE) --no-print-directory vendor-verify pages-verify

bench: $(VENV)/.dev node_modules/.installed system
	$(BIN)/python -m tests.bench

bench-million: $(VENV)/.dev
	$(BIN)/python -m tests.bench.million --output million.json

soak: $(VENV)/.dev
	DREMPEL_KILLS=1000 $(BIN)/python -m pytest tests/crash

docs: $(VENV)/.run
	$(BIN)/python docs/command_line.py > docs/command-line.md

manifest: $(VENV)/.run
	@mkdir -p build
	$(BIN)/drempel manifest > build/manifest.json

lock: $(VENV)/.run node
	requirements/lock.sh $(BIN)/python

vendor: node_modules/.installed
	node requirements/vendor.js static/vendor

vendor-verify: node_modules/.installed
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	node requirements/vendor.js "$$folder" && \
	for file in $$(ls "$$folder"); do \
		cmp "$$folder/$$file" "static/vendor/$$file" || { \
			echo "static/vendor/$$file is not what its packages make: make vendor" >&2; exit 1; }; \
	done

pages: node_modules/.installed
	rm -rf static/pages
	node requirements/pages.js static/pages

pages-verify: node_modules/.installed
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	node requirements/pages.js "$$folder" && \
	diff --recursive --brief "$$folder" static/pages || { \
		echo "static/pages is not what its sources make: make pages" >&2; exit 1; }

clean:
	rm -rf $(VENV) node_modules build dist test-output bench.json *.egg-info \
		.hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis
	find crypto intake tests deploy -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# A stamp is written last, so an interrupted installation is taken up again.
$(VENV)/.venv:
	@requirements/python.sh "$(PYTHON)"
	@echo "Setting up $(VENV); this takes about half a minute"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.venv requirements/run.lock requirements/build.lock pyproject.toml
	@$(PIP) --require-hashes -r requirements/run.lock -r requirements/build.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.lock
	@$(PIP) --require-hashes -r requirements/dev.lock
	@touch $@

node: $(VENV)/.venv
	@requirements/node.sh "$(CURDIR)/$(VENV)"

node_modules/.installed: package.json package-lock.json .npmrc | node
	npm ci --loglevel=error
	@touch $@

system:
	@requirements/system.sh
