# SPDX-License-Identifier: Apache-2.0
# The everyday commands; Meson does the work. Each target sets up what it needs first
# (tools/setup/setup.sh: Debian packages, DuckDB's library, pinned Python packages).

BUILD = build
MESON_OPTIONS =
# One line that moves on a terminal, nothing but faults in a log.
NINJA = ninja $$([ -t 1 ] || echo --quiet)

.PHONY: all setup demo test test-live transcript bench check-asan check-tsan fuzz coverage docs install uninstall format clean help

all: deps/build.ready                   ## build the program: build/querent
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD) $(MESON_OPTIONS) >deps/meson.log || \
	  { cat deps/meson.log; exit 1; }
	@$(NINJA) -C $(BUILD)

deps/%.ready: tools/setup/setup.sh tools/setup/packages.txt tools/duckdb/package-lock.json \
  tools/pages/package-lock.json tools/aimock/package-lock.json tests/requirements.txt tests/contract/requirements.txt \
  tests/doubles/sdk-requirements.txt tests/doubles/llmock-requirements.txt \
  bench/requirements.txt bench/peers/plan-stack/requirements.txt
	@tools/setup/setup.sh $*

demo: deps/demo.ready all               ## make tables to ask about, and ask six questions
	@tools/demo/demo.sh

test: deps/test.ready                   ## set up everything and run all tests
	@tests/run.sh

test-live: deps/test.ready all          ## ask real language models whose keys are set, a dozen questions each
	@QUERENT_TEST_LIVE=1 deps/venv/bin/python -m pytest -q -rs -p no:cacheprovider tests/e2e/test_models_live.py

transcript: all                         ## two questions with a stand-in for Claude: steps, deltas, cost, prompts
	@cd tests && python3 -m doubles.transcript $(CURDIR)/$(BUILD)/querent

# PREFIX is remembered by the build folder; DESTDIR, which packagers give, reaches Meson as it is.
PREFIX = /usr/local
install: all                            ## install below PREFIX (/usr/local); DESTDIR goes before it
ifneq ($(origin PREFIX),file)
	@meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@$(NINJA) -C $(BUILD)
endif
	@meson install -C $(BUILD) --no-rebuild

uninstall:                              ## remove what the last `make install` of this folder installed
	@ninja -C $(BUILD) uninstall

# Compiled anew with a sanitizer, in folders of their own.
ASAN = ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
TSAN = TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:die_after_fork=0:suppressions=$(CURDIR)/tests/tsan.supp
SANITIZED_TEST = meson test --no-rebuild --print-errorlogs --timeout-multiplier 5

check-asan: deps/test.ready             ## unit tests under ASan and UBSan
	@[ -f build-asan/build.ninja ] || \
	  meson setup build-asan -Db_sanitize=address,undefined -Db_lundef=false
	@$(NINJA) -C build-asan
	@$(ASAN) $(SANITIZED_TEST) -C build-asan

check-tsan: deps/test.ready             ## unit tests and a server under load, under TSan
	@[ -f build-tsan/build.ninja ] || meson setup build-tsan -Db_sanitize=thread -Db_lundef=false
	@$(NINJA) -C build-tsan
	@$(TSAN) $(SANITIZED_TEST) -C build-tsan
	@$(TSAN) QUERENT=$(CURDIR)/build-tsan/querent deps/venv/bin/python -m pytest -q -p no:cacheprovider \
	  tests/e2e/test_server_load.py tests/e2e/test_server_lifecycle.py tests/e2e/test_server_runs.py \
	  -k "short or killed or hangups or under_way or test_server_runs"

coverage: deps/test.ready               ## unit tests, and which lines of src/ they reach
	@[ -f build-coverage/build.ninja ] || meson setup build-coverage -Db_coverage=true
	@$(NINJA) -C build-coverage
	@meson test -C build-coverage --no-rebuild --print-errorlogs
	@gcovr --root . --filter src/ build-coverage --txt build-coverage/coverage.txt --print-summary
	@echo "by file: build-coverage/coverage.txt"

SECONDS = 60
fuzz: deps/test.ready                   ## each fuzz target for SECONDS=60
	@[ -f build-fuzz/build.ninja ] || CC=clang-14 meson setup build-fuzz -Dfuzz=true \
	  -Db_sanitize=address,undefined -Db_lundef=false
	@$(NINJA) -C build-fuzz fuzzers
	@tests/fuzz/run.sh $(SECONDS)

bench: deps/bench.ready all             ## measure, beside peers in the same run
	@ninja -C $(BUILD) benchmarks
	@bench/run.sh $(BUILD)

docs: all                               ## write the pages that are made from tables
	@ninja -C $(BUILD) tools/settings_markdown tools/metrics_markdown && mkdir -p docs
	@$(BUILD)/tools/settings_markdown > docs/settings.md
	@$(BUILD)/tools/metrics_markdown > docs/metrics.md

format: deps/test.ready                 ## format the C sources
	@clang-format-14 -i $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'tools/*.[ch]' 'bench/*.[ch]')

clean:                                  ## remove what was built (not what was set up)
	@rm -rf build build-asan build-tsan build-coverage build-fuzz

help:                                   ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile
