#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a C file that holds the store's migrations, numbered SQL files, as an array.

usage: embed_migrations.py ARRAY OUTPUT.c 0001_initial.sql 0002_....sql ...
"""

import pathlib
import re
import sys


def c_string(line):
    escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
    return f'     "{escaped}\\n"\n'


def main(array, output, files):
    text = ['/* Made by tools/store/embed_migrations.py; edit the SQL files instead. */\n',
            '#include "store/store_priv.h"\n\n',
            f'const struct store_migration {array}[] = {{\n']
    for expected, path in enumerate(map(pathlib.Path, files), start=1):
        match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", path.name)
        if not match or int(match[1]) != expected:
            sys.exit(f"{path}: expected a name like {expected:04d}_what_it_does.sql, without gaps")
        lines = path.read_text(encoding="utf-8").splitlines()
        text += [f'    {{{expected}, "{match[2]}",\n', *map(c_string, lines), "    },\n"]
    text += ["};\n", f"const size_t {array}_count = {len(files)};\n"]
    pathlib.Path(output).write_text("".join(text), encoding="utf-8")


main(sys.argv[1], sys.argv[2], sys.argv[3:])
