# SPDX-License-Identifier: Apache-2.0
"""Learns everything that data/planner/weights.bin holds, with folds by database.

    train.py --bench BENCH --work FOLDER --tool planner_features --cues CUES --out WEIGHTS
             [--from local|candidates|ranker|plans] [--local SET,...] [--rank SET,...]
             [--test SET,...]

BENCH has the public question sets, FOLDER keeps what was made on the way (text of the sets: not
for the repository). Stages: the local models of each fold; candidates of each fold's questions by
models that never saw its databases; the ranker from those, again without the fold; plans, and the
sureness from them. What is shipped is learned on all folds. The report is out of fold.
"""
import argparse
import json
import os
import pickle
import subprocess
import sys
import time
import zlib

import numpy as np

import local
import ranker
import weights

FOLDS = 4


def fold_of(question):
    return zlib.crc32(("f" + question["group"]).encode()) % FOLDS


class Work:
    def __init__(self, args):
        self.args = args
        self.start = time.time()
        os.makedirs(args.work, exist_ok=True)
        with open(args.cues, "rb") as file:
            self.cues = file.read()

    def path(self, *parts):
        return os.path.join(self.args.work, ".".join(str(p) for p in parts))

    def say(self, *words):
        print("%5.0f s" % (time.time() - self.start), *words, flush=True)

    def tool(self, *words):
        return subprocess.run([self.args.tool, *words], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.split()

    def prepared(self, name):
        """The prepared file of a set, and one for each fold."""
        path = self.path(name.replace(":", "-"), "q")
        if not os.path.exists(path):
            here = os.path.dirname(os.path.abspath(__file__))
            subprocess.run([sys.executable, os.path.join(here, "prepare.py"), self.args.bench,
                            path, name], check=True)
            outs = [open(self.fold_file(name, k), "w", encoding="utf-8") for k in range(FOLDS)]
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    outs[fold_of(json.loads(line))].write(line)
            for out in outs:
                out.close()
        return path

    def fold_file(self, name, k):
        return self.path(name.replace(":", "-"), k, "q")


def local_stage(work):
    files = []
    for name in work.args.local.split(","):
        prepared = work.prepared(name)
        features = work.path(name.replace(":", "-"), "f")
        work.tool("features", prepared, work.args.cues, features)
        files.append((prepared, features))
    data = local.Data(files)
    folds = [fold_of(q) for q in data.questions]
    total = {}
    for k in list(range(FOLDS)) + ["all"]:
        model = local.Local(data, [i for i, f in enumerate(folds) if f != k])
        sections = model.sections(work.cues)
        with open(work.path("local", k, "pickle"), "wb") as out:
            pickle.dump(sections, out)
        write_weights(work, work.path("local", k, "bin"), sections)
        work.say("local models without fold", k, len(model.sketches), "sketches")
        test = [i for i, f in enumerate(folds)
                if f == k and data.questions[i]["set"] == "spider-single"]
        for name, value in (model.report(test) if k != "all" else {}).items():
            total[name] = total.get(name, 0) + value
    print(", ".join("%s %.1f" % (name, 100 * value / max(1, total[
        "with conditions" if name == "conditions" else "n"])) for name, value in total.items()))


def write_weights(work, path, sections, texts=None):
    sections = dict(sections)
    sections["cues"] = work.cues
    for name in ("ranker", "results", "sureness"):
        sections[name] = (texts or {}).get(name, "").encode()
    weights.write(path, sections)


def candidate_stage(work, names):
    for name in names:
        work.prepared(name)
        for k in range(FOLDS):
            lines = work.tool("candidates", work.fold_file(name, k), work.path("local", k, "bin"),
                              work.path(name.replace(":", "-"), k, "c"))
        with open(work.path("names"), "w") as out:
            out.write("\n".join(lines))
        work.say("candidates of", name)


def judge_answers(work, prepared, lists):
    """Labels for sets that are judged by their answers, with the set's own scorer."""
    sys.path.insert(0, work.args.bench)
    import score
    with open(prepared, encoding="utf-8") as lines:
        questions = [json.loads(line) for line in lines]
    databases = {}
    for question, q in zip(questions, lists):
        if not question["answers"]:
            continue
        folder, name = os.path.split(question["db"])
        db = databases.setdefault(folder, score.Databases(folder, 2))
        for i, sql in enumerate(q["sql"]):
            try:
                rows = db.run(name[:-len(".sqlite")], sql)[0][:300] if sql else []
                q["right"][i] = bool(sql) and score.match_answers(question["rows"][-1], rows)[0]
            except Exception:
                q["right"][i] = False


def load_candidates(work, name):
    with open(work.path("names")) as lines:
        names = lines.read().split()
    folds = []
    for k in range(FOLDS):
        lists = ranker.Candidates(work.fold_file(name, k),
                                  work.path(name.replace(":", "-"), k, "c"), names).lists
        judge_answers(work, work.fold_file(name, k), lists)
        folds.append(lists)
    return names, folds


def share(values):
    values = list(values)
    return 100 * sum(values) / max(1, len(values))


def best_right(model, q):
    return bool(len(q["sql"])) and bool(q["right"][int(np.argmax(ranker.score(model, q)))])


def ranker_stage(work):
    args = work.args
    sets = {}
    for name in dict.fromkeys(args.rank.split(",") + args.test.split(",")):
        names, sets[name] = load_candidates(work, name)
        everything = [q for lists in sets[name] for q in lists]
        work.say(name, len(everything), "oracle", " ".join(
            "@%d %.1f" % (n, share(q["right"][:n].any() for q in everything))
            for n in (1, 3, 5, 10, 20, 60)))
    models = {}
    for k in list(range(FOLDS)) + ["all"]:
        train, share_of = [], []
        for name in args.rank.split(","):
            rows = [q for f in range(FOLDS) if f != k for q in sets[name][f]]
            train += rows
            share_of += [1.0 if name.startswith("spider-single") else args.other] * len(rows)
        models[k] = ranker.listwise(train, share_of)
        results = ranker.results_model(models[k], train, share_of)
        with open(work.path("local", k, "pickle"), "rb") as file:
            sections = pickle.load(file)
        texts = {"ranker": ranker.weights_text(names, models[k]),
                 "results": ranker.weights_text(ranker.RESULTS, results)}
        with open(work.path("full", k, "pickle"), "wb") as out:
            pickle.dump((sections, texts), out)
        write_weights(work, work.path("full", k, "bin"), sections, texts)
    for name, folds in sets.items():
        right = [[best_right(models[k], q) for q in folds[k]] for k in range(FOLDS)]
        work.say("ranker alone, out of fold:", name, "%.1f" % share(sum(right, [])),
                 " ".join("%.1f" % share(r) for r in right))
    weight = np.mean([models[k][2] for k in range(FOLDS)], axis=0)
    order = np.argsort(-abs(weight))[:40]
    print(", ".join("%s %+.2f" % (names[i], weight[i]) for i in order))


def run_plans(work, name, stage):
    """-> (features, right, fold) of a set, by each fold's own weights."""
    rows, folds = [], []
    with open(work.path("plans", name.replace(":", "-"), "jsonl"), "w") as predictions:
        for k in range(FOLDS):
            out = work.path(name.replace(":", "-"), k, "p")
            names = work.tool("plans", work.fold_file(name, k), work.path(stage, k, "bin"), out)
            part = np.fromfile(out + ".bin", "<f4").reshape(-1, len(names) + 1)
            with open(out + ".jsonl") as lines:
                texts = lines.readlines()
            lists = [{"sql": [json.loads(t)["sql"]], "right": [r > 0]}
                     for t, r in zip(texts, part[:, -1])]
            judge_answers(work, work.fold_file(name, k), lists)
            part[:, -1] = [q["right"][0] for q in lists]
            rows.append(part)
            folds += [k] * len(part)
            predictions.writelines(texts)
    rows = np.concatenate(rows)
    return names, rows[:, :-1], rows[:, -1] > 0, np.array(folds)


def coverage(sure, right):
    """At which shares of questions answered, and at which precision."""
    order = np.argsort(-sure)
    precision = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    out = []
    for wanted in (0.95, 0.9, 0.85):
        at = np.nonzero(precision >= wanted)[0]
        out.append("%d%%: %.0f" % (100 * wanted, 100 * (at[-1] + 1) / len(right) if len(at) else 0))
    return "coverage at precision " + ", ".join(out)


def sureness_stage(work):
    args = work.args
    names, sets = None, {}
    for name in dict.fromkeys(args.rank.split(",") + args.test.split(",")):
        work.prepared(name)
        names, *sets[name] = run_plans(work, name, "full")
        work.say("plans, out of fold:", name, "%.1f" % share(sets[name][1]))
    x = np.concatenate([s[0] for s in sets.values()])
    y = np.concatenate([s[1] for s in sets.values()])
    folds = np.concatenate([s[2] for s in sets.values()])
    which = np.concatenate([[i] * len(s[1]) for i, s in enumerate(sets.values())])
    each = np.array([1 / np.sqrt(len(s[1])) for s in sets.values()])[which]
    sure = np.zeros(len(y))
    some = x[:, -1] > 0  # there was a candidate
    for k in range(FOLDS):
        train, test = some & (folds != k), some & (folds == k)
        model = ranker.sureness_model(x[train], y[train], each[train])
        sure[test] = ranker.sureness(model, x[test])
        finish(work, k, names, model)
    for i, name in enumerate(sets):
        part = which == i
        print(name, coverage(sure[part], y[part]))
        for threshold in (0.5, 0.6, 0.7):
            kept = part & (sure >= threshold)
            print("   sure >= %.1f: answers %.0f %%, right %.1f %%" % (
                threshold, 100 * kept.sum() / part.sum(), share(y[kept])))
    edges = np.arange(0, 1, 0.1)
    print("said -> right:", " ".join("%.2f->%.2f" % (sure[m].mean(), y[m].mean())
                                     for e in edges for m in [(sure >= e) & (sure < e + .1)]
                                     if m.any()))
    finish(work, "all", names, ranker.sureness_model(x[some], y[some], each[some]))
    with open(work.path("final", "all", "bin"), "rb") as file, open(args.out, "wb") as out:
        out.write(file.read())
    for name in sets:
        decided(work, name)
    work.say("wrote", args.out, os.path.getsize(args.out), "bytes")


def decided(work, name):
    """What the program itself would answer, rules and threshold included."""
    answered, right, count = [], [], 0
    for k in range(FOLDS):
        out = work.path(name.replace(":", "-"), k, "d")
        work.tool("plans", work.fold_file(name, k), work.path("final", k, "bin"), out)
        with open(out + ".jsonl") as lines, open(work.fold_file(name, k)) as questions:
            decisions = [json.loads(line) for line in lines]
            questions = [json.loads(line) for line in questions]
        lists = [{"sql": [d.get("final")], "right": [d.get("final_right", False)]}
                 for d in decisions]
        judge_answers(work, work.fold_file(name, k), lists)
        right += [bool(q["right"][0]) for q in lists]
        answered += [d.get("sure", 0) for d in decisions]
    right, answered = np.array(right), np.array(answered)
    print("decided:", name, "%.1f" % share(right), coverage(answered, right),
          " ".join("at %.2f: %.0f %% answered, %.1f %% right" % (
              t, share(answered >= t), share(right[answered >= t])) for t in (0.5, 0.6, 0.7)))


def finish(work, k, names, model):
    with open(work.path("full", k, "pickle"), "rb") as file:
        sections, texts = pickle.load(file)
    texts["sureness"] = ranker.weights_text(names, model)
    write_weights(work, work.path("final", k, "bin"), sections, texts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for option in ("bench", "work", "tool", "cues", "out"):
        parser.add_argument("--" + option, required=True)
    parser.add_argument("--from", dest="stage", default="local",
                        choices=["local", "candidates", "ranker", "plans"])
    parser.add_argument("--local", default="spider-single,spider-join:join")
    parser.add_argument("--rank", default="spider-single")
    parser.add_argument("--test", default="spider-syn,spider-dk,geoquery,wtq:5")
    parser.add_argument("--other", type=float, default=1.0,
                        help="weight of a question of another set than spider-single")
    args = parser.parse_args()
    work = Work(args)
    stages = ["local", "candidates", "ranker", "plans"]
    after = stages[stages.index(args.stage):]
    if "local" in after:
        local_stage(work)
    if "candidates" in after:
        candidate_stage(work, dict.fromkeys(args.rank.split(",") + args.test.split(",")))
    if "ranker" in after:
        ranker_stage(work)
    sureness_stage(work)


if __name__ == "__main__":
    main()
