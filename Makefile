# make run    set up what running needs, then `docs-index run`: on DATA_ROOT, on data/,
#             or else on a copy of the bundled sample
# make report write one page about documents, rejected rows and gaps
# make browse show the index in a browser, on this machine only
# make test   set up everything, and run the fast tests
# make test-all  also run the slow tests: see tests/README.md
# make setup  set up everything: tools and extras too, but not the engines
# make engines       set up .venv-engines, for `docs-index run --engine spark`
# make test-engines  compare what the engines build with what DuckDB builds;
#                    make test-engines-slow compares more
# make test-spark    compare what SQL means to Spark and to DuckDB
# make soak   run the random tests far longer: kills, power cuts, spoiled and random roots
# make lint   run all checks of CI except the tests
# make docs   write dbt's documentation as one page, target/static_index.html
# make sql    render the SQL that Python runs outside of dbt (analyses/)
# make lock   lock the dependencies again (needs uv)
# make clean  remove the files of set-up and tests; never a data root
#
# PYTHON=python3.12 sets up with another Python: 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := .venv/bin
# The engines of `--engine spark` have an environment of their own, as they are large.
ENGINES := .venv-engines
# A copy of the sample, and dbt's files, which tests may change.
SCRATCH := target/scratch
SCRATCH_ROOT = rm -rf $(SCRATCH) && mkdir -p $(SCRATCH) && cp -R sample $(SCRATCH)/root
ON_SCRATCH = DATA_ROOT=$(SCRATCH)/root DBT_TARGET_PATH=$(SCRATCH)/target DBT_LOG_PATH=$(SCRATCH)/logs
# The vars with which tests/harness.py compiles the models: parsed here for all sessions.
STAND_INS = {"run_id": "@run_id@", "evaluation_root": "@evaluation_root@"}
# Files go to the processes in the order of tests/conftest.py.
PARALLEL = --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
PYTEST = $(BIN)/pytest $(PARALLEL)
ENGINE_PYTEST = $(ENGINES)/bin/pytest $(PARALLEL) --confcutdir tests/engines

# The environment is installed from lock files, with uv if that is installed. Python
# modules are compiled and dbt parses here, so that the first run is faster.
NEW_ENOUGH = -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null
define install
	$(if $(shell $(PYTHON) $(NEW_ENOUGH) && echo yes),,$(error $(PYTHON) is not found, or is older than Python 3.11: name another, as in make run PYTHON=python3.12))
	@echo "setting up $(VENV) from $(1); this takes a minute or two" >&2
	@$(VENV)/bin/python $(NEW_ENOUGH) || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); }
	@if command -v uv > /dev/null; then \
		uv pip install --quiet --python $(VENV)/bin/python --require-hashes -r $(1) \
		&& uv pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation -e .; \
	else \
		$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1) \
		&& $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi
	@$(VENV)/bin/python -m compileall -q $(VENV) > /dev/null || true
endef

.DEFAULT_GOAL := help
.PHONY: help run report browse test test-all test-slow test-engines test-engines-slow test-spark soak setup engines lint docs sql lock clean

help:
	@sed -n 's/^# \{0,1\}//p; /^$$/q' Makefile

run: .venv/ready-to-run
	@test -n "$$DATA_ROOT" || test -e data || $(BIN)/docs-index sample data
	@$(BIN)/docs-index run

report: .venv/ready-to-run
	@$(BIN)/docs-index report

browse: .venv/ready-to-develop
	@$(BIN)/docs-index browse

setup: .venv/ready-to-develop

test: setup
	$(SCRATCH_ROOT)
	$(ON_SCRATCH) $(BIN)/dbt build
	$(PYTEST) -m "not slow"

test-slow: setup
	$(SCRATCH_ROOT)
	$(ON_SCRATCH) $(BIN)/dbt --quiet build --exclude-resource-type unit_test
	$(ON_SCRATCH) $(BIN)/dbt test
	$(PYTEST) -m slow

test-all: test test-slow

engines: $(ENGINES)/ready

test-engines: engines
	$(ENGINE_PYTEST) tests/engines -m "not slow"

test-engines-slow: engines
	$(ENGINE_PYTEST) tests/engines -m slow

test-spark: engines
	$(ENGINE_PYTEST) tests/engines/test_engine_expressions.py -m slow

soak: setup
	DOCS_INDEX_SOAK=1 HYPOTHESIS_PROFILE=soak $(BIN)/pytest -m soak

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint models tests/dbt analyses macros
	$(BIN)/sqlfluff lint --templater placeholder src/docs_index
	$(SCRATCH_ROOT)
	$(ON_SCRATCH) $(BIN)/dbt --quiet build --exclude-resource-type unit_test
	$(ON_SCRATCH) $(BIN)/dbt --quiet docs generate
	DBT_PROJECT_DIR=$(SCRATCH) $(BIN)/dbt-bouncer run

docs: .venv/ready-to-run
	$(BIN)/dbt docs generate --static

sql: .venv/ready-to-run
	$(SCRATCH_ROOT)
	$(ON_SCRATCH) $(BIN)/dbt --quiet compile --select path:analyses
	cp $(SCRATCH)/target/compiled/docs_index/analyses/*.sql src/docs_index/warehouse/rendered/

lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-strip-extras \
		--extra build --extra evaluate pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-strip-extras \
		--extra build --extra evaluate --extra histories --extra dagster --extra browse --extra dev \
		-c requirements.txt pyproject.toml -o requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-strip-extras \
		--extra engines -c requirements-dev.txt pyproject.toml -o requirements-engines.txt

clean:
	rm -rf .venv $(ENGINES) target logs .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/ready-to-run: requirements.txt pyproject.toml
	$(call install,requirements.txt)
	@$(BIN)/dbt --quiet parse
	@touch $@

.venv/ready-to-develop: requirements-dev.txt pyproject.toml
	$(call install,requirements-dev.txt)
	@$(BIN)/dbt --quiet parse
	@$(BIN)/dbt --quiet parse --target-path target/tests --vars '$(STAND_INS)'
	@touch .venv/ready-to-run $@

.venv-engines/ready: VENV = $(ENGINES)
.venv-engines/ready: requirements-engines.txt pyproject.toml
	$(call install,requirements-engines.txt)
	@touch $@
