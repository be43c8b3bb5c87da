# Commands: demo, test, check, bench. They need Python 3.11+ and make; the rest they install into .venv.
PYTHON ?= python3
ARGS ?=

.PHONY: demo test check bench .demo-env .dev-env
.DEFAULT_GOAL := demo

demo: .demo-env
	@.venv/bin/python -m demo $(ARGS)

test: .dev-env
	@.venv/bin/python -m tests.run $(ARGS)

check: .dev-env
	@.venv/bin/python -m tests.check $(ARGS)

bench: .dev-env
	@.venv/bin/python -m bench $(ARGS)

.demo-env:
	@$(PYTHON) requirements/install.py demo

.dev-env:
	@$(PYTHON) requirements/install.py dev
