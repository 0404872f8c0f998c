#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs all benchmarks one after the other. Usage: bench/run.sh [BUILD_FOLDER]
set -uo pipefail
cd "$(dirname "$0")/.."
cd "${1:-build}/bench"
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort -u | head -n 1), $(nproc) cores; load $(cut -d' ' -f1 /proc/loadavg)"
failed=0
for program in ./*_bench; do
    echo
    echo "== ${program#./}"
    "$program" || failed=1
done
exit $failed
