# SPDX-License-Identifier: Apache-2.0
# The everyday commands; Meson does the work. Each target sets up what it needs first
# (tools/setup/setup.sh: Debian packages, DuckDB's library, pinned Python packages).

BUILD = build
MESON_OPTIONS =

.PHONY: all setup demo test bench check-asan check-tsan fuzz coverage docs install format clean help

all: deps/build.ready                   ## build the program: build/querent
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD) $(MESON_OPTIONS)
	@ninja -C $(BUILD)

deps/%.ready: tools/setup/setup.sh tools/setup/packages.txt tools/duckdb/package-lock.json
	@tools/setup/setup.sh $*

test: deps/test.ready all               ## set up everything and run all tests
	@tests/run.sh

install: all                            ## install (PREFIX by meson configure)
	@meson install -C $(BUILD)

docs: all                               ## write the pages that are made from tables
	@ninja -C $(BUILD) tools/settings_markdown && mkdir -p docs
	@$(BUILD)/tools/settings_markdown > docs/settings.md

format: deps/test.ready                 ## format the C sources
	@clang-format-14 -i $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'tools/*.[ch]' 'bench/*.[ch]')

clean:                                  ## remove what was built (not what was set up)
	@rm -rf build build-asan build-tsan build-fuzz

help:                                   ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile
