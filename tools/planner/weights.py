# SPDX-License-Identifier: Apache-2.0
"""Writes the planner's weights file; src/planner/weights.h describes it."""
import struct

import numpy as np

MASK = (1 << 64) - 1


def finish(x):
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & MASK
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


def hash64(data):
    """core/hash.h: FNV-1a with the finaliser of splitmix64."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return finish(value)


def hash64_combine(a, b):
    return finish((a * 0x9E3779B97F4A7C15 + b) & MASK)


def feature_hash(kind, words):
    """feature_set.h: the hash of a feature from its name."""
    value = hash64(kind.encode())
    for word in words:
        value = hash64_combine(value, hash64(word.encode()))
    return value


def model_section(hashes, weights, bias):
    """hashes: ascending u64[n]; weights: float[n, k]; bias: float[k]."""
    scale = np.maximum(np.abs(weights).max(0), 1e-9) / 127 if len(weights) else np.ones(len(bias))
    small = np.rint(weights / scale).astype(np.int8)
    used = np.abs(small).max(1) > 0
    hashes, small = hashes[used], small[used]
    return (struct.pack("<2I", len(hashes), len(bias)) + hashes.astype("<u8").tobytes()
            + bias.astype("<f4").tobytes() + scale.astype("<f4").tobytes() + small.tobytes())


def write(path, sections):
    """sections: name -> bytes."""
    offset = 32 + 32 * len(sections)
    table, body = b"", b""
    for name, data in sections.items():
        table += struct.pack("<16s2Q", name.encode(), offset + len(body), len(data))
        body += data + b"\0" * (-len(data) % 8)
    payload = table + body
    with open(path, "wb") as out:
        out.write(struct.pack("<4sI2Q2I", b"QPLN", 1, 32 + len(payload), hash64(payload),
                              len(sections), 0))
        out.write(payload)
