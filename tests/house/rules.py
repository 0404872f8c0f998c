#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that a compiler doesn't know; prints TAP. CONTRIBUTING.md has the reasons."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A folder includes from itself and from those before it.
LAYERS = ["core", "task", "net", "http", "sql", "store", "cache", "embed", "metadata", "engine", "catalog",
          "retrieval", "planner", "verified", "prompt", "llm", "agent", "eval", "api", "cli"]
# (from a folder, header): what goes up all the same, and why.
UPWARDS = {
    ("sql", "metadata/dataset.h"): "the allow-list is made from the plain structs of a dataset",
}
# Within a folder: a sub-folder includes from itself and from those before it, and these headers of the folder.
PARTS = {"planner": (["read", "print", "rules", "rank"], {"planner/query.h", "planner/planner.h"})}
GENERATED = {"version.h"}

BANNED = {  # in the program; tests may be plainer
    "strcpy": "strbuf, arena_printf, snprintf or memcpy",
    "strcat": "strbuf",
    "sprintf": "strbuf_printf, arena_printf or snprintf",
    "vsprintf": "strbuf_vprintf",
    "gets": "a read with a limit",
    "strtok": "str_split",
    "alloca": "an arena",
    "system": "a process without a shell",
    "popen": "a process without a shell",
}
# (file, call): why it is right there.
ALLOWED = {}

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SOURCES = {".c", ".h"}
SCRIPTS = {".py", ".sh"}


def files():
    for folder in ["src", "tests", "tools", "bench"]:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not any(part.startswith((".", "__pycache__", "node_modules"))
                                          for part in path.relative_to(ROOT).parts):
                yield path
    yield ROOT / "meson.build"


def name(path):
    return path.relative_to(ROOT).as_posix()


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def code_only(text):
    """The text with comments and literals blanked, line numbers kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda match: "\n" * match.group().count("\n") or " ", text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def layers():
    include = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)
    for path in files():
        parts = path.relative_to(ROOT).parts
        if parts[0] != "src" or path.suffix not in SOURCES:
            continue
        folder = parts[1]
        if folder not in LAYERS:
            yield f"{name(path)}: folder '{folder}' has no place among the layers"
            continue
        text = read(path)
        for match in include.finditer(text):
            header = match.group(1)
            where = f"{name(path)}:{line_of(text, match.start())}"
            target = header.split("/")[0]
            if header in GENERATED or (folder, header) in UPWARDS:
                continue
            if "/" not in header or target not in LAYERS:
                yield f"{where}: '{header}' is no path from src/"
            elif LAYERS.index(target) > LAYERS.index(folder):
                yield f"{where}: {folder} is below {target}, so it can't include '{header}'"


def parts():
    """The order among the sub-folders of a folder, as layers() has it among folders."""
    include = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)
    for path in files():
        place = path.relative_to(ROOT).parts
        if place[0] != "src" or len(place) != 4 or place[1] not in PARTS or path.suffix not in SOURCES:
            continue
        order, shared = PARTS[place[1]]
        if place[2] not in order:
            yield f"{name(path)}: sub-folder '{place[2]}' has no place in its folder's order"
            continue
        text = read(path)
        for match in include.finditer(text):
            target = match.group(1).split("/")
            if target[0] != place[1] or match.group(1) in shared:
                continue
            if len(target) != 3 or order.index(target[1]) > order.index(place[2]):
                yield (f"{name(path)}:{line_of(text, match.start())}: {place[1]}/{place[2]} is below "
                       f"'{match.group(1)}'")


def licences():
    for path in files():
        if not (path.suffix in SOURCES | SCRIPTS or path.name == "meson.build"):
            continue
        lines = read(path).splitlines()
        if lines and lines[0].startswith("#!"):
            lines = lines[1:]
        if not lines or "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
            yield f"{name(path)}: the first line is not the SPDX line"


def banned_calls():
    call = re.compile(r"\b(" + "|".join(BANNED) + r")\s*\(")
    for path in files():
        if path.suffix not in SOURCES or path.relative_to(ROOT).parts[0] == "tests":
            continue
        text = code_only(read(path))
        for match in call.finditer(text):
            if (name(path), match.group(1)) not in ALLOWED:
                yield (f"{name(path)}:{line_of(text, match.start())}: {match.group(1)}() is banned; "
                       f"use {BANNED[match.group(1)]}")


def unfinished_work():
    for path in files():
        if path.suffix not in SOURCES:
            continue
        text = read(path)
        for match in UNFINISHED.finditer(text):
            yield f"{name(path)}:{line_of(text, match.start())}: '{match.group()}' is left"


def header_guards():
    for path in files():
        parts = path.relative_to(ROOT).parts
        if parts[0] != "src" or path.suffix != ".h":
            continue
        guard = "QUERENT_" + re.sub(r"[^A-Z0-9]", "_", "/".join(parts[1:]).upper())
        text = read(path)
        is_table = not re.search(r"^#ifndef QUERENT_", text, re.M)  # X-macros, included twice
        if not is_table and f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield f"{name(path)}: the guard is not {guard}"


def listed_files():
    """A file that is in no list is silently not built or not run."""
    lists = "\n".join(read(path) for path in files() if path.name == "meson.build")
    for path in files():
        parts = path.relative_to(ROOT).parts
        if path.suffix != ".c":
            continue
        if parts[0] == "src" and not re.search(rf"'[^']*\b{re.escape(path.name)}'", lists):
            yield f"{name(path)}: in no meson.build"
        if parts[:2] == ("tests", "unit") and path.stem.endswith("_test"):
            if not re.search(rf"'{re.escape(path.stem)}'", lists):
                yield f"{name(path)}: not in tests/unit/meson.build"


def settings_are_read():
    """A setting that nothing reads misleads whoever sets it: it is read, or its row says that it is not."""
    table = ROOT / "src/core/settings_table.c"
    program = "\n".join(read(path) for path in files()
                        if path.relative_to(ROOT).parts[0] == "src" and path.suffix == ".c" and path != table)
    for row in re.finditer(r'^    \{"([A-Z_]+)",(.*?)\.help =', read(table), re.M | re.S):
        used = f'"{row.group(1)}"' in program
        if used == (".unread = true" in row.group(2)):
            yield f"{row.group(1)}: {'read, but marked as unread' if used else 'read by nothing; mark it as unread'}"


RULES = [layers, parts, licences, banned_calls, unfinished_work, header_guards, listed_files, settings_are_read]


def main():
    print(f"1..{len(RULES)}")
    failed = 0
    for number, rule in enumerate(RULES, 1):
        found = list(rule())
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {rule.__name__}")
        for problem in found:
            print(f"# {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
