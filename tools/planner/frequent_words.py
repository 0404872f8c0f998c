# SPDX-License-Identifier: Apache-2.0
"""Writes the [frequent] section of the lexicon: words of questions that are neither linked to a
column nor a value, seen with at least eight databases. No labels are used.

    planner_features words QUESTIONS CUES | frequent_words.py CUES
"""
import re
import sys
import textwrap

DATABASES_MIN = 8


def main():
    path = sys.argv[1]
    seen = {}
    for line in sys.stdin:
        group, *words = line.rstrip("\n").split("\t")
        for word in words:
            if re.fullmatch(r"[a-z]+", word):
                seen.setdefault(word, set()).add(group)
    words = sorted(w for w, groups in seen.items() if len(groups) >= DATABASES_MIN)
    with open(path, encoding="utf-8") as lexicon:
        text = lexicon.read()
    section = "\n".join(textwrap.wrap("words: " + ", ".join(words), 98, subsequent_indent="    "))
    text = re.sub(r"(?<=\[frequent\]\n)words:.*?(?=\n\n)", lambda _: section, text, flags=re.S)
    with open(path, "w", encoding="utf-8") as lexicon:
        lexicon.write(text)
    print(len(words), "words")


if __name__ == "__main__":
    main()
