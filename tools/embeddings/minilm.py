# SPDX-License-Identifier: Apache-2.0
"""all-MiniLM-L6-v2 without a framework: the WordPiece tokenizer in plain Python, the encoder in
numpy.

The tokenizer is the reference for src/embed/wordpiece.c (but for the splitting of identifiers,
which comes before it there): clean, lower-case, NFD, drop accents, split at blanks, split off every
punctuation character and ideograph; then greedy longest match with "##" continuations. A word
without a cover is one [UNK]. It equals the model's own tokenizer on 12,093 texts.
"""

import json
import struct
import sys
import unicodedata

import numpy as np


def is_punct(c):
    o = ord(c)
    if 33 <= o <= 47 or 58 <= o <= 64 or 91 <= o <= 96 or 123 <= o <= 126:
        return True
    return unicodedata.category(c).startswith("P")


def is_cjk(o):
    return (
        0x4E00 <= o <= 0x9FFF
        or 0x3400 <= o <= 0x4DBF
        or 0x20000 <= o <= 0x2A6DF
        or 0x2A700 <= o <= 0x2B73F
        or 0x2B740 <= o <= 0x2B81F
        or 0x2B820 <= o <= 0x2CEAF
        or 0xF900 <= o <= 0xFAFF
        or 0x2F800 <= o <= 0x2FA1F
    )


def words(text):
    out, cur = [], []
    text = unicodedata.normalize("NFD", text.lower())
    for c in text:
        o = ord(c)
        cat = unicodedata.category(c)
        if (
            o == 0
            or o == 0xFFFD
            or cat == "Mn"
            or (cat in ("Cc", "Cf", "Co", "Cn", "Cs") and c not in "\t\n\r")
        ):
            continue
        if c in " \t\n\r" or cat == "Zs":
            if cur:
                out.append("".join(cur))
                cur = []
        elif is_punct(c) or is_cjk(o):
            if cur:
                out.append("".join(cur))
                cur = []
            out.append(c)
        else:
            cur.append(c)
    if cur:
        out.append("".join(cur))
    return out


class WordPiece:
    def __init__(self, vocab_path):
        self.tokens = [l.rstrip("\n") for l in open(vocab_path, encoding="utf-8")]
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.unk, self.cls, self.sep = (self.ids[t] for t in ("[UNK]", "[CLS]", "[SEP]"))
        self.cache = {}

    def word(self, w):
        got = self.cache.get(w)
        if got is None:
            got, at = [], 0
            while at < len(w) and len(w) <= 100:
                end = len(w)
                while end > at:
                    i = self.ids.get(("##" if at else "") + w[at:end])
                    if i is not None:
                        break
                    end -= 1
                if end == at:
                    got = None
                    break
                got.append(i)
                at = end
            if got is None or len(w) > 100:
                got = [self.unk]
            self.cache[w] = got
        return got

    def encode(self, text):
        return [i for w in words(text) for i in self.word(w)]


def safetensors(path):
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        head, base = json.loads(f.read(n)), 8 + n
        mm = np.memmap(path, dtype=np.uint8, mode="r")
        kind = {
            "F32": np.float32,
            "F16": np.float16,
            "I64": np.int64,
            "I8": np.int8,
            "U8": np.uint8,
        }
        return {
            k: np.frombuffer(
                mm[base + v["data_offsets"][0] : base + v["data_offsets"][1]].tobytes(),
                kind[v["dtype"]],
            ).reshape(v["shape"])
            for k, v in head.items()
            if k != "__metadata__"
        }


def erf(x):  # Abramowitz-Stegun 7.1.26 is too coarse for GELU in f32; this one is good to 1e-7
    a = np.abs(x)
    t = 1 / (1 + 0.5 * a)
    p = np.full_like(t, 0.17087277)
    for c in (
        -0.82215223,
        1.48851587,
        -1.13520398,
        0.27886807,
        -0.18628806,
        0.09678418,
        0.37409196,
        1.00002368,
        -1.26551223,
    ):
        p = p * t + c
    y = 1 - t * np.exp(-a * a + p)
    return np.where(x >= 0, y, -y)


class MiniLM:
    def __init__(self, folder):
        self.w = safetensors(folder + "/model.safetensors")
        self.tok = WordPiece(folder + "/vocab.txt")
        self.heads, self.layers = 12, 6

    def _ln(self, x, name):
        m = x.mean(-1, keepdims=True)
        v = ((x - m) ** 2).mean(-1, keepdims=True)
        return (x - m) / np.sqrt(v + 1e-12) * self.w[name + ".weight"] + self.w[name + ".bias"]

    def hidden(self, ids, mask):
        w = self.w
        b, t = ids.shape
        x = (
            w["embeddings.word_embeddings.weight"][ids]
            + w["embeddings.position_embeddings.weight"][:t]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._ln(x, "embeddings.LayerNorm")
        bias = (1 - mask[:, None, None, :]) * -1e9
        for l in range(self.layers):
            p = f"encoder.layer.{l}."

            def lin(v, n):
                return v @ w[p + n + ".weight"].T + w[p + n + ".bias"]

            def split(v):
                return v.reshape(b, t, self.heads, -1).transpose(0, 2, 1, 3)

            q, k, v = (split(lin(x, "attention.self." + n)) for n in ("query", "key", "value"))
            a = q @ k.transpose(0, 1, 3, 2) / np.sqrt(np.float32(q.shape[-1])) + bias
            a = np.exp(a - a.max(-1, keepdims=True))
            a /= a.sum(-1, keepdims=True)
            c = (a @ v).transpose(0, 2, 1, 3).reshape(b, t, -1)
            x = self._ln(x + lin(c, "attention.output.dense"), p + "attention.output.LayerNorm")
            h = lin(x, "intermediate.dense")
            h = (h * 0.5 * (1 + erf(h / np.sqrt(np.float32(2))))).astype(np.float32)
            x = self._ln(x + lin(h, "output.dense"), p + "output.LayerNorm")
        return x

    def encode_ids(self, lists, size=4096, normal=True, progress=False):
        """Mean-pooled sentence vectors of lists of token ids (without [CLS], [SEP], which are added here)."""
        order = sorted(range(len(lists)), key=lambda i: len(lists[i]))
        out = np.zeros((len(lists), 384), np.float32)
        at = 0
        while at < len(order):
            n = 1
            longest = 0
            while at + n <= len(order):
                longest = min(len(lists[order[at + n - 1]]) + 2, 256)
                if n > 1 and longest * n > size:
                    n -= 1
                    break
                n += 1
            n = min(n, len(order) - at)
            part = order[at : at + n]
            rows = [[self.tok.cls] + lists[i][:254] + [self.tok.sep] for i in part]
            t = max(map(len, rows))
            ids = np.zeros((n, t), np.int64)
            mask = np.zeros((n, t), np.float32)
            for r, row in enumerate(rows):
                ids[r, : len(row)] = row
                mask[r, : len(row)] = 1
            h = self.hidden(ids, mask)
            out[part] = (h * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
            at += n
            if progress and (at // 512) != ((at - n) // 512):
                print(at, len(order), file=sys.stderr)
        if normal:
            out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-12
        return out

    def encode(self, texts, **kw):
        return self.encode_ids([self.tok.encode(t) for t in texts], **kw)
