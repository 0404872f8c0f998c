# SPDX-License-Identifier: Apache-2.0
"""teach.py MODEL_FOLDER OUT.npz [--onnx MODEL.onnx] TEXTS[:COUNT]...: what the model says.

Runs texts (one a line; of each file COUNT at random, or all) through the model and keeps their
vectors (float16) with their token ids, shuffled: what finetune.py learns from.
"""

import argparse
import random
import time

import numpy as np

import distil
import minilm

TOKENS_MAX = 64


def read_texts(argument):
    path, _, count = argument.partition(":")
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip()]
    random.Random(1).shuffle(lines)
    return lines[: int(count)] if count else lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--onnx")
    args = parser.parse_args()
    texts = [text for argument in args.texts for text in read_texts(argument)]
    random.Random(2).shuffle(texts)
    encoder = distil.encoder(args.model, args.onnx)
    ids = [encoder.tok.encode(text)[:TOKENS_MAX] for text in texts]
    start = time.time()
    vectors = encoder.encode_ids(ids, progress=True)
    np.savez(
        args.out,
        vectors=vectors.astype(np.float16),
        tokens=np.array([i for row in ids for i in row], np.int32),
        counts=np.array([len(row) for row in ids], np.int32),
    )
    print(f"{len(texts)} texts, {sum(map(len, ids))} tokens, {time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
