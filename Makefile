# 民生110: the commands that people need. `make help` lists them.
VENV := .venv
PYTHON := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help run demo install install-dev install-recipe check format test coverage nightly bench clean

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## install what is missing, start everything, place the demonstration calls, stay up
	$(PYTHON) -m ivr demo --stay

demo: install ## the same, and stop by itself; exit 0 only if every call arrived where it should
	$(PYTHON) -m ivr demo

install: $(VENV)/.run ## the Python packages that the running system needs, into .venv/
install-dev: $(VENV)/.dev ## and those that checks and tests need
install-recipe: $(VENV)/.recipe ## and those that training the speech model needs (PyTorch)

$(VENV)/.%: requirements/%.txt scripts/install
	scripts/install $* $(VENV)

check: install-recipe ## lint, format, types (of the recipe, too: wants PyTorch)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .

format: install-dev ## put the sources in order
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

test: install-dev ## all tests, those with the real Asterisk, PostgreSQL and speech included
	scripts/install --if-possible recipe $(VENV)
	scripts/test $(VENV)

coverage: install-recipe ## the same, and which lines were never run
	scripts/test $(VENV) --cov

nightly: install-recipe ## the long tests
	$(VENV)/bin/pytest -m nightly

bench: install-dev ## measurements, each a ratio against something real in the same run
	$(PYTHON) -m bench

clean: ## remove the Python packages and caches (var/ stays: it holds your records)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
