# papertrader: `make` lists what there is to do.
#
# Each target sets up .venv first where it must. Two stamps in it say what has been installed:
# .run (what papertrader needs) and .dev (that and the tools).

SHELL := bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
export PYTHON

BIN := .venv/bin
SETUP := scripts/setup-venv.sh

# As many test processes as there are cores, within reason.
PYTEST := $(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal

# A .venv whose Python is gone, or that was made in another folder, is set up anew.
ifneq ($(shell cat .venv/.home 2>/dev/null && $(BIN)/python -c 'print("starts")' 2>/dev/null),$(CURDIR) starts)
STALE := stale
endif

.PHONY: help run install test check soak screenshots bench levels lock clean stale

help: ## list the targets
	@echo "make TARGET [ARGS='...'] [PYTHON=python3.x]"
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: .venv/.run ## start papertrader (ARGS are passed to it)
	@$(BIN)/papertrader $(ARGS)

install: .venv/.dev ## set up .venv with everything that the other targets need

test: .venv/.dev ## run the tests (ARGS are passed to pytest)
	@$(PYTEST) $(ARGS)

check: .venv/.dev ## lint, formatting, types and import contracts
	@echo "==> ruff check" && $(BIN)/ruff check
	@echo "==> ruff format" && $(BIN)/ruff format --check
	@echo "==> mypy" && $(BIN)/mypy
	@echo "==> import contracts" && $(BIN)/lint-imports --no-logo

soak: .venv/.dev ## run all tests, the long-running ones at full length
	@PAPERTRADER_SOAK=1 $(PYTEST) -m "soak or not soak" $(ARGS)

screenshots: .venv/.dev ## make the screenshots for the docs
	@$(BIN)/python scripts/screenshots.py $(ARGS)

bench: .venv/.dev ## run the benchmarks
	@$(BIN)/python -m benchmarks $(ARGS)

levels: .venv/.dev ## write docs/levels.md from recorded tapes (TAPES='a.csv b.csv')
	@$(BIN)/python scripts/levels_table.py $(TAPES)

lock: ## pin the dependencies anew (needs uv; ARGS=--upgrade for the newest)
	@scripts/lock.sh $(ARGS)

clean: ## remove .venv, caches and build output
	@rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

stale:

.venv/.run: requirements.txt pyproject.toml $(SETUP) $(STALE)
	@$(SETUP) run

.venv/.dev: requirements-dev.txt pyproject.toml $(SETUP) $(STALE)
	@$(SETUP) dev
