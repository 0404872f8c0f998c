#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs all measurements one after the other and prints one table. Usage: bench/run.sh [BUILD_FOLDER]
# Ours and each peer are measured in turn in the same run; "ratio" is ours / peer of each round:
# median (smallest..largest), below 1 is cheaper. Without a peer the range of our own figure stands there.
set -uo pipefail
cd "$(dirname "$0")/.."
build=$(realpath "${1:-build}")
[ -x deps/bench-venv/bin/python ] && export QUERENT_BENCH_PYTHON=$PWD/deps/bench-venv/bin/python
[ -x deps/plan-stack-venv/bin/python ] && export QUERENT_PLAN_STACK_PYTHON=$PWD/deps/plan-stack-venv/bin/python
export OPENBLAS_NUM_THREADS=1
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort -u | head -n 1), $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg). Amounts are medians of CPU time per operation."
echo
printf '%-38s | %9s | %-43s | %-24s | %s\n' figure ours "peer, in the same run" "ratio (least..most)" aim
line() { printf '%*s' "$1" '' | tr ' ' -; }
echo "$(line 39)|$(line 11)|$(line 45)|$(line 26)|$(line 12)"
failed=0
measure() { timeout 600 "$@" || { echo "bench: ${1##*/} did not end well" >&2; failed=1; }; }
measure "$build/bench/http_bench"
measure "$build/bench/fetch_bench"
measure "$build/bench/run_bench"
measure "$build/bench/route_bench"
measure "$build/bench/start_bench" "$build/querent"
measure "$build/bench/server_bench" "$build/querent"
measure "$build/bench/streams_bench"
measure "$build/bench/models_bench"
measure "$build/bench/store_bench" "$build/bench"
measure "$build/bench/task_bench"
measure "$build/bench/retrieval_bench"
exit $failed
