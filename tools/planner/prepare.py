# SPDX-License-Identifier: Apache-2.0
"""Public question sets -> one line a question, as planner_features reads them.

    prepare.py BENCH OUT.jsonl SET[:first|:join|:terse|:N]...

A set is a folder of BENCH (questions.jsonl, tables.jsonl, set.json). ":first" takes the first
turns of conversations only, ":join" questions over several tables (seen as one wide table, for
the language models), ":terse" every second question without its opening words ("show me all the"),
as people type into a search box, ":N" every Nth question. The lines hold text of the sets: keep them out of
the repository.
"""
import json
import os
import re
import sys

import gold


OPENING = re.compile(
    r"(what|which|who) (is|are|was|were)|(please )?(can you |could you )?"
    r"(show|list|give|tell|find|return|display|get|count)( me| us| out)?|how many|count", re.I)


def terse(question):
    """The question without its opening, or None when it has none to lose."""
    found = OPENING.match(question)
    if not found:
        return None
    rest = question[found.end():].strip(" ?.")
    rest = re.sub(r"^((all|the|of|for|each) )+", "", rest)
    if found.group().lower() in ("how many", "count"):
        rest = re.sub(r"^number of ", "", rest)
        rest = "number of " + re.sub(r" (are|is|were) there$| do we have$", "", rest)
    return rest if len(rest.split()) > 1 else None


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def table_part(table):
    return {
        "table": table["table"], "header": table["header"], "types": table["types"],
        "title": table.get("title"), "column_labels": table.get("column_labels"),
        "primary_key": table.get("primary_key") or [],
        "foreign": [f["column"] for f in table.get("foreign_keys") or []],
    }


def wide_names(tables):
    """Bare column name -> table, for names that only one table has."""
    owners = {}
    for table in tables:
        for column in table["header"]:
            owners.setdefault(column.lower(), set()).add(table["table"].lower())
    return {c: next(iter(t)) for c, t in owners.items() if len(t) == 1}


def question_line(bench, name, info, question, tables):
    folder = os.path.join(bench, name, info.get("databases", "databases"))
    join = len(tables) > 1
    sql = question.get("gold_sql")
    frame = None
    if sql:
        frame = gold.parse_join(sql, wide_names(tables)) if join else gold.parse(sql)
    columns = [(t["table"].lower() + "." if join else "") + c.lower()
               for t in tables for c in t["header"]]
    return {
        "id": question["id"], "set": name, "question": question["question"], "join": join,
        "group": tables[0]["id"] if name.startswith("wtq") else question["db_id"],
        "key": question["db_id"] + "|" + "|".join(t["table"] for t in tables),
        "db": os.path.realpath(os.path.join(folder, question["db_id"] + ".sqlite")),
        "tables": [table_part(t) for t in tables],
        "gold": ([sql] if sql else []) + [a["sql"] for a in question.get("gold_alts") or []
                                          if a.get("sql")],
        "rows": [a["rows"] for a in question.get("gold_alts") or [] if "rows" in a]
                + ([question["gold_rows"]] if not sql else []),
        "answers": info.get("match") == "answers",
        "ordered": bool(question.get("order_matters")),
        "sketch": gold.sketch(frame), "roles": gold.roles(frame, columns),
        "conditions": gold.conditions(frame, columns),
    }


def main():
    bench, out = sys.argv[1:3]
    with open(out, "w", encoding="utf-8") as lines:
        for spec in sys.argv[3:]:
            name, _, option = spec.partition(":")
            with open(os.path.join(bench, name, "set.json"), encoding="utf-8") as info_file:
                info = json.load(info_file)
            tables = {t["id"]: t for t in read_lines(os.path.join(bench, name, "tables.jsonl"))}
            step = int(option) if option.isdigit() else 1
            count, turn = 0, False
            for question in read_lines(os.path.join(bench, name, "questions.jsonl"))[::step]:
                ids = question.get("gold_tables") or []
                if not ids or any(i not in tables for i in ids):
                    continue
                if option == "first" and question.get("turn", 1) != 1:
                    continue
                if (len(ids) > 1) != (option == "join"):
                    continue
                line = question_line(bench, name, info, question, [tables[i] for i in ids])
                if line["join"] and not line["sketch"]:
                    continue
                if option == "terse":
                    turn = not turn
                    line["question"] = terse(line["question"])
                    line["id"] += "-terse"
                    if not turn or not line["question"]:
                        continue
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
            print(spec, count)


if __name__ == "__main__":
    main()
