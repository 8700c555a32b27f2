# SPDX-License-Identifier: AGPL-3.0-or-later
# The front door. Each target first makes sure that its Debian packages are there.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
DEMO ?=
FUZZ_SECONDS ?= 60
ROUNDS ?= 200

.PHONY: help build demo test unit e2e crash bench fuzz lint format

help:
	@echo "make build    build/release/kontor, kontor-migrate and kontor-extract"
	@echo "make demo     move a Kopano organisation, and mail of a Dovecot and a Maildir, into Kontor, verify, serve   (DEMO=once: end after that)"
	@echo "make test     everything that CI runs: lint, unit tests (ASan, TSan), end-to-end, crash tests, fuzz smoke"
	@echo "make unit     unit tests of the dev build only"
	@echo "make e2e      end-to-end tests of the release build only   (E2E='-k imap': what pytest shall run)"
	@echo "make crash    kill -9 under mixed load, ROUNDS=$(ROUNDS) times"
	@echo "make bench    side by side with Dovecot: a table of ratios"
	@echo "make fuzz     every fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)"
	@echo "make lint     formatting, include rules, clang-tidy"
	@echo "make format   clang-format on all sources"

build:
	@scripts/packages.sh build
	@cmake --preset release >build-release.log 2>&1 || { cat build-release.log; exit 1; }; rm -f build-release.log
	@cmake --build --preset release -j $(JOBS) --target kontor kontor-migrate

demo: build
	@scripts/packages.sh test
	@/usr/bin/python3 scripts/demo.py $(if $(filter once,$(DEMO)),--once)

test:
	@scripts/test.sh

unit:
	@scripts/packages.sh build
	@cmake --preset dev >/dev/null && cmake --build --preset dev -j $(JOBS)
	@ctest --test-dir build/dev -j $(JOBS) --output-on-failure

e2e: build
	@scripts/packages.sh test
	@/usr/bin/python3 -m pytest tests/e2e $(E2E)

crash: build
	@scripts/packages.sh test
	@KONTOR_ROUNDS=$(ROUNDS) /usr/bin/python3 -m pytest tests/e2e/test_crash_loop.py -s

bench: build
	@scripts/packages.sh test bench
	@bench/run.sh

fuzz:
	@scripts/packages.sh build fuzz
	@scripts/fuzz.sh $(FUZZ_SECONDS)

lint:
	@scripts/packages.sh build lint
	@scripts/lint.sh

format:
	@scripts/packages.sh lint
	@git ls-files 'src/*.cc' 'src/*.h' 'fuzz/*.cc' 'bench/*.cc' 'bench/*.h' | xargs clang-format-19 -i
