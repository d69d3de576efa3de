# `make lab` and `make test` need nothing before them but Python 3.11 or newer, git and make.

PYTHON ?= python3
ARGS   ?=

VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.installed

# The kernel named `python3` is this venv's, also for a user who has one of that name at home.
export JUPYTER_PREFER_ENV_PATH := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Threads that wait do so asleep, in the tests and the build of notebooks as in a learner's: nanogpt_lib/threads.py.
export OMP_WAIT_POLICY := passive

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help lab reset edit check test test-all portability notebooks runs bench widgets format clean say-lab say-check say-test say-test-all

help:
	@echo 'make lab        open your notebooks in JupyterLab     seconds; the first time 1-2 minutes to install'
	@echo 'make reset      begin a notebook again: ARGS=03       a second; yours is kept under another name'
	@echo 'make edit       open the texts of the notebooks       seconds; for those who write the course'
	@echo 'make check      style, fast unit tests, doctests      about 3 minutes'
	@echo 'make test       also widgets, and notebooks run again about 12 minutes'
	@echo 'make test-all   every seed, record, notebook, clock   the long one, for nights'
	@echo 'make portability notebooks again as other machines would an hour; one: ARGS=05_scaling'
	@echo 'make notebooks  build notebooks/*.ipynb from source/  up to a minute each; one: ARGS=02_bigram'
	@echo 'make runs       list recorded trainings; ARGS=scale   makes one experiment anew, minutes a run'
	@echo 'make bench      how fast each form is here            about 3 minutes; ARGS="--settings A B --out FOLDER"'
	@echo 'make widgets    bundle what the browser gets of them  seconds; needs Node.js 18 or newer'
	@echo 'make format     let ruff and biome format and mend    seconds'
	@echo 'make clean      remove .venv and every cache          a second; keeps the text and the notebooks'
	@echo 'Another Python: make lab PYTHON=python3.12.  Options for the tool: make lab ARGS=--no-browser'

# The stamp is written last and holds the folder it was written in. So an install that was killed, a checkout
# that was moved and an interpreter that has gone all leave no valid stamp, and the venv is made anew.
MADE_IN := $(shell $(PY) -c 'print(open("$(STAMP)").read())' 2>/dev/null)
ifneq ($(MADE_IN),$(CURDIR))
$(shell rm -f $(STAMP))
endif

$(STAMP): pyproject.toml setup.py constraints.txt $(shell find etc -type f)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and '$(PYTHON)' is missing or older; name one: make PYTHON=python3.12"; exit 1; }
	@echo 'install: makes .venv with the exact versions of constraints.txt; 1-2 minutes and 1.5 GB, only this once'
	@test -f $@ || $(PYTHON) -m venv --clear $(VENV)
	@rm -f $@
	@$(PY) -m pip install --quiet -c constraints.txt -e '.[dev]'
	@printf '%s' '$(CURDIR)' > $@

# Node is for the tests, and for those who change a widget; `make lab` does without. Without its tools, the test
# that bundles the widgets anew fails, and all others still run.
NODE_TOOLS := node_modules/.package-lock.json

$(NODE_TOOLS): package.json package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error && touch $@ || echo 'npm ci failed: see above'

IF_THERE_IS_NODE := $(if $(shell command -v npm),$(NODE_TOOLS))

say-lab:
	@echo 'lab: prepares the text, then opens your copy, work/00_start_here.ipynb, in JupyterLab; seconds once installed'

lab: say-lab $(STAMP)
	@$(PY) -m nanogpt_lib.lab $(ARGS)

reset: $(STAMP)
	@$(PY) -m nanogpt_lib.workplace $(ARGS)

# For those who write the course: the texts of the notebooks open as notebooks, and are saved as texts.
edit: $(STAMP)
	@$(PY) -m jupyter lab --ServerApp.contents_manager_class=jupytext.TextFileContentsManager \
	  --ServerApp.root_dir=notebooks/source $(ARGS)

# Every stage runs, whatever became of the one before; the last lines say how each ended, and its seconds.
define stages
@ended=''; code=0; \
stage() { \
  name=$$1; shift; printf '\n== %s\n' "$$name"; began=$$(date +%s); \
  if "$$@"; then how=passed; else how=FAILED; code=1; fi; \
  ended="$$ended  $$how  $$name, $$(($$(date +%s) - began)) s\n"; \
}; \
$(1) \
printf "\n$$ended"; exit $$code
endef

# The tiers are told in tests/tiers.py. What needs a browser and the notebooks share one queue, file by file, since
# the tests of a file share a page or a kernel. Each worker that drives a browser keeps one JupyterLab open.
# A file of unit tests stays with one worker too, so that what it makes for all of its tests is made once; in the
# order of their names the heaviest files are not the last. Where every seed is tried, one file may take long.
# Types take one core for 20 seconds: they are looked at beside the unit tests, and told after them.
STYLE = \
	told=$$(mktemp); $(PY) -m mypy >$$told 2>&1 & looks=$$!; \
	stage 'style' $(PY) -m ruff check .; \
	stage 'formatting' $(PY) -m ruff format --check .;
TYPES = \
	types() { wait $$looks; ended_with=$$?; cat $$told; rm -f $$told; return $$ended_with; }; \
	stage 'types' types;
UNIT = $(PY) -m pytest -q -n 2 -p no:nbval --ignore-glob='*/test_browser_*'
BY_FILE = --dist loadfile --no-loadscope-reorder
IN_A_BROWSER = tests/*/test_browser_*.py
NOTEBOOKS = env OMP_NUM_THREADS=1 PYTHONPATH=tests $(PY) -m pytest -q -n 3 --dist loadfile \
	-p kernel_minute --nbval --nbval-current-env --nbval-cell-timeout=120 \
	--nbval-sanitize-with=nbval-sanitize.cfg notebooks/*.ipynb
CLOCK = env OMP_NUM_THREADS=1 $(PY) -m pytest -q --timed $(IN_A_BROWSER)
with_a_browser = $(if $(filter no,$(BROWSER)),,$(1))

say-check:
	@echo 'check: style, fast unit tests and doctests; about 3 minutes'

check: say-check $(STAMP) $(IF_THERE_IS_NODE)
	$(call stages,$(STYLE) stage 'fast unit tests and doctests' $(UNIT) $(BY_FILE) -m 'not slow' $(ARGS); $(TYPES))

say-test:
	@echo 'test: checks style, runs the unit tests, the widgets, and every notebook; about 12 minutes'

test: say-test $(STAMP) $(IF_THERE_IS_NODE)
	$(call stages,$(STYLE) stage 'unit tests and doctests' $(UNIT) $(BY_FILE) $(ARGS); $(TYPES) \
	  stage 'notebooks run again$(call with_a_browser, and widgets)' $(NOTEBOOKS) $(call with_a_browser,$(IN_A_BROWSER));)

say-test-all:
	@echo 'test-all: also every seed, record, repetition, every notebook whole, and the clock; the long one, for nights'

test-all: say-test-all $(STAMP) $(IF_THERE_IS_NODE)
	$(call stages,$(STYLE) stage 'unit tests and doctests' $(UNIT) --every $(ARGS); $(TYPES) \
	  stage 'notebooks run again$(call with_a_browser, and widgets)' \
	    $(NOTEBOOKS) $(call with_a_browser,$(IN_A_BROWSER) --every); \
	  $(call with_a_browser,stage 'widgets against the clock' $(CLOCK);))

portability: $(STAMP)
	@$(PY) tests/portability.py $(ARGS)

notebooks: $(STAMP)
	@$(PY) notebooks/build.py $(ARGS)

runs: $(STAMP)
	@$(PY) -m nanogpt_lib.recorded $(ARGS)

bench: $(STAMP)
	@$(PY) -m nanogpt_lib.bench $(ARGS)

widgets: $(NODE_TOOLS)
	@node nanogpt_lib/build.mjs

# Notebooks are left alone: they are made from notebooks/source/, and a change in them would be lost.
format: $(STAMP) $(IF_THERE_IS_NODE)
	@$(PY) -m ruff check --fix --extend-exclude '*.ipynb' .
	@$(PY) -m ruff format .
	@if command -v npm >/dev/null; then npx biome check --write --error-on-warnings; fi

clean:
	@rm -rf $(VENV) node_modules build dist *.egg-info .pytest_cache .ruff_cache .hypothesis notebooks/.ipynb_checkpoints
	@find nanogpt_lib tests notebooks -name __pycache__ -type d -prune -exec rm -rf {} +
