#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the demo's data in build/demo and asks six questions, as a person would see them.
set -euo pipefail
cd "$(dirname "$0")/../.."
demo=build/demo
tools/demo/fetch.sh deps/demo
ninja -C build tools/demo_data >/dev/null
mkdir -p "$demo/data"
today=$(date +%Y-%m-%d)
[ -e "$demo/made-$today" ] || {
    echo "demo: making tables (a made-up shop up to yesterday, and public data)"
    build/tools/demo_data tools/demo/shop.sql today="$today" target="$demo/data"
    build/tools/demo_data tools/demo/public.sql source=deps/demo target="$demo/data"
    rm -f "$demo"/made-*
    touch "$demo/made-$today"
}
cp examples/*.yaml "$demo/"
export QUERENT_HOME=$PWD/build/demo-home
build/querent index --data "$demo"

ask() {
    echo
    echo "$ querent ask \"$1\"${2:+ (going on from the question before)}"
    build/querent ask --data "$demo" ${2:+--conversation "$2"} "$1" 2>&1 || [ $? -ge 3 ]
}
ask "What was the total revenue last month?"
ask "top 5 customers by revenue this year"
ask "revenue by month this year"
ask "average arrival delay by airline name"
ask "revenue by region last quarter"
conversation=$(build/querent ask --data "$demo" --json "revenue by region last quarter" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["conversation_id"])')
ask "and by channel?" "$conversation"
cat <<TEXT

Now try your own:
  build/querent chat --data $demo
  build/querent ask --data FILE.csv "a question about your file"
TEXT
