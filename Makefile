# make demo and make test do all the set-up they need on a machine with Python 3.11, pip and gcc.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test bars check bench docs clean

demo: $(VENV)/.runtime
	@sh packaging/system-packages.sh demo
	$(BIN)/cctrack demo --out demo-results

test: $(VENV)/.dev
	@sh packaging/system-packages.sh test
	$(BIN)/pytest -n auto

# The same bars with their full counts: hours, not minutes.
bars: $(VENV)/.dev
	@sh packaging/system-packages.sh test
	$(BIN)/pytest -m bars

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(PIP) --editable '.[bench]'
	$(BIN)/python benchmarks/reading.py
	for modality in photo xray ct; do $(BIN)/python benchmarks/totals.py $$modality 20000 24 || exit 1; done

docs: $(VENV)/.dev
	$(BIN)/mkdocs build --strict --quiet
	@echo "The guide lies in build/guide/index.html"

clean:
	rm -rf $(VENV) build dist demo-results

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(PIP) --editable '.[jpeg-lossless]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.runtime
