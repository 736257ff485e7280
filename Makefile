# `make` alone shows the targets. Each sets itself up; everything lands in .venv and model/.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PORT ?= 3000
# A stage of the Dockerfile: data, or full for bundles that need scikit-learn.
TARGET ?= data
# pytest's own words, or those of bench: make test ARGS="tests/unit -k csv"
ARGS ?=
SBOM ?= sbom.cdx.json
# `make lock UPGRADE=` keeps each pin that still fits.
UPGRADE ?= --upgrade
export JOBLIB_MULTIPROCESSING := 0

VENV := .venv
PYTHON := $(VENV)/bin/python
# Each stamp says that one requirements file is installed as it is now.
SERVE_STAMP := $(VENV)/.installed-training
TEST_STAMP := $(VENV)/.installed-tests
POLICY_STAMP := $(VENV)/.installed-checkov
CLIENTS_STAMP := $(VENV)/.installed-clients

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
test: $(TEST_STAMP) $(POLICY_STAMP) $(CLIENTS_STAMP) ## run every test (those of Docker and Chromium are skipped without them, and fail with CI=true)
	@$(PYTHON) -m pytest $(ARGS)

.PHONY: unit
unit: $(TEST_STAMP) ## run the quick tests of tests/unit, those not marked slow, on two processors
	@$(PYTHON) -m pytest tests/unit -m "not slow" --hypothesis-profile quick -n 2 --dist worksteal $(ARGS)

.PHONY: check
check: $(TEST_STAMP) ## style and types
	@echo "ruff" && $(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@echo "mypy" && $(VENV)/bin/mypy

.PHONY: image
image: ## build the container image ml-model-deployer:data (TARGET=full has scikit-learn)
	docker build --target $(TARGET) -t ml-model-deployer:$(TARGET) .

.PHONY: rehearse
rehearse: $(TEST_STAMP) ## deploy to a registry and a cloud on this machine, and send an event through (Docker)
	@$(PYTHON) -m tools.rehearsal

.PHONY: sbom
sbom: $(TEST_STAMP) ## list the image's Python packages in sbom.cdx.json (CycloneDX)
	@$(VENV)/bin/cyclonedx-py requirements function/requirements.txt --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --of JSON -o $(SBOM) && echo "wrote $(SBOM)"

.PHONY: bench
bench: $(TEST_STAMP) ## measure everything against its peers, about ten minutes (ARGS="--quick" for a look)
	@$(PYTHON) -m benchmarks $(ARGS)

.PHONY: lock
lock: $(TEST_STAMP) ## pin the newest releases that pyproject.toml allows, with hashes
	@rest="pyproject.toml -c tests/requirements.txt"; \
	for lock in "tests/requirements.txt pyproject.toml --extra scikit-learn --group training --group dev --group bench" \
	  "training/requirements.txt $$rest --extra scikit-learn --group training" \
	  "function/requirements.txt $$rest --extra scikit-learn" "function/runtimes/data.txt $$rest" \
	  "tests/checkov.txt --group policy" "tests/clients.txt --group clients"; do \
	  set -- $$lock; file=$$1; shift; echo "locking $$file"; \
	  $(VENV)/bin/uv pip compile --quiet $(UPGRADE) --universal --python-version 3.13 --generate-hashes --no-header \
	    "$$@" -o $$file || exit 1; done

.PHONY: clean
clean: ## remove what the targets made
	rm -rf $(VENV) model .aws-sam .mypy_cache .pytest_cache .ruff_cache

$(PYTHON):
	@echo "making $(VENV) with Python $$(cat .python-version)"
	@if command -v uv >/dev/null; then uv venv --quiet --seed --python "$$(cat .python-version)" $(VENV); \
	elif command -v python3.13 >/dev/null; then python3.13 -m venv $(VENV); \
	elif python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then python3 -m venv $(VENV); \
	else echo "Python 3.13 is needed: install it, or uv, which brings it." >&2; exit 1; fi

# To serve is to make a bundle first, where there is none.
$(SERVE_STAMP): training/requirements.txt | $(PYTHON)
	@echo "installing training/requirements.txt (about a minute)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r $<
	@touch $@

$(TEST_STAMP): tests/requirements.txt | $(PYTHON)
	@echo "installing tests/requirements.txt (one to three minutes)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r $<
	@touch $@ $(SERVE_STAMP)

# In an environment inside the other: it pins what the others need newer.
$(POLICY_STAMP): tests/checkov.txt | $(PYTHON)
	@echo "installing tests/checkov.txt (about a minute)"
	@$(PYTHON) -m venv $(VENV)/checkov
	@$(VENV)/checkov/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r $<
	@touch $@

# As at those who call the function. MLServer says that it wants an older Python; its types do not mind.
$(CLIENTS_STAMP): tests/clients.txt | $(PYTHON)
	@echo "installing tests/clients.txt (about a minute)"
	@$(PYTHON) -m venv $(VENV)/clients
	@$(VENV)/clients/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: \
	  --ignore-requires-python -r $<
	@touch $@

model/manifest.json:
	@test -x $(PYTHON) && echo "making the example bundle in model/"
	@$(PYTHON) -m training
