# `make run` and `make test` need Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Time zones come from the pinned tzdata package alone.
export PYTHONTZPATH =
# Python keeps what it compiled: or each process would begin with a second of compiling.
export PYTHONDONTWRITEBYTECODE =

.PHONY: run test whole-test compose-test faults faults-short demo check format lock bench clean
.DEFAULT_GOAL := run

# The locks name every package: --no-deps keeps pip from asking for newer ones by way of extras.
$(VENV)/embedded: requirements/build.lock requirements/embedded.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/build.lock -r requirements/embedded.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q scheduler workers config
	touch $@

$(VENV)/dev: $(VENV)/embedded requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.lock
	$(BIN)/pytest --collect-only -qq > /dev/null  # compiles the tests once, where each process of the first run would
	touch $@

run: $(VENV)/embedded  ## everything in one terminal, on this machine
	$(BIN)/visits up

demo: $(VENV)/embedded  ## two bookings, from HTTP to the invites in the mailbox
	$(BIN)/visits demo

# One process more than there are cores: some tests wait for other processes, and leave theirs meanwhile.
test: $(VENV)/dev  ## all tests of a part or some, for which this machine has the tools
	$(BIN)/pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist loadfile --no-loadscope-reorder -m "not (whole or browser or compose or faults)"

whole-test: $(VENV)/dev  ## tests of all of it running: `visits up`, and people with a browser
	$(BIN)/pytest -n auto --dist loadfile -m "whole or browser"

compose-test: $(VENV)/dev  ## the stack of docker-compose.yml; needs a Docker engine, takes four minutes
	$(BIN)/pytest -m compose

faults: export FAULTS_MINUTES ?= 30
faults: faults-short  ## kills everything for half an hour, and shows that no message is lost; docs/reliability.md

faults-short: $(VENV)/dev  ## the same for about a minute
	$(BIN)/pytest tests/faults -m faults -n 0 -s

check: $(VENV)/dev  ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev  ## figures for docs/performance.md
	$(BIN)/python -m benchmarks

lock:  ## pin what pyproject.toml asks for (needs uv)
	cd requirements && \
	uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock" --python-version 3.11 build.in -o build.lock && \
	uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock" ../pyproject.toml -o base.lock && \
	uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock" --extra embedded ../pyproject.toml -o embedded.lock && \
	uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock" --extra embedded --extra dev ../pyproject.toml -o dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
