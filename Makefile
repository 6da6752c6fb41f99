# `make run` and `make test` do everything on a fresh machine; `make help` lists the rest.
# Stamps in .venv record what is installed, so a second `make run` only starts the server.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
UV := UV_PYTHON_DOWNLOADS=never .uv/bin/uv --quiet
SOURCES := $(wildcard src/*/*.py src/*/*/*.py src/*/*/*/*.py src/*/*/*/*/*.py src/*.py)

# One process more than there are processors, up to four: each starts servers of its own, and all share one MySQL.
# tests/support/work_units.py decides which files run in one process and which come first. All others keep their order:
# many small files come last, so that no process waits for another.
IN_PARALLEL := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Plugins that no unit test uses, and a thread for each test that would end one that hangs, take a fifth of their time.
ONLY_WHAT_UNIT_TESTS_USE := -o faulthandler_timeout=0 \
	$(addprefix -p no:,schemathesis faker anyio xdist xdist.looponfail logging)

# Once the development tools are installed, `make run` keeps them.
READY := $(if $(wildcard .venv/ready-dev),.venv/ready-dev,.venv/ready-run)

# Python and pytest keep what they compile: compiling the tests anew takes longer than running the unit tests.
unexport PYTHONDONTWRITEBYTECODE

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.PHONY: help run test test-full unit check lock attack attack-sim mutants bench bench-quick distance compare \
	feed-load peers clean anew

help:
	@echo 'make run        install the locked packages (once), migrate the database, serve;'
	@echo '                settings come from the environment, as in PORT=9000 make run'
	@echo 'make test       make check, then the tests, in parallel; ARGS="-k name" goes to pytest.'
	@echo '                MySQL is found or downloaded (see tests/support/mysql/server.py);'
	@echo '                the browser is an installed Chromium, or the one that CHROMIUM names'
	@echo 'make test-full  make check, then every test at full length, on two MySQL servers where two are found,'
	@echo '                and a short benchmark; about an hour'
	@echo 'make unit       the unit tests only; ARGS="-k name" goes to pytest'
	@echo 'make check      lint, format, types, layers, lock files'
	@echo 'make attack     attack a service of its own on loopback, and print what came back, in two minutes; exit code 1'
	@echo '                if something did not hold. URL=http://127.0.0.1:8080 attacks that one, with the admin that'
	@echo '                ATTACK_USERNAME and ATTACK_PASSWORD name'
	@echo 'make attack-sim simulate attacks on passwords for a day, in a minute, and print how many guesses reach the hash;'
	@echo '                ARGS="--seed 1" gives other figures'
	@echo 'make mutants  change the memory adapter in one place after the other, and print which changes the contract tests of'
	@echo '              storage do not notice: about five minutes; ARGS="leases" takes one module'
	@echo 'make lock       write the lock files; UPGRADE=1 moves to the newest versions'
	@echo 'make bench      measure Doorward, its peers and the limits: well over an hour; results go to benchmarks/results/;'
	@echo '                ARGS="--only growth" runs one part'
	@echo 'make bench-quick  the same in a few minutes: it finds errors, and its figures mean nothing'
	@echo 'make distance   measure single requests to a node whose database is 0 to 120 ms away, in two minutes;'
	@echo '                ARGS=quick does so in some seconds'
	@echo 'make compare    measure this version and WITH=REVISION in turn; prints the ratios'
	@echo 'make feed-load  announce 5,000 changes a second, 2,000 of them ended sessions, and print how late nodes hear of it;'
	@echo '                ARGS="--ends 500 --seconds 60" changes that'
	@echo 'make peers      install each peer of the benchmark and try it once; ARGS=lock writes their lock files'
	@echo 'make clean      remove .venv, .uv and caches; never the data in var/'

run: $(READY) .venv/compiled
	@exec $(BIN)/doorward serve --migrate

test: check .venv/compiled
	$(BIN)/pytest $(IN_PARALLEL) $(ARGS)

test-full: check .venv/compiled
	DOORWARD_TESTS=full $(BIN)/pytest $(IN_PARALLEL) $(ARGS)
	env -u TEST_MYSQL_ROOT -u TEST_MYSQL_URL DOORWARD_TESTS=full $(BIN)/pytest -m mysql --pyargs doorward.testing.contracts.storage
	$(MAKE) bench-quick

unit: .venv/ready-dev
	$(BIN)/pytest $(ONLY_WHAT_UNIT_TESTS_USE) tests/unit $(ARGS)

check: .venv/ready-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/locks.py check

lock: .venv/pyvenv.cfg
	$(BIN)/python scripts/locks.py write $(if $(UPGRADE),--upgrade)

# A variable URL of the environment means something else.
attack: .venv/ready-dev .venv/compiled
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m attack \
		$(if $(filter command,$(firstword $(origin URL))),$(URL)) $(ARGS)

attack-sim: .venv/ready-dev .venv/compiled
	@PYTHONPATH=tests:scripts $(BIN)/python -m attack_sim $(ARGS)

mutants: .venv/ready-mutants .venv/compiled
	@PYTHONPATH=scripts $(BIN)/python -m mutants $(ARGS)

bench: .venv/ready-bench .venv/compiled
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m bench full $(ARGS)

bench-quick: .venv/ready-bench .venv/compiled
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m bench quick $(ARGS)

distance: .venv/ready-dev .venv/compiled
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m distance $(ARGS)

compare: .venv/ready-dev .venv/compiled
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m bench.compare $(WITH) $(ARGS)

feed-load: .venv/ready-dev .venv/compiled
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m feed_load $(ARGS)

peers: .venv/ready-dev
	@PYTHONPATH=benchmarks:tests:scripts $(BIN)/python -m peers $(or $(ARGS),try)

clean:
	rm -rf .venv .uv .mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .schemathesis
	find src tests scripts benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

# --- how the environment is made ---------------------------------------------------------------

# An environment that belongs to another folder (the project was moved or copied with it), or whose interpreter does not
# exist any more, is replaced.
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

# READY is chosen before anything runs. In `make unit run` the development tools are there by the time that `run` comes:
# they include what it needs, and installing the run-time lock would remove them.
.venv/ready-run:
	@if [ .venv/ready-dev -nt requirements/dev.txt ]; then touch $@; else $(call install,$(filter %/runtime.txt,$^)); fi

.venv/ready-dev:
	@$(call install,$(filter %/dev.txt,$^))

# One line of shell: installs exactly what a lock file names, then the project itself, and sets the stamp.
install = echo 'Installing the locked packages of $(1)' && \
	$(UV) pip sync --python $(BIN)/python --require-hashes --compile-bytecode $(1) && \
	$(UV) pip install --python $(BIN)/python --no-deps --build-constraints requirements/build.txt --editable . && \
	touch $@

# Beside the development tools, never instead of them.
.venv/ready-bench: requirements/bench.txt .venv/ready-dev
	@echo 'Installing the locked packages of $<'
	@$(UV) pip install --python $(BIN)/python --require-hashes --compile-bytecode -r $<
	@touch $@

# In a folder of its own, which only `make mutants` looks into: it brings packages that change how others behave.
.venv/ready-mutants: requirements/mutants.txt .venv/ready-dev
	@echo 'Installing the locked packages of $<'
	@rm -rf .venv/mutants
	@$(UV) pip install --python $(BIN)/python --target .venv/mutants --require-hashes --compile-bytecode -r $<
	@touch $@

# Needs the interpreter and no package.
.venv/compiled: $(SOURCES) .venv/pyvenv.cfg
	@$(BIN)/python -m compileall -q src
	@touch $@
