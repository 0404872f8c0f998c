# SPDX-License-Identifier: Apache-2.0
"""pack.py TABLE.npy VOCAB.txt OUT.bin: the file that the program maps (src/embed/word_table.h).

Rows become int8 with one scale each. Left out are [PAD], [MASK], [unusedN] and pieces with letters
that are neither Latin nor Greek, which English questions never use.
"""

import sys
import unicodedata

import numpy as np


def is_kept(piece):
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
        return piece == "[UNK]"
    letters = piece[2:] if piece.startswith("##") and len(piece) > 2 else piece
    return all(
        ord(c) < 128 or unicodedata.name(c, "").startswith(("LATIN", "GREEK")) or not c.isalpha()
        for c in letters
    )


def main():
    table_path, vocabulary_path, out = sys.argv[1:4]
    table = np.load(table_path)
    with open(vocabulary_path, encoding="utf-8") as file:
        pieces = [line.rstrip("\n") for line in file]
    # Sorted bytewise, so that a binary search finds a piece.
    kept = sorted(
        (i for i in range(len(pieces)) if is_kept(pieces[i])), key=lambda i: pieces[i].encode()
    )
    table = table[kept].astype(np.float32)
    scales = (np.abs(table).max(1) / 127 + 1e-12).astype("<f4")
    rows = np.clip(np.round(table / scales[:, None]), -127, 127).astype(np.int8)
    text = b"".join(pieces[i].encode() + b"\0" for i in kept)
    head = b"QEM1" + np.array([len(kept), table.shape[1], len(text)], "<u4").tobytes()
    with open(out, "wb") as file:
        file.write(head + scales.tobytes() + rows.tobytes() + text)
    print(f"{len(kept)} rows of {table.shape[1]} dimensions")


if __name__ == "__main__":
    main()
