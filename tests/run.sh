#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs all tests; the last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
passed=0 failed=0
meson test -C build --no-rebuild --print-errorlogs
status=$?
passed=$(grep -hoE '^(ok|not ok) ' build/meson-logs/testlog.txt | grep -c '^ok' || true)
failed=$(grep -hoE '^not ok ' build/meson-logs/testlog.txt | wc -l)
[ $status = 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
