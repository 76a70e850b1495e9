# `make` lists what there is. A machine needs Python 3.11+, make, and the package registries once.
RUN := .venv/bin/
# tests wait more than they work: about two for each processor (WORKERS=16 on a machine of eight)
WORKERS ?= 4
PAGES := $(shell find ui src/merpati/locale -type f -not -path '*/node_modules/*')
# containers set it; without compiled modules a start takes a second and a half instead of half a one
export PYTHONDONTWRITEBYTECODE :=
.DEFAULT_GOAL := help
.PHONY: help setup clients demo dev test check bench soak faults clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed ## install everything into .venv

.venv/.installed: pyproject.toml uv.lock scripts/setup.sh hatch_build.py $(PAGES)
	@sh scripts/setup.sh
	@touch $@

clients: setup tests/clients/node_modules/.package-lock.json ## what the tests of programs' own HTTP clients need of npm

tests/clients/node_modules/.package-lock.json: tests/clients/package-lock.json
	@sh scripts/npm.sh --prefix ../tests/clients ci --silent
	@touch $@

demo: setup ## merpati with simulated phones and people: prints the address, the tokens, a ready curl
	@$(RUN)merpati demo

dev: setup ## the same on a data folder of its own (build/dev), Meta played beside it, the pages drawn anew (port 5173)
	@sh scripts/npm.sh run dev & pages=$$!; $(RUN)merpati fake-graph & trap "kill $$pages $$!" EXIT; \
	    MERPATI_GRAPH_URL=http://127.0.0.1:8089/v26.0 $(RUN)merpati demo --data build/dev

test: setup clients ## every test, sixty kills on each engine with them; PostgreSQL is found or started
	@$(RUN)pytest -n $(WORKERS) --dist worksteal -m "not faults and not browser"
	@$(RUN)pytest -n $(WORKERS) --dist loadfile tests/browser # a driven browser holds its process's event loop
	@$(RUN)pytest -n $(WORKERS) --dist loadgroup -m faults -o faulthandler_timeout=900 \
	    $$(grep -rl --include='test_*.py' 'mark\.faults' tests) # few and long: the next one goes to whoever is free

check: setup ## format, lint, types, imports; the same of the pages, with their unit tests
	@$(RUN)ruff format --check
	@$(RUN)ruff check
	@$(RUN)mypy
	@$(RUN)lint-imports --no-cache
	@sh scripts/npm.sh run check
	@sh scripts/npm.sh test

faults: setup ## the long fault run: a thousand kills on each engine (MERPATI_FAULT_KILLS, MERPATI_FAULT_SEED)
	@MERPATI_FAULT_KILLS=$${MERPATI_FAULT_KILLS:-1000} $(RUN)pytest -m faults -k kill_after_kill -o faulthandler_timeout=0

bench: setup ## the benchmarks: they print figures and never fail a build
	@for file in $(filter-out bench/soak.py,$(wildcard bench/[a-z]*.py)); do \
	    $(RUN)python -m "bench.$$(basename "$$file" .py)"; done

soak: setup ## everything at once for half an hour: is memory flat, is nothing lost?
	@$(RUN)python -m bench.soak

clean: ## remove what was built and installed here (not your data folders)
	rm -rf .venv build dist ui/node_modules src/merpati/web/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
