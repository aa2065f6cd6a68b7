# Everything people and CI do with this repository. `make` alone lists it.

# uv installs everything else. The one on PATH is used where it works; otherwise one is put into .tools/.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .tools/bin/uv)
ifneq ($(UV),uv)
UV_READY := .tools/bin/uv
endif

# `make check SYNC=:` takes the environment as it stands.
SYNC ?= $(UV) sync --frozen --quiet
SYNC_TO_RUN ?= $(UV) sync --frozen --quiet --no-dev --inexact
RUN := $(UV) run --no-sync
# Tests run in this many processes. The time limit of `make test` is meant for two cores; while one waits for a scan or a
# page, a third has work for them.
WORKERS ?= 3
PYTEST := $(RUN) pytest -n $(WORKERS) --dist worksteal --ignore tests/architecture --durations 20
NPM := $(RUN) npm --prefix web

# Where the shell forbids bytecode it is kept beside the tree: without any, each start compiles every library.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(or $(TMPDIR),/tmp)/cybervault-bytecode
endif

DATA ?= .state
CORPUS ?= ../shared/data
HOST ?= 127.0.0.1
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help run demo test test-full check check-python check-web fix bench docs screenshots corpus clean ready console chromium engines

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(UV_READY) ## start CyberVault on http://127.0.0.1:8000, all state in .state/ (HOST=, PORT=, DATA=)
	@$(SYNC_TO_RUN)
	@$(RUN) cybervault serve --host $(HOST) --port $(PORT) --data $(DATA)

demo: $(UV_READY) ## the same against made-up sources and a made-up language model: no key, no network (HOST=, PORT=)
	@$(SYNC_TO_RUN)
	@$(RUN) python -m tests.fakes.demo --host $(HOST) --port $(PORT)

check: ready check-python check-web ## the definition of green, below a minute: format, lint, types, imports, architecture

check-python: ready
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) env PYTHONPATH=src lint-imports --no-logo
	$(RUN) pytest -q tests/architecture

check-web: ready web/node_modules/.bin/tsc
	$(NPM) run --silent check
	$(RUN) env PYTHONPATH=src python -m docs.client_types --check

test: check console chromium engines ## check, then all tests with own coverage on two cores: seven to fourteen minutes by the machine (eight is the aim)
	@rm -rf .own-coverage
	OWN_COVERAGE=1 $(PYTEST) -m "not full"
	$(RUN) python -m tests.architecture.own_coverage
	$(NPM) run --silent test

test-full: check console chromium engines ## test, and the long ones: every engine, theme and language
	@rm -rf .own-coverage
	OWN_COVERAGE=1 $(PYTEST)
	$(RUN) python -m tests.architecture.own_coverage
	$(NPM) run --silent test

fix: ready web/node_modules/.bin/tsc ## format, and repair what a linter can repair
	$(RUN) ruff check --fix .
	$(RUN) ruff format .
	$(NPM) run --silent fix

bench: ready ## measure what we claim, each claim against a named peer or limit
	@found=no; for file in benchmarks/*.py; do \
		[ -e "$$file" ] || continue; found=yes; echo "== $$file"; $(RUN) env PYTHONPATH=. python "$$file"; \
	done; [ $$found = yes ] || echo "There is no benchmark yet."

docs: ready ## write the generated pages of docs/ anew, the examples in the document of the API, and the console's types
	$(RUN) env PYTHONPATH=src python -m tests.contracts.examples
	$(RUN) env PYTHONPATH=src python -m docs.generate
	@$(NPM) run --silent tools
	$(RUN) env PYTHONPATH=src python -m docs.client_types

screenshots: ready console chromium ## take the pictures of README.md and docs/ anew
	@if [ -e tests/console/screenshots.py ]; then $(RUN) python -m tests.console.screenshots; \
	else echo "There are no pictures to take yet."; fi

corpus: ready ## try the larger collections of samples that lie in CORPUS
	@if [ -e $(CORPUS)/sigma/sigma-regression.tar.xz ]; then \
		$(RUN) python -m tests.corpus.sigma_regression $(CORPUS)/sigma && $(RUN) python -m tests.corpus.golden_hits $(CORPUS)/sigma; \
	else echo "There is no collection in $(CORPUS): every case that the tests use lies in tests/cases/."; fi

clean: ## remove what builds and tests left behind; .state/ stays
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .own-coverage \
		test-output dist build src/cybervault/faces/console/dist web/node_modules web/tools/node_modules
	find src tests docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

ready: $(UV_READY)
	@$(SYNC)

# A private environment first; Debian's Python may lack venv, then pip fills the same folder without one.
.tools/bin/uv:
	@python=$$(command -v python3 || command -v python) || { echo "Install Python 3.11 or newer first." >&2; exit 1; }; \
	if ! { "$$python" -m venv .tools && .tools/bin/python -m pip install --quiet uv; } >/dev/null 2>&1; then \
		rm -rf .tools; "$$python" -m pip install --quiet --target .tools uv || true; \
	fi; \
	.tools/bin/uv --version || { \
		rm -rf .tools; \
		echo "uv could not be installed with pip. Install it as https://docs.astral.sh/uv/ says, then try again." >&2; \
		exit 1; \
	}

# The lock file may have been written for another platform's packages, then npm ci refuses and npm install helps.
web/node_modules/.bin/tsc: | ready
	@$(NPM) ci --ignore-scripts --no-audit --no-fund --silent \
		|| $(NPM) install --ignore-scripts --no-audit --no-fund --silent --no-save --no-package-lock

# An installation for development may lack the console; tests of it may not.
console: ready
	@$(RUN) python build_console.py

# Without a browser its tests are skipped and say so.
BROWSERS := chromium-headless-shell chromium chromium-browser google-chrome
APT := DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
chromium:
	@if which $(BROWSERS) 2>/dev/null | grep -q .; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing Debian's chromium for the tests of the console"; \
		{ apt-get update -qq && { $(APT) chromium-headless-shell || $(APT) chromium; }; } \
			>/dev/null || echo "chromium cannot be installed here: the tests of the console are skipped"; \
	else echo "no chromium here, and no right to install it: the tests of the console are skipped"; fi

# Engines of scans that are not part of the product; tests of one that is not there are skipped and say so.
engines: ready
	@PATH="$(CURDIR)/.tools/bin:$$PATH" $(RUN) cybervault scans engines install ssh-audit sslyze wapiti syft kingfisher prowler --data .tools \
		|| echo "engines of scans cannot be installed here: tests that need them are skipped"
	@if command -v nmap >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		{ apt-get update -qq && $(APT) nmap; } >/dev/null || echo "nmap cannot be installed here: its test is skipped"; \
	else echo "no nmap here, and no right to install it: its test is skipped"; fi
