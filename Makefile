# Everything a newcomer needs: `make test` and `make demo` set up .venv by themselves.
#
# It takes python3 (3.11 or newer) with venv, or uv where that is installed; `make UV= test` forces pip.
# A line with two hashes after a target's name is its help text.

PYTHON ?= python3
UV ?= $(shell command -v uv 2>/dev/null)
# Two workers share the servers that a file starts.
PYTEST_ARGS ?= -n auto --dist loadfile
LOCK_ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/complete

# Without bytecode every start of the command line takes three to four times as long.
unexport PYTHONDONTWRITEBYTECODE
# A foreign PYTHONPATH or an activated environment must not leak into ours.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export UV_COMPILE_BYTECODE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# Service accounts and containers may have no HOME; the download caches then stay in the project.
ifeq ($(strip $(HOME)),)
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
endif

.DEFAULT_GOAL := help
.PHONY: help install demo test lint bench docs clean lock venv

help: ## list the targets
	@sed -n 's/^\([a-z][a-z]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '%-9s %s\n' "$$name" "$$text"; done

install: venv ## set up .venv from requirements.lock
	@echo "Ready: $(VENV)/bin/helpdesk"

demo: venv ## run the demonstration (KEEP=1 leaves it running)
	@$(PY) -m demo

test: venv ## run the tests (PYTEST_ARGS= runs them one after the other)
	@$(PY) -m pytest $(PYTEST_ARGS)

lint: venv ## check style, types and layers
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --strict
	@# import-linter takes packages only as roots. It therefore looks at a shadow of the project in which clock.py and
	@# cli.py are packages of one file; everything else is a link to the real folder.
	@set -eu; \
	shadow=$$(mktemp -d); \
	trap 'rm -rf "$$shadow"' EXIT; \
	trap 'exit 1' HUP INT TERM; \
	for room in domain scanner rules store notifier desk commands demo; do ln -s "$(CURDIR)/$$room" "$$shadow/$$room"; done; \
	for module in clock cli; do mkdir "$$shadow/$$module"; cp "$$module.py" "$$shadow/$$module/__init__.py"; done; \
	cd "$$shadow"; \
	echo "lint-imports"; \
	"$(CURDIR)/$(VENV)/bin/lint-imports" --no-logo --no-cache --config "$(CURDIR)/pyproject.toml"

bench: venv ## measure throughput and latency
	@$(PY) -m bench

docs: venv ## write the generated pages in docs/ again
	@$(PY) -m commands.docs

clean: ## remove .venv, caches and build results
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# KEEP reaches the demo through the environment in both spellings, `KEEP=1 make demo` and `make demo KEEP=1`:
# make hands variables of its command line on to its recipes.

# The stamp is written last and removed first, so an interrupted run never looks complete. A .venv without a
# stamp is thrown away, because it may hold half a package; one with an outdated stamp is brought up to date in
# place, unless Python or the folder has changed. Only the .venv's own Python is asked on the quick path.
venv:
	@set -eu; \
	state() { \
		"$(PY)" -c 'import sys; print(sys.version, sys.prefix)' 2>/dev/null && \
		cksum pyproject.toml requirements.lock; \
	}; \
	want=$$(state) || want=; \
	have=$$(cat "$(STAMP)" 2>/dev/null) || have=; \
	if [ -n "$$want" ] && [ "$$want" = "$$have" ]; then exit 0; fi; \
	\
	command -v "$(PYTHON)" >/dev/null 2>&1 || { \
		echo "Python is missing. On Debian: apt-get install python3 python3-venv" >&2; exit 1; }; \
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, this is $$("$(PYTHON)" -V 2>&1). Install one and name it: make PYTHON=python3.11" >&2; \
		exit 1; }; \
	if [ -z "$(UV)" ]; then "$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "Python's venv module is missing. On Debian: apt-get install python3-venv" >&2; exit 1; }; fi; \
	\
	echo "Setting up $(VENV), this takes up to a minute ..."; \
	started=$$(date +%s); \
	rm -f "$(STAMP)"; \
	if [ -z "$$want" ] || [ "$$(echo "$$want" | sed '$$d' | sed '$$d')" != "$$(echo "$$have" | sed '$$d' | sed '$$d')" ] || \
		{ [ -z "$(UV)" ] && ! "$(PY)" -c 'import pip' 2>/dev/null; }; then \
		rm -rf "$(VENV)"; \
		if [ -n "$(UV)" ]; then "$(UV)" venv --quiet --no-python-downloads --python "$$(command -v "$(PYTHON)")" "$(VENV)"; \
		else "$(PYTHON)" -m venv "$(VENV)"; fi; \
	fi; \
	if [ -n "$(UV)" ]; then \
		"$(UV)" pip sync --quiet --python "$(PY)" --require-hashes requirements.lock; \
		"$(UV)" pip install --quiet --python "$(PY)" --no-deps --no-build-isolation --editable .; \
	else \
		"$(PY)" -m pip install -qq --root-user-action=ignore --require-hashes --requirement requirements.lock; \
		"$(PY)" -m pip install -qq --root-user-action=ignore --no-deps --no-build-isolation --editable .; \
	fi; \
	"$(PY)" -m compileall -qq "$(VENV)"/lib/python*/site-packages || :; \
	state > "$(STAMP).new"; \
	mv "$(STAMP).new" "$(STAMP)"; \
	echo "Set up $(VENV) in $$(($$(date +%s) - started)) s."

# The lock is made by uv, which is fetched into a scratch environment and is not a dependency of the project.
# Present pins are kept where they still fit; LOCK_ARGS=--upgrade takes the newest versions instead.
lock: ## resolve requirements.lock again (LOCK_ARGS=--upgrade for newest versions)
	@set -eu; \
	scratch=$$(mktemp -d); \
	trap 'rm -rf "$$scratch"' EXIT; \
	trap 'exit 1' HUP INT TERM; \
	uv="$(UV)"; \
	if [ -z "$$uv" ]; then \
		"$(PYTHON)" -m venv "$$scratch/venv"; \
		"$$scratch/venv/bin/python" -m pip install -qq --root-user-action=ignore uv; \
		uv="$$scratch/venv/bin/uv"; \
	fi; \
	if [ -f requirements.lock ]; then cp requirements.lock "$$scratch/requirements.lock"; fi; \
	"$$uv" pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-header --no-emit-index-url --no-emit-find-links $(LOCK_ARGS) \
		--output-file "$$scratch/requirements.lock" pyproject.toml; \
	{ \
		echo "# Every package of the project, its extras and its build tools, for Python 3.11 and newer, with hashes."; \
		echo "# Made from pyproject.toml; do not edit. To make it again: make lock"; \
		echo; \
		grep -v '^#' "$$scratch/requirements.lock" | sed '/./,$$!d'; \
	} > "$$scratch/new"; \
	cat "$$scratch/new" > requirements.lock
