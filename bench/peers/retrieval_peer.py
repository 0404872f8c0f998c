# SPDX-License-Identifier: Apache-2.0
"""retrieval_peer.py TEXTS DIMENSIONS: the peers of bench/retrieval_bench.c.

TEXTS holds a document a line, an empty line, a question a line. For each line on the standard input
it prints the CPU microseconds a question, on one thread, of BM25 in plain Python, BM25 over numpy
arrays, and numpy's scan of as many float32 vectors.
"""

import math
import os
import re
import sys
import time
from collections import Counter, defaultdict

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np

K1, B = 1.2, 0.75


def terms(text):
    return re.findall(r"[a-z0-9]+", text.lower().replace("_", " "))


def postings(documents):
    """Term -> ([document], [its part of BM25])."""
    counts = [Counter(terms(document)) for document in documents]
    sizes = [sum(count.values()) for count in counts]
    average = sum(sizes) / len(sizes)
    lists = defaultdict(list)
    for i, count in enumerate(counts):
        for term, times in count.items():
            lists[term].append((i, times))
    index = {}
    for term, pairs in lists.items():
        rarity = math.log(1 + (len(documents) - len(pairs) + 0.5) / (len(pairs) + 0.5))
        index[term] = (
            [i for i, _ in pairs],
            [rarity * n * (K1 + 1) / (n + K1 * (1 - B + B * sizes[i] / average)) for i, n in pairs],
        )
    return index


def time_of(fn, questions):
    start = time.process_time()
    for question in questions:
        fn(question)
    return (time.process_time() - start) * 1e6 / len(questions)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        documents, questions = (part.split("\n") for part in file.read().strip().split("\n\n"))
    index = postings(documents)

    def bm25_python(question):
        scores = defaultdict(float)
        for term in set(terms(question)):
            for i, weight in zip(*index.get(term, ((), ()))):
                scores[i] += weight
        return scores

    arrays = {t: (np.array(i), np.array(w, np.float32)) for t, (i, w) in index.items()}

    def bm25_numpy(question):
        scores = np.zeros(len(documents), np.float32)
        for term in set(terms(question)):
            if term in arrays:
                i, weights = arrays[term]
                scores[i] += weights
        return scores

    random = np.random.default_rng(1)
    vectors = random.standard_normal((len(documents), int(sys.argv[2])), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query = vectors[0].copy()
    for _ in sys.stdin:
        print(
            time_of(bm25_python, questions),
            time_of(bm25_numpy, questions),
            time_of(lambda _: vectors @ query, questions[:20]),
            flush=True,
        )


if __name__ == "__main__":
    main()
