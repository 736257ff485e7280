# `make` alone shows the targets. Each sets itself up; everything lands in .venv and model/.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PORT ?= 3000
# pytest's own words: make test ARGS="tests/unit -k csv"
ARGS ?=
export JOBLIB_MULTIPROCESSING := 0

VENV := .venv
PYTHON := $(VENV)/bin/python
# Each stamp says that one requirements file is installed as it is now.
SERVE_STAMP := $(VENV)/.installed-function
TEST_STAMP := $(VENV)/.installed-tests

.PHONY: help
help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: serve
serve: $(SERVE_STAMP) model/manifest.json ## answer HTTP through the Lambda handler, on this machine alone (PORT=3000)
	@$(PYTHON) -m function serve --port $(PORT)

.PHONY: train
train: $(SERVE_STAMP) ## make the example bundle in model/ anew
	@$(PYTHON) -m training

.PHONY: test
test: $(TEST_STAMP) ## run every test (what needs Docker is skipped without it, and fails with CI=true)
	@$(PYTHON) -m pytest $(ARGS)

.PHONY: check
check: $(TEST_STAMP) ## style and types
	@echo "ruff" && $(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@echo "mypy" && $(VENV)/bin/mypy

.PHONY: image
image: ## build the container image ml-model-deployer
	docker build -t ml-model-deployer .

.PHONY: lock
lock: $(TEST_STAMP) ## pin the newest releases that pyproject.toml allows, with hashes
	@for lock in "tests --group dev" "function -c tests/requirements.txt"; do \
	  set -- $$lock; folder=$$1; shift; echo "locking $$folder/requirements.txt"; \
	  $(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.13 --generate-hashes --no-header \
	    pyproject.toml "$$@" -o $$folder/requirements.txt || exit 1; done

.PHONY: clean
clean: ## remove what the targets made
	rm -rf $(VENV) model .aws-sam .mypy_cache .pytest_cache .ruff_cache

$(PYTHON):
	@echo "making $(VENV) with Python $$(cat .python-version)"
	@if command -v uv >/dev/null; then uv venv --quiet --seed --python "$$(cat .python-version)" $(VENV); \
	elif command -v python3.13 >/dev/null; then python3.13 -m venv $(VENV); \
	elif python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then python3 -m venv $(VENV); \
	else echo "Python 3.13 is needed: install it, or uv, which brings it." >&2; exit 1; fi

$(SERVE_STAMP): function/requirements.txt | $(PYTHON)
	@echo "installing function/requirements.txt (about a minute)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r $<
	@touch $@

$(TEST_STAMP): tests/requirements.txt | $(PYTHON)
	@echo "installing tests/requirements.txt (one to three minutes)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r $<
	@touch $@ $(SERVE_STAMP)

model/manifest.json:
	@test -x $(PYTHON) && echo "making the example bundle in model/"
	@$(PYTHON) -m training
