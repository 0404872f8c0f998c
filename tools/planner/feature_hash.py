# SPDX-License-Identifier: Apache-2.0
"""Hashes of learned features: the same in C (core/hash.h, src/planner/rank/feature_set.h)."""

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
