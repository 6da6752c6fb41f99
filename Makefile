# `make run` and `make test` do everything on a fresh machine; `make help` lists the rest.
# What is installed is remembered by stamps in .venv, so a second `make run` only starts the server.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
UV := UV_PYTHON_DOWNLOADS=never .uv/bin/uv --quiet
SOURCES := $(wildcard src/*/*.py src/*/*/*.py src/*/*/*/*.py src/*/*/*/*/*.py src/*.py)

# Once the development tools are there, `make run` keeps them.
READY := $(if $(wildcard .venv/ready-dev),.venv/ready-dev,.venv/ready-run)

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.PHONY: help run test check unit lock bench bench-quick compare peers clean anew

help:
	@echo 'make run     install what is locked (once), migrate, serve; settings as in PORT=9000 make run'
	@echo 'make test    make check, then every test; MySQL is found or fetched, see tests/mysql_server.py;'
	@echo '             the browser is a Chromium of this machine, or the one that CHROMIUM names'
	@echo '             HALVES=1 runs them in two processes at once'
	@echo 'make unit    the unit tests alone; ARGS="-k name" goes to pytest, with make test, too'
	@echo 'make check   lint, format, types, layers, lock files'
	@echo 'make lock    write the lock files again; UPGRADE=1 moves to the newest versions'
	@echo 'make bench   measure Doorward beside its peers and its limits: an hour; bench-quick: three minutes, for errors only;'
	@echo '             ARGS="--only growth" for a part; results come to benchmarks/results/'
	@echo 'make compare WITH=REVISION   measure this version and another one of the history in turn: the ratios'
	@echo 'make peers   install and try what Doorward is measured beside; ARGS=lock writes their lock files again'
	@echo 'make clean   remove .venv, .uv and caches; never the data in var/'

run: $(READY) .venv/compiled
	@exec $(BIN)/doorward serve --migrate

test: check
	$(if $(HALVES),sh scripts/halves.sh,$(BIN)/pytest) $(ARGS)

unit: .venv/ready-dev
	$(BIN)/pytest -p no:schemathesis -p no:faker -p no:anyio tests/unit $(ARGS)

check: .venv/ready-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/locks.py check

lock: .venv/pyvenv.cfg
	$(BIN)/python scripts/locks.py write $(if $(UPGRADE),--upgrade)

bench: .venv/ready-bench .venv/compiled
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m bench full $(ARGS)

bench-quick: .venv/ready-bench .venv/compiled
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m bench quick $(ARGS)

compare: .venv/ready-dev .venv/compiled
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m bench.compare $(WITH) $(ARGS)

peers: .venv/ready-dev
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m peers $(or $(ARGS),try)

clean:
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .schemathesis
	find src tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what stands behind them ------------------------------------------------------------------

# An environment that belongs to another folder (the project was moved or copied with it) or whose
# interpreter is gone is made anew; one that fits is kept.
MADE_FOR := $(file <.venv/project)
ifneq ($(filter-out $(CURDIR),$(MADE_FOR)),)
CLEAR := --clear
else ifeq ($(realpath $(BIN)/python),)
CLEAR := --clear
endif
ifdef CLEAR
.venv/pyvenv.cfg: anew
endif

ifeq ($(realpath .uv/bin/python),)
.uv/ready: anew
endif

.uv/ready: requirements/uv.txt scripts/bootstrap.sh
	@sh scripts/bootstrap.sh '$(PYTHON)'
	@touch $@

.venv/pyvenv.cfg: | .uv/ready
	@$(UV) venv $(or $(CLEAR),--allow-existing) --python .uv/bin/python .venv
	@echo '$(CURDIR)' >.venv/project

.venv/ready-run .venv/ready-dev: .venv/pyvenv.cfg pyproject.toml requirements/build.txt | .uv/ready
.venv/ready-run: requirements/runtime.txt
.venv/ready-dev: requirements/dev.txt
.venv/ready-run .venv/ready-dev:
	@echo 'Installing the locked packages of $(filter-out %/build.txt,$(filter requirements/%,$^))'
	@$(UV) pip sync --python $(BIN)/python --require-hashes --compile-bytecode $(filter-out %/build.txt,$(filter requirements/%,$^))
	@$(UV) pip install --python $(BIN)/python --no-deps --build-constraints requirements/build.txt --editable .
	@touch $@

.venv/ready-bench: requirements/bench.txt .venv/ready-dev
	@echo 'Installing the locked packages of $<'
	@$(UV) pip install --python $(BIN)/python --require-hashes --compile-bytecode -r $<
	@touch $@

.venv/compiled: $(SOURCES) $(READY)
	@$(BIN)/python -m compileall -q src
	@touch $@
