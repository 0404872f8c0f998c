# SPDX-License-Identifier: Apache-2.0
"""What the program would answer on a set, as predictions for the sets' scorer.

    answers.py --bench BENCH --set SET --tool planner_answers --weights WEIGHTS --out FOLDER

Writes FOLDER/SET.{all,sure}.jsonl: always answered, and answered when at least --sureness sure.
The gold tables are the candidates; the turns of a conversation keep those of its first one. The
other tables of the database can be joined. "{fold}" in WEIGHTS stands for the fold of a question's
database, for weights that never saw it (train.py keeps them as final.N.bin).
"""
import argparse
import json
import os
import subprocess
import tempfile
import zlib

import prepare

FOLDS = 4  # as in train.py
TABLES_MAX = 64  # as in planner_answers.c


def table_line(table, database, names):
    """A table as planner_answers reads it; names of other tables as they are spelled there."""
    keys = [{"column": k["column"], "table": names[k["table"].lower()], "to": k["to"]}
            for k in table.get("foreign_keys") or [] if k["table"].lower() in names and k.get("to")]
    return {"key": table["id"], "db": database,
            "tables": [dict(prepare.table_part(table), foreign_keys=keys)]}


def question_lines(bench, name):
    """-> (fold, line) of each question that has gold tables."""
    folder = os.path.join(bench, name)
    with open(os.path.join(folder, "set.json"), encoding="utf-8") as file:
        info = json.load(file)
    tables = {}
    for table in prepare.read_lines(os.path.join(folder, "tables.jsonl")):
        tables.setdefault(table["db_id"], []).append(table)
    first = {}
    for question in prepare.read_lines(os.path.join(folder, "questions.jsonl")):
        database = question["db_id"]
        path = os.path.realpath(os.path.join(folder, info.get("databases", "databases"),
                                             database + ".sqlite"))
        names = {t["table"].lower(): t["table"] for t in tables[database]}
        gold = [t.split(".", 1)[1] for t in question["gold_tables"]]
        conversation = question.get("conversation")
        near = tables[database]
        if len(near) > TABLES_MAX:  # no database that belongs together
            near = [t for t in near if t["id"] in question["gold_tables"]]
        yield zlib.crc32(("f" + database).encode()) % FOLDS, {
            "id": question["id"], "conversation": conversation, "question": question["question"],
            "today": info.get("as_of", "2026-11-22")[:10],
            "candidates": first.setdefault(conversation, gold) if conversation else gold,
            "library": database + (near[0]["id"] if len(near) < len(tables[database]) else ""),
            "tables": [table_line(t, path, names) for t in near],
        }


def answers(tool, lines, weights):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
        file.flush()
        out = subprocess.run([tool, file.name, weights], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    return [json.loads(line) for line in out.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for option in ("bench", "set", "tool", "weights", "out"):
        parser.add_argument("--" + option, required=True)
    parser.add_argument("--sureness", type=float, default=0.6)
    args = parser.parse_args()
    by_weights = {}
    for fold, line in question_lines(args.bench, args.set):
        by_weights.setdefault(args.weights.replace("{fold}", str(fold)), []).append(line)
    got = sum((answers(args.tool, lines, w) for w, lines in by_weights.items()), [])
    for name, least in (("all", 0), ("sure", args.sureness)):
        path = os.path.join(args.out, "%s.%s.jsonl" % (args.set, name))
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": g["id"], "sql": g["sql"]}) + "\n"
                            for g in got if g["sql"] and g["sureness"] >= least)


if __name__ == "__main__":
    main()
