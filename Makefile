# `make` lists what there is. A machine needs Python 3.11+, make, and the package registries once.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/
.DEFAULT_GOAL := help
.PHONY: help setup test check

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## install everything into .venv

$(VENV)/.installed: pyproject.toml uv.lock
	@test -x $(RUN)python || $(PYTHON) -m venv $(VENV)
	@$(RUN)python -m pip install --quiet --disable-pip-version-check uv
	@$(RUN)uv sync --quiet --frozen --inexact
	@touch $@

test: setup ## the tests
	$(RUN)pytest

check: setup ## format, lint, types
	$(RUN)ruff format --check
	$(RUN)ruff check
	$(RUN)mypy
