# SPDX-License-Identifier: Apache-2.0
"""Writes and reads the planner's weights file; src/planner/rank/weights.h describes it."""
import struct

import numpy as np

from feature_hash import hash64


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


def read(path):
    """-> sections, as write() takes them."""
    with open(path, "rb") as file:
        data = file.read()
    count = struct.unpack_from("<I", data, 24)[0]
    table = [struct.unpack_from("<16s2Q", data, 32 + 32 * i) for i in range(count)]
    return {name.rstrip(b"\0").decode(): data[offset:offset + size] for name, offset, size in table}
