# make run     a demonstration service on this machine; needs Python 3.11 and nothing else
# make test    everything that must hold; make check is its first part
# make bench   the numbers we promise, as a table and as bench.json
# make soak    the service killed a thousand times under load; takes five minutes
# make manifest    build/manifest.json: the hashes of what a browser gets
# make lock    re-creates every lock      make vendor   re-creates static/vendor
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_BIN := node_modules/.bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# In browsers a test mostly waits, so most of those run beside all others. The last come after those.
IN_BROWSERS := tests/browser tests/bench
LAST := $(wildcard tests/browser/test_files*.py tests/browser/test_inbox_files.py tests/browser/test_inbox_previews.py) tests/bench

# Empty unless the machine's own node is missing or too old; see requirements/node.sh.
export PATH := $(CURDIR)/$(VENV)/node:$(PATH):/usr/sbin

.PHONY: help run test check bench soak manifest lock vendor vendor-verify clean node system
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# //p' Makefile | head -6

run: $(VENV)/.run
	$(BIN)/drempel demo

test: $(VENV)/.dev node_modules/.installed system
	@$(MAKE) --no-print-directory check
	@rm -rf test-output/browser; mkdir -p test-output; status=0; \
	$(BIN)/python -m pytest tests/browser $(LAST:%=--ignore=%) >test-output/browsers.log 2>&1 & browsers=$$!; \
	$(BIN)/python -m pytest $(IN_BROWSERS:%=--ignore=%) || status=1; \
	node --test --test-reporter=spec $$(find tests -name '*.test.js' | sort) || status=1; \
	$(BIN)/python -m pytest $(LAST) || status=1; \
	wait $$browsers || status=1; \
	cat test-output/browsers.log; \
	exit $$status

check: $(VENV)/.dev node_modules/.installed
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports --no-logo
	$(NODE_BIN)/tsc --project tsconfig.json
	$(NODE_BIN)/eslint --max-warnings 0 .
	@$(MAKE) --no-print-directory vendor-verify

bench: $(VENV)/.dev node_modules/.installed system
	$(BIN)/python -m tests.bench

soak: $(VENV)/.dev
	DREMPEL_KILLS=1000 $(BIN)/python -m pytest tests/crash

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
