# Tongzheng 通政. `make demo` needs Python 3.11 or newer, make and a package index; everything else is fetched, pinned.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help demo up test check bench new migrations docs format frontend lock clean

help:
	@echo "make demo                  start a demo city (Ctrl-C stops it; var/ keeps it)"
	@echo "make up                    start an empty city"
	@echo "make test                  all tests, the browser's too"
	@echo "make check                 style, types, import contracts, inspection of all systems"
	@echo "make bench                 measure the speed against its floors"
	@echo "make new SYSTEM=chapter/slug   make a new system"
	@echo "make migrations            write the migrations that changed models lack"
	@echo "make docs                  write docs/systems from the declarations"
	@echo "make format                put the code into its form"
	@echo "make lock                  renew requirements.lock from pyproject.toml"

$(READY): requirements.lock tools/uv.lock tools/environment.py
	@$(PYTHON) tools/environment.py

.venv: $(READY)

frontend: $(READY)
	@$(BIN)/python tools/frontend.py

demo: frontend
	@exec $(BIN)/tongzheng demo

up: frontend
	@exec $(BIN)/tongzheng up

test: frontend
	@$(BIN)/python tools/browser.py
	$(BIN)/python -m pytest -n 2 $(TESTS)

# The settings make a city's keys where there are none: not in the real data folder.
check: export TONGZHENG_DATA = $(CURDIR)/.venv/check
check: frontend
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/tongzheng inspect

bench: frontend
	@$(BIN)/tongzheng bench

new: $(READY)
	@test -n "$(SYSTEM)" || { echo "usage: make new SYSTEM=chapter/slug"; exit 2; }
	@$(BIN)/tongzheng new $(SYSTEM)

migrations docs: export TONGZHENG_DATA = $(CURDIR)/.venv/check
migrations: $(READY)
	@$(BIN)/tongzheng migrations

docs: $(READY)
	@$(BIN)/tongzheng docs

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Without the addresses of an index: each place installs from its own, and the hashes say it is the same.
lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --universal -q -o requirements.lock
	echo "uv==$$($(BIN)/uv --version | cut -d' ' -f2)" | $(BIN)/uv pip compile - --generate-hashes --no-emit-index-url --universal --no-header --no-annotate -q -o tools/uv.lock

clean:
	rm -rf .venv frontend/node_modules tongzheng/site/static/built
