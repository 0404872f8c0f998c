#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a C file that holds the prompts: prompts/decide.system.md becomes PROMPT_DECIDE_SYSTEM's text.

usage: embed_prompts.py OUTPUT.c FILE [FILE ...]
"""
import pathlib
import sys


def c_string(text):
    lines = []
    for line in text.splitlines(keepends=True):
        escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("?", "\\?")
        lines.append(f'        "{escaped}"\n')
    return "".join(lines)


def main(output, *names):
    text = ["/* Made by tools/prompts/embed_prompts.py. */\n", '#include "prompt/prompt_priv.h"\n\n',
            "const struct str prompt_texts[PROMPTS] = {\n"]
    for path in map(pathlib.Path, sorted(names)):
        content = path.read_bytes().decode("utf-8")
        if not content.isascii() or "\r" in content or not content.endswith("\n"):
            sys.exit(f"{path}: plain ASCII lines are expected")
        symbol = path.name.removesuffix(".md").replace(".", "_").upper()
        text.append(f"    [PROMPT_{symbol}] = {{\n{c_string(content)}        , {len(content)}}},\n")
    text.append("};\n")
    pathlib.Path(output).write_text("".join(text), encoding="ascii")


main(*sys.argv[1:])
