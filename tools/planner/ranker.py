# SPDX-License-Identifier: Apache-2.0
"""The ranker (a weighted sum of named features, fitted listwise: some right candidate wins) and
the sureness (calibrated probability that the winner is right)."""
import json

import numpy as np
from scipy.optimize import minimize

FACTS = ["failed", "empty", "one_row", "all_rows", "log_rows", "all_null", "some_null", "zero"]


class Candidates:
    """What planner_features wrote for the questions of one prepared file."""

    def __init__(self, prepared, output, names):
        width = len(names) + len(FACTS) + 1
        numbers = np.fromfile(output + ".bin", "<f4").reshape(-1, width)
        hashes = np.fromfile(output + ".hash", "<u8")
        self.lists = []
        first = 0
        with open(prepared, encoding="utf-8") as lines, open(output + ".jsonl") as sql_lines:
            for line, sql_line in zip(lines, sql_lines):
                question, sql = json.loads(line), json.loads(sql_line)
                part = slice(first, first + len(sql))
                first += len(sql)
                self.lists.append({
                    "id": question["id"], "group": question["group"], "set": question["set"],
                    "sql": sql, "features": numbers[part, :len(names)],
                    "facts": numbers[part, len(names):-1], "right": numbers[part, -1] > 0,
                    "hash": hashes[part]})


def listwise(lists, share_of=None, strength=1e-3, rounds=200, clip=8):
    """-> mean, scale, weights. Lists without a right, or with only right candidates, say
    nothing."""
    everything = np.concatenate([q["features"] for q in lists])
    mean, scale = everything.mean(0), everything.std(0)
    scale = np.where(scale < 1e-9, 1e9, scale + 1e-6)
    used = [i for i, q in enumerate(lists) if q["right"].any() and not q["right"].all()]
    x = np.concatenate([(lists[i]["features"] - mean) / scale for i in used]).astype(np.float32)
    x = x.clip(-clip, clip)
    y = np.concatenate([lists[i]["right"] for i in used]).astype(np.float64)
    lengths = [len(lists[i]["right"]) for i in used]
    start = np.cumsum([0] + lengths)[:-1]
    group = np.repeat(np.arange(len(used)), lengths)
    share = np.ones(len(used)) if share_of is None else np.array([share_of[i] for i in used])
    share = share / share.sum()

    def loss(w):
        z = (x @ w.astype(np.float32)).astype(np.float64)
        e = np.exp(z - np.maximum.reduceat(z, start)[group])
        total = np.add.reduceat(e, start)
        good = np.add.reduceat(e * y, start) + 1e-12
        slope = (e / total[group] - e * y / good[group]) * share[group]
        return (-(np.log(good / total) * share).sum() + strength * (w @ w),
                x.T @ slope.astype(np.float32) + 2 * strength * w)

    w = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B",
                 options={"maxiter": rounds}).x
    return mean, scale, w


def score(model, q):
    mean, scale, w = model
    return ((q["features"] - mean) / scale).clip(-8, 8) @ w


RESULTS = ["rank"] + FACTS + ["vote"]
EXECUTED = 8


def with_results(model, q):
    """The best few candidates as decide.c sees them after they were executed."""
    scores = score(model, q)
    order = np.argsort(-scores)[:EXECUTED]
    probability = np.exp(scores[order] - scores[order[0]])
    probability = probability / np.exp(scores - scores[order[0]]).sum()
    failed = q["facts"][order, 0] > 0
    hashes = q["hash"][order]
    vote = [np.log(probability[(hashes == h) & ~failed].sum() + 1e-6) for h in hashes]
    features = np.column_stack([scores[order] - scores[order[0]], q["facts"][order], vote])
    return {"features": features[~failed], "right": q["right"][order][~failed]}


def results_model(model, lists, share_of):
    kept = [(with_results(model, q), s) for q, s in zip(lists, share_of) if len(q["sql"])]
    kept = [(q, s) for q, s in kept if len(q["right"])]
    return listwise([q for q, _ in kept], [s for _, s in kept], strength=1e-3)


def sureness_model(x, y, share_of, strength=1.0):
    """-> mean, scale, weights; the feature "one" carries the constant."""
    mean, scale = x.mean(0), x.std(0)
    constant = scale < 1e-9
    mean = np.where(constant, 0, mean)
    scale = np.where(constant, 1, scale + 1e-6)
    z = ((x - mean) / scale).clip(-8, 8)
    share = share_of / share_of.sum() * len(y)

    def loss(w):
        s = z @ w
        p = 1 / (1 + np.exp(-s))
        return ((np.logaddexp(0, s) - s * y) * share).sum() + (w @ w) / (2 * strength), \
            z.T @ ((p - y) * share) + w / strength

    w = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x
    return mean, scale, w


def sureness(model, x):
    mean, scale, w = model
    return 1 / (1 + np.exp(-(((x - mean) / scale).clip(-8, 8) @ w)))


def weights_text(names, model):
    """Lines as planner/rank/rank.c reads them."""
    return "".join("%s %.6g %.6g %.6g\n" % (n, m, s, w)
                   for n, m, s, w in zip(names, *model) if abs(w) > 1e-6 and s < 1e8)
