# Two commands are all anybody needs: `make demo` and `make test`. They set up what they use.
# CONTRIBUTING.md explains each target.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed
BENCH_VENV := .state/bench-venv
BENCH_STAMP := $(BENCH_VENV)/.installed
NPM := $(shell command -v npm)
# What needs Node: the AWS SDK for JavaScript, the CDK and the Serverless Framework, for the tests.
NODE_FOLDERS := tests/e2e/js examples/cdk_typescript examples/serverless_framework
NODE_STAMPS := $(NODE_FOLDERS:%=%/node_modules/.installed)
# The CDK for Python is large and talks to Node: its apps have an environment of their own.
CDK_VENV := .state/cdk-venv
CDK_STAMP := $(CDK_VENV)/.installed
# The AWS SAM CLI pins what we use too, to other versions: an environment of its own as well.
SAM_VENV := .state/sam-venv
SAM_STAMP := $(SAM_VENV)/.installed
# One worker per core of a small machine; a file's tests stay together, so module fixtures start once.
TEST_OPTIONS ?= -n 2 --dist loadfile
TEST ?= tests
BENCH_OPTIONS ?=
CHECKS := lint types test
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate

# The demo and the tests start many servers: without bytecode on the disk each would compile all
# modules anew, which is most of a start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo seeds test check check-targets format lint types bench conformance-floor lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1\t\2/p' Makefile | expand -t 26

demo: $(RUN_STAMP)  ## set up, start Stepwell, run the callback workflow and show what happened
	$(VENV)/bin/stepwell demo

test: $(DEV_STAMP) $(if $(NPM),$(NODE_STAMPS) $(CDK_STAMP)) $(SAM_STAMP)  ## set up and run all tests (TEST=path narrows it)
	$(VENV)/bin/python -m pytest $(TEST_OPTIONS) $(TEST)

seeds: $(RUN_STAMP)  ## run the example apps, each on a server of its own (NAMES="..." narrows it)
	$(VENV)/bin/python -m examples $(NAMES)

check: $(CHECKS)  ## everything CI checks: format, lint, types, tests

check-targets:
	@echo $(CHECKS)

lint: $(DEV_STAMP)  ## formatter and linter, without changing anything
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

types: $(DEV_STAMP)  ## strict type check of product, tests, tools and bench
	$(VENV)/bin/mypy --strict

format: $(DEV_STAMP)  ## let the formatter decide the layout and fix what the linter can fix
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

bench: $(DEV_STAMP) $(BENCH_STAMP)  ## load scenarios against Stepwell and the ceiling probe, in turns
	$(VENV)/bin/python -m bench.compare --tools-python $(BENCH_VENV)/bin/python $(BENCH_OPTIONS)

conformance-floor: $(DEV_STAMP)  ## play the recorded AWS cases and raise the floor to what passes
	$(VENV)/bin/python -m tests.conformance.floor

lock: $(DEV_STAMP)  ## resolve the dependencies again and write requirements/*.lock
	$(COMPILE) pyproject.toml --extra postgres --extra demo --group build \
		--output-file requirements/run.lock
	$(COMPILE) pyproject.toml --all-extras --group dev --constraint requirements/run.lock \
		--output-file requirements/dev.lock
	$(COMPILE) --group pyproject.toml:bench --constraint requirements/run.lock \
		--output-file requirements/bench.lock
	$(COMPILE) --group pyproject.toml:cdk --output-file requirements/cdk.lock
	$(COMPILE) --group pyproject.toml:sam --output-file requirements/sam.lock

clean:  ## remove everything the other targets made
	rm -rf $(VENV) .state $(NODE_FOLDERS:%=%/node_modules) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The package itself is installed last, editable and without isolation, so that nothing but the
# locked files is ever fetched.
$(RUN_STAMP): requirements/run.lock pyproject.toml
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Stepwell needs into $(VENV) ..."
	@$(PIP) install --require-hashes --requirement requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements/dev.lock $(RUN_STAMP)
	@echo "Installing what the tests and checks need into $(VENV) ..."
	@$(PIP) install --require-hashes --requirement requirements/dev.lock
	@touch $@

%/node_modules/.installed: %/package-lock.json
	@echo "Installing what $* needs from npm ..."
	@cd $* && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(CDK_STAMP): requirements/cdk.lock
	@echo "Installing the CDK for Python into $(CDK_VENV) ..."
	@test -x $(CDK_VENV)/bin/python || $(PYTHON) -m venv $(CDK_VENV)
	@$(CDK_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile \
		--require-hashes --requirement requirements/cdk.lock
	@touch $@

$(SAM_STAMP): requirements/sam.lock
	@echo "Installing the AWS SAM CLI into $(SAM_VENV) ..."
	@test -x $(SAM_VENV)/bin/python || $(PYTHON) -m venv $(SAM_VENV)
	@$(SAM_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --no-compile \
		--no-deps --require-hashes --requirement requirements/sam.lock
	@touch $@

$(BENCH_STAMP): requirements/bench.lock
	@test -x $(BENCH_VENV)/bin/python || $(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip --disable-pip-version-check --quiet install \
		--require-hashes --requirement requirements/bench.lock
	@touch $@
