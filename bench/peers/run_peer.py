# SPDX-License-Identifier: Apache-2.0
"""run_peer.py TABLE.csv WORK: the peers of bench/run_bench.c.

WORK holds a statement a line, an empty line, a question a line. For each line on the standard input
it prints CPU microseconds, all threads: of a statement executed by DuckDB in this process, its rows
fetched; of a statement parsed by sqlglot; of a question's vector from the built-in table with numpy.
"""

import os
import re
import struct
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import duckdb
import numpy as np
import sqlglot

TIMES = 3


class WordTable:
    """src/embed/word_table.h, as one would write it in Python."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        rows, self.dimensions, vocabulary = struct.unpack_from("<III", data, 4)
        self.scales = np.frombuffer(data, np.float32, rows, 16)
        at = 16 + 4 * rows
        self.rows = np.frombuffer(data, np.int8, rows * self.dimensions, at)
        self.rows = self.rows.reshape(rows, self.dimensions)
        at += rows * self.dimensions
        pieces = data[at : at + vocabulary].split(b"\0")[:rows]
        self.ids = {piece.decode(): i for i, piece in enumerate(pieces)}

    def pieces(self, word):
        ids, at = [], 0
        while at < len(word):
            for end in range(len(word), at, -1):
                piece = self.ids.get(("##" if at else "") + word[at:end])
                if piece is not None:
                    break
            else:
                return []
            ids.append(piece)
            at = end
        return ids

    def vector(self, text):
        ids = [i for word in re.findall(r"\w+|[^\w\s]", text.lower()) for i in self.pieces(word)]
        vector = (self.rows[ids] * self.scales[ids, None]).sum(axis=0)
        return vector / (np.linalg.norm(vector) + 1e-9)


def time_of(fn, items):
    start = time.process_time()
    for _ in range(TIMES):
        for item in items:
            fn(item)
    return (time.process_time() - start) * 1e6 / len(items) / TIMES


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        statements, questions = (part.split("\n") for part in file.read().strip().split("\n\n"))
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute("CREATE TABLE orders AS FROM read_csv(?)", [sys.argv[1]])
    here = os.path.dirname(os.path.abspath(__file__))
    table = WordTable(os.path.join(here, "../../data/embeddings/q256.bin"))
    for _ in sys.stdin:
        print(
            time_of(lambda sql: connection.execute(sql).fetchall(), statements),
            time_of(lambda sql: sqlglot.parse_one(sql, read="duckdb"), statements),
            time_of(table.vector, questions),
            flush=True,
        )


if __name__ == "__main__":
    main()
