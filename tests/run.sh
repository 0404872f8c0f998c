#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs all tests; the last line is "N passed, N failed". With arguments, only these parts:
#   unit       unit tests, house rules, SQL corpora
#   sanitized  the same under ASan and UBSan
#   program    questions with expected rows, and the program end to end (pytest)
#   program-sanitized  those again with a program built with ASan and UBSan
#   fuzz       each fuzz target for QUERENT_FUZZ_SECONDS (5)
#   coverage   which lines of src/ the unit tests reach
set -uo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- unit program sanitized program-sanitized fuzz coverage
logs=build/test-logs
mkdir -p $logs
passed=0 failed=0

# count LOG STATUS: adds the TAP lines of a log; a part that fails without one counts as one.
count() {
    local good bad
    good=$(grep -cE '^ok [0-9]' "$1")
    bad=$(grep -cE '^not ok [0-9]' "$1")
    [ "$2" = 0 ] || [ "$bad" -gt 0 ] || bad=1
    passed=$((passed + good)) failed=$((failed + bad))
    echo "-- $good passed, $bad failed"
}

configure() { # FOLDER OPTION...: a build folder, made anew when cmocka came after it was made
    local folder=$1
    shift
    if [ -f "$folder/build.ninja" ] && ! grep -q core_arena_test "$folder/build.ninja"; then
        # Meson 1.0 forgets what it did not find by `configure` alone.
        { meson configure --clearcache "$folder" && meson setup --reconfigure "$folder" "$@"; } >"$logs/meson.log" 2>&1 ||
            { cat "$logs/meson.log"; return 1; }
    elif [ ! -f "$folder/build.ninja" ]; then
        meson setup "$folder" "$@" >"$logs/meson.log" 2>&1 || { cat "$logs/meson.log"; return 1; }
    fi
    ninja -C "$folder" >"$logs/ninja.log" 2>&1 || { tail -n 60 "$logs/ninja.log"; return 1; }
}

run_unit() { # FOLDER
    meson test -C "$1" --no-rebuild --print-errorlogs --timeout-multiplier 6 >"$logs/unit.log" 2>&1
    local status=$?
    [ $status = 0 ] || tail -n 80 "$logs/unit.log"
    count "$1/meson-logs/testlog.txt" $status
}

run_program() { # FOLDER
    QUERENT="$PWD/$1/querent" deps/venv/bin/pytest -q -p no:cacheprovider tests/e2e tests/cases 2>&1 | tee "$logs/pytest.log"
    local status=${PIPESTATUS[0]} good bad
    good=$(grep -oE '[0-9]+ passed' "$logs/pytest.log" | tail -n 1 | grep -oE '[0-9]+')
    bad=$(tail -n 1 "$logs/pytest.log" | grep -oE '[0-9]+ (failed|error)' | grep -oE '^[0-9]+' | awk "{ sum += \$1 } END { print sum + 0 }")
    [ "$status" = 0 ] || [ "${bad:-0}" -gt 0 ] || bad=1
    passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-0}))
}

sanitize() {
    export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
}

for part in "$@"; do
    echo "== $part"
    case $part in
    unit) configure build && run_unit build || failed=$((failed + 1)) ;;
    program) configure build && run_program build || failed=$((failed + 1)) ;;
    sanitized)
        (sanitize && configure build-asan -Db_sanitize=address,undefined -Db_lundef=false) || { failed=$((failed + 1)); continue; }
        sanitize
        run_unit build-asan
        ;;
    program-sanitized)
        configure build-asan -Db_sanitize=address,undefined -Db_lundef=false || { failed=$((failed + 1)); continue; }
        sanitize
        run_program build-asan
        ;;
    fuzz)
        make --no-print-directory fuzz SECONDS="${QUERENT_FUZZ_SECONDS:-5}" >"$logs/fuzz.log" 2>&1
        status=$?
        grep -E '^(ok|not ok|#)' "$logs/fuzz.log" || tail -n 40 "$logs/fuzz.log"
        count "$logs/fuzz.log" $status
        ;;
    coverage)
        make --no-print-directory coverage >"$logs/coverage.log" 2>&1
        status=$?
        grep -E '^(lines|functions|branches):' "$logs/coverage.log"
        [ $status = 0 ] || { tail -n 40 "$logs/coverage.log"; failed=$((failed + 1)); }
        ;;
    *)
        echo "run.sh: there is no part '$part'"
        exit 2
        ;;
    esac
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
