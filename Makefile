# Two commands do everything on a fresh machine with Python and make: `make demo`, `make test`.
# uv is taken from the PATH, or installed into .uv/ of this checkout.

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTHON ?= python3
DEMO := .venv/.demo
SYNCED := .venv/.synced
COMPILED := .venv/.compiled
RUN := .venv/bin

# A track to send in the demo; without it the demo composes one.
TRACK ?=
# A running emulator to use instead of starting everything, e.g. http://127.0.0.1:8081
EMULATOR ?=
# Where the demo leaves the picture and the clip.
OUT ?= demo
# Arguments for pytest, e.g. PYTEST="-k spool"
PYTEST ?=
# How often `make steady` runs the tests, and which conditions `make strangers-machine` tries.
TIMES ?= 10
ONLY ?=
# Parts that the benchmark measures, all without it; LONG=1 adds tracks of three hours.
PARTS ?=
LONG ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo run test steady strangers-machine lint format bench lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 20

setup: $(SYNCED) ## Install everything into .venv (make demo installs less)

demo: $(DEMO) ## Send a track through the whole system, without a token (TRACK=path, OUT=folder)
	$(RUN)/genrebot demo --out "$(OUT)" $(if $(TRACK),--track "$(TRACK)") $(if $(EMULATOR),--emulator "$(EMULATOR)")

run: $(DEMO) ## Run queue, worker and bot on this machine (needs BOT_TOKEN)
	$(RUN)/genrebot run

test: $(COMPILED) ## Run all tests
	$(RUN)/pytest -n auto --durations=10 $(PYTEST)

steady: $(COMPILED) ## Run the tests that start processes over and over, under load (TIMES=10)
	$(RUN)/python -m tests.machine.steady $(TIMES)

strangers-machine: $(COMPILED) ## Run them and the demo on machines unlike this one (ONLY="umask-077 busy")
	$(RUN)/python -m tests.machine.strangers $(ONLY)

lint: $(SYNCED) ## Check style, formatting, types and who imports whom
	$(RUN)/ruff check
	$(RUN)/ruff format --check
	$(RUN)/mypy
	$(RUN)/lint-imports

format: $(SYNCED) ## Format the code and mend what can be mended
	$(RUN)/ruff check --fix
	$(RUN)/ruff format

bench: $(COMPILED) ## Measure speed and memory into docs/benchmarks.md (PARTS="chunk files", LONG=1)
	$(RUN)/python -m devtools.bench $(PARTS) --write-docs $(if $(LONG),--long)

lock: $(UV) ## Bring uv.lock up to date
	$(UV) lock

clean: ## Remove what make has made
	rm -rf .venv .uv demo .mypy_cache .pytest_cache .ruff_cache

# What runs: neither what trains and studies models, nor what checks and tests the code.
$(DEMO): pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --inexact --no-dev --extra demo
	@touch $@

$(SYNCED): pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --all-extras --no-extra torch
	@touch $(DEMO) $@

# Only tests and benchmarks call librosa, and two processes must not compile for it at once.
$(COMPILED): $(SYNCED)
	@echo "compiling what librosa leaves to numba, once"
	@$(RUN)/python -c "import librosa.util.utils"
	@touch $@

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/pip --quiet install 'uv>=0.9'
