#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets up what a make target needs: setup.sh build|demo|test|bench. Idempotent; leaves deps/NAME.ready.
#   Debian packages  tools/setup/packages.txt
#   DuckDB           deps/duckdb/libduckdb.so, from its npm package, pinned by tools/duckdb/package-lock.json
#   /docs, /redoc    deps/pages, from npm packages, pinned by tools/pages/package-lock.json
#   pytest           deps/venv, pinned by tests/requirements.txt
#   schemathesis     deps/contract-venv, pinned by tests/contract/requirements.txt
#   model clients    deps/sdk-venv and deps/llmock-venv, pinned by tests/doubles/*-requirements.txt
#   aimock           deps/aimock, with a Node of its own, pinned by tools/aimock/package-lock.json
#   peers to measure deps/bench-venv, pinned by bench/requirements.txt; deps/plan-stack-venv, pinned by
#                    bench/peers/plan-stack/requirements.txt
set -euo pipefail
cd "$(dirname "$0")/../.."
kind=${1:-build}
mkdir -p deps

wanted() { # the packages of this kind; tests and benchmarks need those of the build too
    awk -v kind="$kind" '$1 == "build" || $1 == kind { print $2 }' tools/setup/packages.txt
}

missing_packages() {
    local package
    for package in $(wanted); do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

install_packages() {
    if ! grep -qs '^ID=debian' /etc/os-release || ! command -v apt-get >/dev/null; then
        echo "setup: this is not Debian; please install what these Debian 12 packages hold, then run 'touch deps/$kind.packages':"
        wanted | sed 's/^/  /'
        [ -e "deps/$kind.packages" ] || exit 1
        return
    fi
    local missing
    missing=$(missing_packages)
    # A newer Node than Debian's brings its own npm.
    command -v npm >/dev/null && missing=$(grep -vx npm <<<"$missing" || true)
    [ -n "$missing" ] || return 0
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || { echo "setup: these packages are missing; install them as root:"; echo "  apt-get install" $missing; exit 1; }
        as_root=(sudo)
    fi
    echo "setup: installing $(wc -w <<<"$missing") Debian packages"
    "${as_root[@]}" apt-get -q update >deps/apt.log 2>&1 || { tail -n 20 deps/apt.log; exit 1; }
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -q --no-install-recommends $missing >>deps/apt.log 2>&1 ||
        { tail -n 20 deps/apt.log; exit 1; }
}

# What package-lock.json of a folder of tools/ pins, into the folder of that name in deps/.
fetch_npm() { # NAME WHAT
    local folder=deps/$1 new=deps/$1.new
    cmp -s "tools/$1/package-lock.json" "$folder/package-lock.json" && return
    echo "setup: fetching $2"
    rm -rf "$new" && mkdir -p "$new"
    cp "tools/$1/package.json" "tools/$1/package-lock.json" "$new/"
    (cd "$new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1) ||
        { cat "$new/npm.log"; exit 1; }
    rm -rf "$folder" && mv "$new" "$folder" # whole, or not at all
}

fetch_duckdb() {
    local library=deps/duckdb/libduckdb.so
    fetch_npm duckdb "DuckDB's library (24 MB)"
    [ -e "$library" ] || cp -l deps/duckdb/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so "$library"
}

# The lock file leaves out what the two libraries need in a build of their own: their bundles are whole.
fetch_pages() {
    fetch_npm pages "the libraries of /docs and /redoc (6 MB)"
}

# A double of language models; Debian's Node is too old for it.
fetch_aimock() {
    [ "$kind" != test ] || fetch_npm aimock "aimock and the Node that it runs on (60 MB)"
}

# Python packages in an environment of their own: make_environment KIND FOLDER REQUIREMENTS.
make_environment() {
    [ "$kind" = "$1" ] || return 0
    [ -e "$2/.ready" ] && [ "$2/.ready" -nt "$3" ] && return 0
    echo "setup: making the Python environment $2"
    rm -rf "$2" && python3 -m venv "$2"
    "$2/bin/pip" --disable-pip-version-check install --require-hashes -q -r "$3" >deps/pip.log 2>&1 ||
        { cat deps/pip.log; exit 1; }
    touch "$2/.ready"
}

install_packages
fetch_duckdb
fetch_pages
fetch_aimock
make_environment test deps/venv tests/requirements.txt
make_environment test deps/contract-venv tests/contract/requirements.txt
make_environment test deps/sdk-venv tests/doubles/sdk-requirements.txt
make_environment test deps/llmock-venv tests/doubles/llmock-requirements.txt
make_environment bench deps/bench-venv bench/requirements.txt
make_environment bench deps/plan-stack-venv bench/peers/plan-stack/requirements.txt
touch "deps/$kind.ready"
