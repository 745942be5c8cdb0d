# The commands of a working copy. `make run` is all a first visitor needs.
BIN := .venv/bin
POSTS := 100000
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE)

.PHONY: run test torture check bench lock

run:  ## make .venv, install, and start the demo (Ctrl-C stops it)
	@./install.sh requirements.txt
	@$(BIN)/kle demo

test:  ## install what the tests need and run them
	@./install.sh requirements-dev.txt
	@$(BIN)/python -m pytest -m "not torture" $(PARALLEL)

torture:  ## the long proofs: kill loops, flips, soaks
	@./install.sh requirements-dev.txt
	@$(BIN)/python -m pytest -m torture

check:  ## lint, format, types, arrows of the house, tests with coverage
	@./install.sh requirements-dev.txt
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -m "not torture" $(PARALLEL) --cov --cov-report=term:skip-covered

bench:  ## collecting, tagging, proof, searching, alerts, releases, side by side with what else there is; POSTS=1000000 to search
	@./install.sh requirements-bench.txt
	@$(BIN)/python -m benchmarks.collecting
	@$(BIN)/python -m benchmarks.tagging
	@$(BIN)/python -m benchmarks.proof
	@$(BIN)/python -m benchmarks.searching run --posts $(POSTS)
	@$(BIN)/python -m benchmarks.alerting
	@$(BIN)/python -m benchmarks.exporting --posts $(POSTS)

lock:  ## renew the requirement files with uv; UPGRADE=--upgrade takes the newest releases
	@$(COMPILE) pyproject.toml --group build -o requirements.txt
	@$(COMPILE) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	@$(COMPILE) pyproject.toml --group bench -c requirements.txt -o requirements-bench.txt
	@echo virtualenv | $(COMPILE) - --no-annotate -o requirements-venv.txt
