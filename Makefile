# Everything runs in .venv, which is made at first and kept up to date from .ci/requirements.txt.
#
#   make demo PYTHON=/path/to/python3.12     another Python than python3 (3.11 or newer)
#   make lock UPGRADE=--upgrade              newer versions of everything

PYTHON ?=
UPGRADE ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check bench format lock clean environment

help:  ## what there is
	@sed -nE 's/^([a-z]+): .*## (.*)/make \1\t\2/p; s/^([a-z]+):  ## (.*)/make \1\t\2/p' Makefile | sort -u | expand -t 16

demo: environment  ## hold a call on this machine, without account or network
	@.venv/bin/python -m voicecalld.demo

test: environment  ## every check and every test
	@.ci/check

check: environment  ## every check, without the tests
	@.ci/check --no-tests

bench: environment  ## measure latency and the cost of a call
	@.venv/bin/python -m tests.bench

format: environment  ## lay out the code, and mend what ruff can mend
	@.venv/bin/ruff check --fix --exit-zero --quiet .
	@.venv/bin/ruff format .

lock: environment  ## renew .ci/requirements.txt after a change of dependencies
	@.ci/lock $(UPGRADE)

clean:  ## remove .venv and everything else that was made
	rm -rf .venv build dist htmlcov .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find voicecalld tests man -name __pycache__ -type d -exec rm -rf {} +

# Always asked, since only the script can see that an environment is broken; the answer takes a moment.
environment:
	@.ci/environment $(PYTHON)
