#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a C file that holds the files of the program's pages, compressed with gzip.

usage: embed_pages.py OUTPUT.c URL FILE [URL FILE ...]
"""
import gzip
import hashlib
import pathlib
import re
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
# What a library would fetch from elsewhere, and what stands in its place: an empty picture.
REPLACED = {"redoc.standalone.js": [(b"https://cdn.redoc.ly/redoc/logo-mini.svg",
                                     b"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E")]}
LINE = 100


def content(path):
    """Without the way to its source map, which is not here."""
    text = re.sub(rb"\n?(//# sourceMappingURL=\S*|/\*# sourceMappingURL=\S* ?\*/)\s*$", b"\n", path.read_bytes())
    for old, new in REPLACED.get(path.name, []):
        if text.count(old) != 1:
            sys.exit(f"{path}: {old.decode()} is there {text.count(old)} times, not once")
        text = text.replace(old, new)
    return text


def c_string(data):
    """Three octal digits for what is no plain character: they end by themselves."""
    parts = []
    for at in range(0, len(data), LINE):
        line = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\{byte:03o}" for byte in data[at:at + LINE])
        parts.append(f'     "{line}"\n')
    return "".join(parts)


def main(output, *arguments):
    text = ["/* Made by tools/pages/embed_pages.py. */\n", '#include "api/page.h"\n\n', "const struct page pages[] = {\n"]
    for url, name in zip(arguments[::2], arguments[1::2]):
        path = pathlib.Path(name)
        plain = content(path)
        data = gzip.compress(plain, 9, mtime=0)
        text.append(f'    {{"{url}", "{TYPES[path.suffix]}", {len(plain)}, "{hashlib.sha256(plain).hexdigest()[:16]}",\n'
                    f"     {{\n{c_string(data)}     , {len(data)}}}}},\n")
    text += ["};\n", f"const size_t page_count = {len(arguments) // 2};\n"]
    pathlib.Path(output).write_text("".join(text), encoding="ascii")


main(*sys.argv[1:])
