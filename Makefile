.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test check bench exact picture clean

help:  ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mtorch needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "setting up .venv ..." >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

run: .venv/ready  ## open the debugger on the seed's RNN (without a terminal: print its check report)
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/mtorch debug rnn-sin-cos-seed; \
	else $(BIN)/mtorch check rnn-sin-cos-seed; status=$$?; [ $$status -le 1 ]; fi

# Scripts run in processes of their own: without bytecode each would compile all of mtorch anew.
test: .venv/ready  ## the whole test suite
	@PYTHONDONTWRITEBYTECODE= OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: .venv/ready  ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/ready  ## measure every goal as a ratio (ARGS=--json for a line each; ARGS=rnn for those with rnn in their name)
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python -m tests.bench $(ARGS)

exact: .venv/ready  ## print how far each layer's gradients are from complex-step derivatives
	@$(BIN)/python -m tests.mtorch.exact

picture: .venv/ready  ## export the README's pictures of the screen anew
	@$(BIN)/python docs/screen.py

clean:  ## remove the .venv and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
