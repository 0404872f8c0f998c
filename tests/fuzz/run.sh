#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs each fuzz target for SECONDS; prints TAP. Usage: tests/fuzz/run.sh [SECONDS [TARGET...]]
# What was found lies in build-fuzz/found/ and becomes a file in corpus/ with the fix.
set -uo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
shift || true
build=build-fuzz
if [ $# = 0 ]; then
    set -- $(cd $build/tests/fuzz && ls -d fuzz_* | grep -v '\.p$' | sed 's/^fuzz_//')
fi
mkdir -p $build/found
echo "1..$#"
number=0 failed=0
for name in "$@"; do
    number=$((number + 1))
    corpus=$build/corpus/$name
    mkdir -p "$corpus"
    seeds=tests/fuzz/corpus/$name
    [ -d "$seeds" ] || seeds=
    dictionary=tests/fuzz/corpus/$name.dict
    [ -f "$dictionary" ] && dictionary=-dict=$dictionary || dictionary=
    if ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        timeout $((seconds + 120)) $build/tests/fuzz/fuzz_"$name" -max_total_time="$seconds" \
        -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 $dictionary \
        -artifact_prefix=$build/found/"$name"- "$corpus" $seeds >$build/"$name".log 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' $build/"$name".log)
        echo "ok $number - fuzz $name: $runs inputs"
    else
        failed=1
        echo "not ok $number - fuzz $name"
        tail -n 60 $build/"$name".log | sed 's/^/# /'
    fi
done
exit $failed
