# SPDX-License-Identifier: Apache-2.0
"""The planner's hashed features are the same in C and in the trainer: the trainer's tool names the
features of 1,000 made-up questions, and Python hashes the names again."""
import itertools
import json
import sqlite3
import subprocess
import sys

import pytest

from conftest import PROGRAM, ROOT
from pathlib import Path

sys.path.insert(0, str(ROOT / "tools" / "planner"))
TOOL = Path(PROGRAM).parent / "tools" / "planner" / "planner_features"

STARTS = ["How many {table}s", "List the {text} of all {table}s", "What is the average {number}",
          "Which {table} has the highest {number}", "Show the {text} and {number} of each {table}"]
ENDS = ["", " with {number} over {count}", " whose {text} is {value}", " that start with 'A'",
        " between {count} and 20", " ordered by {number} descending", " per {text}",
        " except those with {text} \"{value}\"", " since 2020-01-02", " in 2019"]
TABLES = {
    "boat": {"text": ["name", "home_port"], "number": ["length", "crewSize"],
             "values": ["Sea Gull", "Aurora", "Émile"]},
    "recipe": {"text": ["title", "cuisine"], "number": ["minutes", "servings"],
               "values": ["Onion Soup", "thai", "100% Rye"]},
}


def made_up_questions():
    counts = itertools.cycle(["3", "1,200", "7.5", "ten"])
    for start, end, (name, table) in itertools.product(STARTS, ENDS, TABLES.items()):
        for text, number, value in itertools.product(table["text"], table["number"],
                                                     table["values"]):
            yield name, (start + end).format(table=name, text=text, number=number, value=value,
                                             count=next(counts)) + "?"


def make_database(path):
    with sqlite3.connect(path) as database:
        for name, table in TABLES.items():
            columns = table["text"] + table["number"]
            database.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
            for i, value in enumerate(table["values"]):
                database.execute(f"INSERT INTO {name} VALUES (?, ?, ?, ?)",
                                 (value, value[:2], i * 4.5, i + 1))


@pytest.mark.skipif(not TOOL.exists(), reason="the trainer's tool is not built")
def test_features_are_hashed_alike(tmp_path):
    from feature_hash import feature_hash
    database = tmp_path / "made-up.sqlite"
    make_database(database)
    questions = list(made_up_questions())[:1000]
    assert len(questions) == 1000
    with open(tmp_path / "questions", "w", encoding="utf-8") as lines:
        for name, question in questions:
            table = {"table": name, "header": TABLES[name]["text"] + TABLES[name]["number"],
                     "types": ["text", "text", "number", "number"]}
            lines.write(json.dumps({"question": question, "key": name, "db": str(database),
                                    "tables": [table]}) + "\n")
    result = subprocess.run([TOOL, "names", tmp_path / "questions",
                             ROOT / "data" / "planner" / "cues.txt"],
                            capture_output=True, text=True, timeout=300, check=True)
    known, wrong = {}, []
    for line in result.stdout.splitlines():
        hashed, kind, *words = line.split("\t")
        name = (kind, *words)
        if name not in known:
            known[name] = f"{feature_hash(kind, words):016x}"
            if known[name] != hashed:
                wrong.append(name)
    assert len(known) > 3000
    assert not wrong, wrong[:5]
