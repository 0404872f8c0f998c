# SPDX-License-Identifier: Apache-2.0
"""Learns how sure the decision is (src/planner/trust.h) and writes it into weights files.

    sureness.py --bench BENCH --tool planner_answers --program querent --folds 'WORK/final.{fold}.bin'
                --out WEIGHTS

What the program decides is right or wrong: on the public sets (by weights of the fold that never
saw the database, all tables of the database to join), and on the questions of tests/cases, which
have what the sets lack: phrases, periods, follow-ups as they are typed. Each fold's file gets
weights from the other folds, WEIGHTS from all. The report is out of fold.
"""
import argparse
import json
import os
import re
import sys
import tempfile
import zlib

import numpy as np

import answers
import ranker
import weights

# How much a set counts: what people ask of their own tables first, then the plainest English.
# defog is left out: it says how far all this carries.
SHARES = {"cases": 4.0, "spider-single": 2.0, "spider-syn": 1.0, "sparc": 1.0, "cosql": 1.0,
          "spider-join": 0.5, "spider-dk": 0.25, "geoquery": 0.25, "wtq": 0.25}
REPORTED = [*SHARES, "defog"]
SITUATIONS = ["learned", "rules", "later"]
LATER_CASES = 0.7  # of it in conversations, where the cases are few and all alike
STRENGTH = 0.3
CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests")
VETOES = ["unread", "unheard", "misses_time"]  # as in trust.c


def facts_of(explanation):
    """-> what trust.c says of a decision, by name."""
    found = re.search(r"; the decision:(.*)", explanation or "", re.S)
    pairs = [pair.partition("=") for pair in found.group(1).split()] if found else []
    return {name: float(value) for name, _, value in pairs}


def situation(facts):
    return 2 if facts.get("later_turn") else 0 if facts.get("learned_agrees", 0) > 0 else 1


def set_rows(args, name):
    """-> (set, fold, facts, right) of every question; no facts where nothing came of it."""
    sys.path.insert(0, args.bench)
    import score
    by_fold = {}
    for fold, line in answers.question_lines(args.bench, name):
        by_fold.setdefault(fold, []).append(line)
    got, folds = [], {}
    for fold, lines in sorted(by_fold.items()):
        folds.update((line["id"], fold) for line in lines)
        got += answers.answers(args.tool, lines, args.folds.replace("{fold}", str(fold)))
    with tempfile.TemporaryDirectory() as folder:
        predicted, details = os.path.join(folder, "p"), os.path.join(folder, "d")
        with open(predicted, "w", encoding="utf-8") as out:
            out.writelines(json.dumps({"id": g["id"], "sql": g["sql"]}) + "\n"
                           for g in got if g["sql"])
        os.system("%s %s %s %s --details %s >%s" % (
            sys.executable, os.path.join(args.bench, "score.py"), os.path.join(args.bench, name),
            predicted, details, os.devnull))
        with open(details, encoding="utf-8") as lines:
            right = {d["id"]: d["exact"] for d in map(json.loads, lines)}
    return [(name, folds[g["id"]], facts_of(g["explanation"]) if g["sql"] else {},
             bool(g["sql"] and right[g["id"]])) for g in got]


def case_rows(args):
    """The same of tests/cases, each domain a database; always answered, right or wrong."""
    os.environ["QUERENT"] = args.program
    sys.path[:0] = [CASES, os.path.join(CASES, "cases")]
    import test_cases
    rows = []
    with tempfile.TemporaryDirectory() as home:
        for conversation in test_cases.CONVERSATIONS:
            for case, reply in zip(conversation, ask(test_cases, home, conversation)):
                right = case.tags.get("status") != "unsure" and passes(test_cases, case, reply)
                fold = zlib.crc32(("f" + case.domain).encode()) % answers.FOLDS
                rows.append(("cases", fold, facts_of(reply["metadata"].get("explanation")), right))
    return rows


def ask(test_cases, home, conversation):
    first = conversation[0]
    folder = test_cases.FOLDER / first.domain
    querent = test_cases.Querent(os.path.join(home, first.domain))
    source = "--metadata" if list(folder.glob("*.yaml")) else "--data"
    words = ["ask", "--json", "--explain", "--rows", "1000", source, folder]
    for case in conversation:
        result = querent.run(*words, case.question, environment={
            "QUERENT_NOW": first.tags["now"] + "T12:00:00Z", "QUERENT_SURENESS": "0"})
        reply = json.loads(result.stdout)
        if case is first:
            words += ["--conversation", reply["conversation_id"]]
        yield reply


def passes(test_cases, case, reply):
    try:
        test_cases.check(case, reply)
        return True
    except (AssertionError, KeyError):
        return False


class Decisions:
    def __init__(self, rows):
        self.names = sorted({name for row in rows for name in row[2]})
        self.x = np.array([[row[2].get(name, 0) for name in self.names] for row in rows])
        self.sets = np.array([row[0] for row in rows])
        self.folds = np.array([row[1] for row in rows])
        self.right = np.array([row[3] for row in rows], float)
        self.decided = np.array([bool(row[2]) for row in rows])
        self.situations = np.array([situation(row[2]) for row in rows])
        self.share = np.zeros(len(rows))
        for name, share in SHARES.items():
            part = (self.sets == name) & self.decided
            self.share[part] = share / np.sqrt(max(1, part.sum()))
        self.share[(self.sets == "cases") & (self.situations == 2)] *= LATER_CASES

    def fit(self, fold):
        """-> a model for each situation, from all folds but one (None: from all)."""
        models = []
        for k in range(len(SITUATIONS)):
            rows = (self.folds != fold) & (self.situations == k) & (self.share > 0)
            models.append(ranker.sureness_model(self.x[rows], self.right[rows], self.share[rows],
                                                STRENGTH))
        return models

    def sure(self, models, rows):
        out = np.zeros(len(self.x))
        chance = 1 / (1 + np.exp(-self.x[:, self.names.index("chance")]))
        vetoed = self.x[:, [self.names.index(n) for n in VETOES if n in self.names]].any(1)
        for k, model in enumerate(models):
            part = rows & (self.situations == k) & self.decided
            out[part] = ranker.sureness(model, self.x[part])
        return np.where(vetoed, np.minimum(out, chance), out)

    def text(self, model):
        return ranker.weights_text(self.names, model).encode()


def report(decisions, sure):
    right = decisions.right > 0
    for name in REPORTED:
        part = decisions.sets == name
        print("%-14s %5d questions, right %.1f;" % (name, part.sum(), 100 * right[part].mean()),
              ", ".join("at %.2f: %.0f %% answered, %.1f %% right" % (
                  t, 100 * (sure[part] >= t).mean(),
                  100 * right[part & (sure >= t)].mean() if (part & (sure >= t)).any() else 0)
                  for t in (0.5, 0.6, 0.7)))
    learned = decisions.share > 0
    print("said -> right:", " ".join("%.2f->%.2f" % (sure[m].mean(), right[m].mean())
                                     for e in np.arange(0, 1, 0.1)
                                     for m in [learned & (sure >= e) & (sure < e + 0.1)]
                                     if m.any()))


def put(path, decisions, models):
    sections = weights.read(path)
    for name, model in zip(SITUATIONS, models):
        sections["trust." + name] = decisions.text(model)
    weights.write(path, sections)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for option in ("bench", "tool", "program", "folds", "out"):
        parser.add_argument("--" + option, required=True)
    args = parser.parse_args()
    rows = case_rows(args)
    for name in REPORTED[1:]:
        rows += set_rows(args, name)
    decisions = Decisions(rows)
    sure = np.zeros(len(rows))
    for fold in range(answers.FOLDS):
        models = decisions.fit(fold)
        put(args.folds.replace("{fold}", str(fold)), decisions, models)
        here = decisions.folds == fold
        sure[here] = decisions.sure(models, here)[here]
    report(decisions, sure)
    put(args.out, decisions, decisions.fit(None))


if __name__ == "__main__":
    main()
