# SPDX-License-Identifier: Apache-2.0
"""The local models: plain logistic regressions on hashed features, fitted by L-BFGS."""
import json

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

import gold

SKETCH_MIN = 3       # a sketch seen less often is not learned
FEATURE_MIN = 2      # nor is a feature
PARTS = 7


class Rows:
    """Sparse rows of feature hashes."""

    def __init__(self):
        self.parts, self.lengths = [], []

    def add(self, hashes):
        self.parts.append(hashes)
        self.lengths.append(len(hashes))

    def matrix(self, keep, known=None):
        """CSR over the rows in `keep` and the hashes that it knows or learns."""
        hashes = np.concatenate([self.parts[i] for i in keep]) if len(keep) else np.zeros(0, "u8")
        lengths = np.array([self.lengths[i] for i in keep], int)
        if known is None:
            values, counts = np.unique(hashes, return_counts=True)
            known = values[counts >= FEATURE_MIN]
        place = np.searchsorted(known, hashes)
        place[place == len(known)] = 0
        hit = known[place] == hashes
        row = np.repeat(np.arange(len(keep)), lengths)
        data = np.ones(int(hit.sum()), np.float32)
        return csr_matrix((data, (row[hit], place[hit])), (len(keep), len(known))), known


class Data:
    """Questions, their features and labels, of one or more prepared files."""

    def __init__(self, files):
        self.questions, self.conditions = [], []
        self.question_rows, self.column_rows, self.condition_rows = Rows(), Rows(), Rows()
        self.column_first, self.condition_first = [0], [0]
        for prepared, features in files:
            self.read(prepared, features)

    def read(self, prepared, features):
        numbers = np.fromfile(features + ".bin", "<u8")
        at = 0

        def take():
            nonlocal at
            count = int(numbers[at])
            at += 1 + count
            return numbers[at - count:at]

        with open(prepared, encoding="utf-8") as lines, open(features + ".jsonl") as meta:
            for line, conditions in zip(lines, meta):
                self.questions.append(json.loads(line))
                self.conditions.append(json.loads(conditions))
                self.question_rows.add(take())
                for rows in (self.column_rows, self.condition_rows):
                    count = int(numbers[at])
                    at += 1
                    for _ in range(count):
                        rows.add(take())
                self.column_first.append(len(self.column_rows.parts))
                self.condition_first.append(len(self.condition_rows.parts))


def log_softmax(scores):
    scores = scores - scores.max(1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(1, keepdims=True))


def fit(matrix, targets, strength, rounds):
    """targets: [(first class, one-hot Y, "softmax" or "logistic")].
    Returns weights[n, k], bias[k]."""
    transposed = matrix.T.tocsr()
    features = matrix.shape[1]
    classes = sum(y.shape[1] for _, y, _ in targets)

    def loss(flat):
        w = flat[:features * classes].reshape(features, classes)
        scores = matrix @ w.astype(np.float32) + flat[features * classes:].astype(np.float32)
        slope = np.empty_like(scores)
        total = 0.0
        for first, y, kind in targets:
            part = scores[:, first:first + y.shape[1]]
            if kind == "softmax":
                logs = log_softmax(part)
                total -= float((logs * y).sum())
                grad = np.exp(logs) * y.sum(1, keepdims=True) - y
            else:
                total += float((np.logaddexp(0, part) - part * y).sum())
                grad = 1 / (1 + np.exp(-part)) - y
            slope[:, first:first + y.shape[1]] = grad
        total += float(w.ravel() @ w.ravel()) / (2 * strength)
        gradient = np.empty(len(flat))
        gradient[:features * classes] = (transposed @ slope).ravel()
        gradient[:features * classes] += flat[:features * classes] / strength
        gradient[features * classes:] = slope.sum(0)
        return total, gradient

    start = np.zeros(features * classes + classes)
    best = minimize(loss, start, jac=True, method="L-BFGS-B",
                    options={"maxiter": rounds, "maxcor": 5}).x
    return best[:features * classes].reshape(features, classes), best[features * classes:]


def condition_label(question, condition):
    kind, column, comparison, value, value_to = condition
    want = "h" if kind == "hav" else "l" if kind == "lim" else "w"
    key = [want, column, comparison, gold.canonical(value), gold.canonical(value_to)]
    if kind == "null":
        key[3] = key[4] = None
    return key in question["conditions"]


class Local:
    """Everything fitted on the questions `train` (indexes of data)."""

    def __init__(self, data, train, rounds=45):
        self.data = data
        self.fit_question(train, rounds)
        self.fit_roles(train, rounds)
        self.fit_conditions(train, rounds)

    def fit_question(self, train, rounds):
        questions = self.data.questions
        rows = [i for i in train if questions[i]["sketch"]]
        count = {}
        for i in rows:
            key = tuple(questions[i]["sketch"])
            count[key] = count.get(key, 0) + 1
        self.sketches = sorted(k for k, n in count.items() if n >= SKETCH_MIN)
        place = {k: i for i, k in enumerate(self.sketches)}
        matrix, self.question_hashes = self.data.question_rows.matrix(rows)
        y = np.zeros((len(rows), len(self.sketches)), np.float32)
        for r, i in enumerate(rows):
            key = tuple(questions[i]["sketch"])
            if key in place:
                y[r, place[key]] = 1
        targets = [(0, y, "softmax")]
        self.part_classes = []
        first = len(self.sketches)
        for p in range(PARTS):
            classes = sorted({questions[i]["sketch"][p] for i in rows})
            index = {c: k for k, c in enumerate(classes)}
            y = np.zeros((len(rows), len(classes)), np.float32)
            for r, i in enumerate(rows):
                y[r, index[questions[i]["sketch"][p]]] = 1
            targets.append((first, y, "softmax"))
            first += len(classes)
            self.part_classes.append(classes)
        self.question = fit(matrix, targets, 2.0, rounds)

    def fit_roles(self, train, rounds):
        rows, labels = [], []
        for i in train:
            question = self.data.questions[i]
            if question["join"] or question["roles"] is None:
                continue
            first = self.data.column_first[i]
            for c, uses in enumerate(question["roles"]):
                rows.append(first + c)
                labels.append([int(u in uses) for u in range(len(gold.USES))])
        matrix, self.role_hashes = self.data.column_rows.matrix(rows)
        self.roles = fit(matrix, [(0, np.array(labels, np.float32), "logistic")], 0.5, rounds)

    def fit_conditions(self, train, rounds):
        rows, labels = [], []
        for i in train:
            question = self.data.questions[i]
            if question["roles"] is None:
                continue
            first = self.data.condition_first[i]
            for k, condition in enumerate(self.data.conditions[i]):
                rows.append(first + k)
                labels.append([float(condition_label(question, condition))])
        matrix, self.condition_hashes = self.data.condition_rows.matrix(rows)
        self.conditions = fit(matrix, [(0, np.array(labels, np.float32), "logistic")], 0.5, rounds)

    def report(self, test):
        """Shares right out of fold: sketch among the first 1, 5, 20; roles and conditions."""
        questions = self.data.questions
        matrix, _ = self.data.question_rows.matrix(test, self.question_hashes)
        scores = matrix @ self.question[0] + self.question[1]
        order = np.argsort(-scores[:, :len(self.sketches)], axis=1)
        place = {k: i for i, k in enumerate(self.sketches)}
        at = []
        for r, i in enumerate(test):
            key = tuple(questions[i]["sketch"] or ())
            at.append(int(np.nonzero(order[r] == place[key])[0][0]) if key in place else 999)
        out = {"n": len(test)}
        for k in (1, 5, 20):
            out["sketch@%d" % k] = sum(a < k for a in at)
        for u, use in enumerate(gold.USES):
            out["role " + use] = 0
        out["conditions"] = out["with conditions"] = 0
        for i in test:
            question = questions[i]
            if question["roles"] is None:
                continue
            first, end = self.data.column_first[i], self.data.column_first[i + 1]
            matrix, _ = self.data.column_rows.matrix(range(first, end), self.role_hashes)
            got = matrix @ self.roles[0] + self.roles[1] > 0
            want = np.array([[u in uses for u in range(len(gold.USES))]
                             for uses in question["roles"]])
            for u, use in enumerate(gold.USES):
                out["role " + use] += bool((got[:, u] == want[:, u]).all())
            first, end = self.data.condition_first[i], self.data.condition_first[i + 1]
            gold_set = {tuple(c) for c in question["conditions"] if c[0] != "l"}
            if gold_set:
                matrix, _ = self.data.condition_rows.matrix(range(first, end),
                                                            self.condition_hashes)
                positive = (matrix @ self.conditions[0] + self.conditions[1])[:, 0] > 0
                found = {("h" if c[0] == "hav" else "w", c[1], c[2], gold.canonical(c[3]),
                          gold.canonical(c[4])) for c, p in zip(self.data.conditions[i], positive)
                         if p and c[0] != "lim"}
                out["with conditions"] += 1
                out["conditions"] += found == gold_set
        return out

    def sections(self, cues):
        import weights
        return {
            "cues": cues,
            "sketches": "".join("\t".join(s) + "\n" for s in self.sketches).encode(),
            "parts": "".join("%d\t%s\n" % (p, c) for p, classes in enumerate(self.part_classes)
                             for c in classes).encode(),
            "question": weights.model_section(self.question_hashes, *self.question),
            "roles": weights.model_section(self.role_hashes, *self.roles),
            "conditions": weights.model_section(self.condition_hashes, *self.conditions),
        }
