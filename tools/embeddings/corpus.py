# SPDX-License-Identifier: Apache-2.0
"""corpus.py WORDNET_FOLDER OUT.txt: short English texts from WordNet 3.0, one a line.

Of each synset: its definition, its examples, its words ("car, auto, automobile"), and its first
word with the definition.
"""

import re
import sys

TEXT_MAX = 200


def synset(line):
    """(words, definition, examples) of a line of WordNet's data files; None for mere names."""
    data, _, gloss = line.partition("|")
    fields = data.split()
    count = int(fields[3], 16)
    words = [re.sub(r"\(.*\)", "", fields[4 + 2 * i]).replace("_", " ") for i in range(count)]
    examples = re.findall(r'"([^"]+)"', gloss)
    definition = re.sub(r'"[^"]*"', "", gloss)
    definition = re.sub(r"[;,\s]+$", "", re.sub(r"(;\s*)+", "; ", definition))
    is_name = fields[2] == "n" and words[0][:1].isupper() and count == 1
    if is_name and len(definition) < 25:
        return None
    return words, definition, examples


def texts(folder):
    for part in ("noun", "verb", "adj", "adv"):
        with open(f"{folder}/data.{part}", encoding="utf-8", errors="replace") as data:
            for line in data:
                found = None if line.startswith("  ") else synset(line)
                if found:
                    words, definition, examples = found
                    yield definition
                    yield ", ".join(words)
                    yield words[0] + ": " + definition
                    yield from examples


def main():
    folder, out = sys.argv[1:3]
    seen, kept = set(), []
    for text in texts(folder):
        text = re.sub(r"\s+", " ", text).strip(" ;")
        if 3 < len(text) <= TEXT_MAX and text.lower() not in seen:
            seen.add(text.lower())
            kept.append(text)
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(kept) + "\n")
    print(len(kept), "texts")


if __name__ == "__main__":
    main()
