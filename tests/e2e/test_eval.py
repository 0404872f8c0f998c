# SPDX-License-Identifier: Apache-2.0
"""`querent eval` on a set made here. The expected verdicts were compared with those of the sets' own scorer; with
QUERENT_TEST_SCORER=PATH, a script that takes SET PREDICTIONS --details FILE, they are compared again."""
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys

import pytest

from doubles.openai_server import OpenAI

# question, gold, further members of the question
QUESTIONS = [
    ("How many shops are there?", "SELECT count(*) FROM shop", {}),
    ("What is the total revenue by city?", "SELECT city, sum(revenue) FROM shop GROUP BY city", {"difficulty": "medium"}),
    ("What are the names of the shops in Lisbon?", "SELECT name FROM shop WHERE city = 'Lisbon'", {}),
    ("What is the average revenue?", "SELECT avg(revenue) FROM shop", {}),
    ("Why do birds sing?", "SELECT 1", {"difficulty": "hard"}),
]

# gold rows, predicted rows, exact, lenient, further members of the question
BY_ROWS = [
    ([[1, "a"]], [[1, "a"]], True, True, {}),
    ([[1], [2]], [[2], [1]], True, True, {}),
    ([[1], [2]], [[2], [1]], False, False, {"order_matters": True}),
    ([[1], [1], [2]], [[1], [2], [2]], False, False, {}),
    ([[1, "a"], [2, "b"]], [["a", 1], ["b", 2]], True, True, {}),
    ([[1, "a"], [2, "b"]], [["b", 1], ["a", 2]], False, False, {}),
    ([[1, 2], [2, 1], [3, 3]], [[2, 1], [1, 2], [3, 3]], True, True, {}),
    ([[1000000.0]], [[1000000.9]], True, True, {}),
    ([[1000000.0]], [[1000002.0]], False, False, {}),
    ([[0.1234565, "a"], [0.1234564, "b"]], [[0.12345650001, "a"], [0.1234564, "b"]], True, True, {}),
    ([["A"]], [["a"]], False, True, {}),
    ([["Ünter  den\tLinden "]], [["ünter den linden"]], False, True, {}),
    ([["18"]], [[18]], False, True, {}),
    ([["-1,234.5"]], [[-1234.5]], False, True, {}),
    ([["1,23"]], [[123]], False, False, {}),
    ([["1e3"]], [[1000]], False, True, {}),
    ([[None]], [[None]], True, True, {}),
    ([[None]], [[""]], False, False, {}),
    ([[None]], [[0]], False, False, {}),
    ([[True]], [[1]], True, True, {}),
    ([[1]], [[7, 1]], False, True, {}),
    ([[1, 2]], [[1]], False, False, {}),
    ([[1, 2]], [[1, 2], [1]], False, False, {}),
    ([], [], True, True, {}),
    ([], [[1]], False, False, {}),
    ([[1] * 8], [[1] * 8], True, True, {}),
    ([[1]], [1], True, True, {}),
    ([[5]], [[6]], True, True, {"gold_alts": [{"rows": [[6]]}]}),
    ([[5]], [[3]], True, True, {"gold_alts": [{"sql": "SELECT count(*) - 1 FROM shop"}]}),
]

BY_ANSWERS = [
    ([["Paris"], ["Rome"]], [["rome"], ["Paris"]], True, True, {}),
    ([["Paris"]], [["rome"], ["Paris"]], False, False, {}),
    ([["1,200"]], [[1200]], True, True, {}),
    ([["a"], ["b"]], [["a", "b"]], True, True, {}),
    ([["a"]], [["x", "a"]], False, True, {}),
    ([["a"]], [], False, False, {}),
    ([["2001-05-03"]], [["2001-5-3"]], True, True, {}),
    ([["2001-xx-xx"]], [[2001]], True, True, {}),
    ([["34.65"]], [[34.6512]], True, True, {"tolerance": 0.01}),
    ([["34.65"]], [[34.6512]], False, False, {}),
    ([["Ann"]], [["Ann [3]"]], True, True, {}),
    ([["Ann"]], [["Ann (singer) (born 1950)"]], True, True, {}),
    ([["(1)"]], [["(1)"]], True, True, {}),
    ([["Café “X”"]], [["cafe \"X\"."]], True, True, {}),
]

# statement, exact, reason
STATEMENTS = [
    ("SELECT count(*) FROM shop;;", True, "right"),
    ("SELECT count(*) FROM nothing", False, "failed"),
    ("DELETE FROM shop", False, "failed"),
    ("ATTACH 'other.db' AS x", False, "failed"),
    ("SELECT 1; SELECT 4", False, "failed"),
    ("SELECT 4 WHERE date('now') = '2024-02-29' AND CURRENT_DATE = '2024-02-29' AND 'now' <> 'knows now'", True, "right"),
    ("SELECT 4 WHERE 1 = 0", False, "empty"),
    ("SELECT 5", False, "wrong_rows"),
    ("", False, "refused"),
]


def make_set(folder, questions, **info):
    (folder / "databases").mkdir(parents=True)
    database = sqlite3.connect(folder / "databases" / "town.sqlite")
    database.executescript("""
        CREATE TABLE shop (name TEXT, city TEXT, revenue REAL);
        INSERT INTO shop VALUES ('Alpha', 'Lisbon', 10.5), ('Beta', 'Lisbon', 20), ('Gamma', 'Porto', 5.25), ('Delta', 'Faro', 7);
        CREATE TABLE weather (day TEXT, rain REAL);
        INSERT INTO weather VALUES ('2024-01-01', 1.5), ('2024-01-02', 0);
    """)
    database.close()
    (folder / "set.json").write_text(json.dumps({"name": "towns", **info}))
    with open(folder / "questions.jsonl", "w") as file:
        for number, question in enumerate(questions):
            file.write(json.dumps({"id": f"q{number}", "db_id": "town", "question": "?", **question}) + "\n")
    return folder


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def report_of(querent, folder, *options):
    return json.loads(querent.run("eval", folder, "--json", *options).stdout)


def compare_with_scorer(report, folder, predictions):
    scorer = os.environ.get("QUERENT_TEST_SCORER")
    if not scorer:
        return
    details = folder / "details.jsonl"
    subprocess.run([sys.executable, scorer, folder, predictions, "--details", details], check=True,
                   stdout=subprocess.DEVNULL)
    theirs = {line["id"]: line for line in map(json.loads, open(details))}
    for ours in report["verdicts"]:
        other = theirs[ours["id"]]
        assert (ours["exact"], ours["lenient"]) == (other["exact"], other["lenient"]), (ours, other)


@pytest.mark.parametrize("match, cases", [("rows", BY_ROWS), ("answers", BY_ANSWERS)])
def test_verdicts(querent, tmp_path, match, cases):
    folder = make_set(tmp_path / "set", [{"gold_rows": gold, **further} for gold, *_, further in cases], match=match)
    predictions = write_lines(tmp_path / "given.jsonl",
                              [{"id": f"q{i}", "rows": case[1], "sql": "rows go first"} for i, case in enumerate(cases)])
    report = report_of(querent, folder, "--predictions", predictions)
    for verdict, case in zip(report["verdicts"], cases, strict=True):
        assert (verdict["exact"], verdict["lenient"]) == case[2:4], case
    assert report["all"]["exact"] == sum(case[2] for case in cases)
    assert report["source"] == "predictions" and report["scope"] is None
    compare_with_scorer(report, folder, predictions)


def test_statements(querent, tmp_path):
    questions = [{"gold_sql": "SELECT count(*) FROM shop"} for _ in STATEMENTS]
    folder = make_set(tmp_path / "set", questions, as_of="2024-02-29 12:00:00")
    predictions = write_lines(tmp_path / "given.jsonl", [{"id": f"q{i}", "sql": case[0]} for i, case in enumerate(STATEMENTS)])
    report = report_of(querent, folder, "--predictions", predictions)
    for verdict, case in zip(report["verdicts"], STATEMENTS, strict=True):
        assert (verdict["exact"], verdict["reason"]) == case[1:], case
    assert report["failures"] == {"sql_failed": 4}
    assert report["all"]["answered"] == len(STATEMENTS) - 1
    compare_with_scorer(report, folder, predictions)
    assert not os.path.exists("other.db")


def test_today_is_the_sets(querent, tmp_path):
    questions = [{"question": "What is the total rain this year?", "gold_sql": "SELECT sum(rain) FROM weather"},
                 {"question": "What was the total rain yesterday?", "gold_sql": "SELECT rain FROM weather WHERE day = '2024-01-01'"}]
    report = report_of(querent, make_set(tmp_path / "set", questions, as_of="2024-01-02 12:00:00"))
    assert [verdict["reason"] for verdict in report["verdicts"]] == ["right", "right"]


@pytest.fixture
def towns(tmp_path):
    return make_set(tmp_path / "set", [{"question": text, "gold_sql": gold, "gold_tables": ["town.shop"], "difficulty": "easy",
                                        "tags": ["count"] if "count" in gold else [], **further}
                                       for text, gold, further in QUESTIONS])


def test_asking(querent, towns, tmp_path):
    predictions, kept = tmp_path / "answers.jsonl", tmp_path / "report.json"
    shown = querent.run("eval", towns, "--predictions", predictions, "--report", kept)
    report = json.loads(kept.read_text())
    assert report["all"] == {"questions": 5, "answered": 4, "failed": 0, "exact": 4, "lenient": 4}
    assert report["difficulty"]["hard"]["answered"] == 0 and report["difficulty"]["easy"]["exact"] == 3
    assert report["tags"]["count"]["exact"] == 1
    assert report["scope"] == "database" and report["source"].startswith("planner")
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["max"]
    assert report["verdicts"][4]["reason"] in ("refused", "no_dataset")
    assert re.search(r"^all +5 +80.0 % +80.0 % +80.0 % +100.0 %$", shown.stdout, re.M), shown.stdout
    # What was written is judged the same.
    lines = [json.loads(line) for line in predictions.read_text().splitlines()]
    assert lines[0]["rows"] == [[4]] and "rows" not in lines[4]
    assert "town.shop" in lines[0]["ranked_dataset_ids"]
    again = report_of(querent, towns, "--predictions", predictions)
    assert again["all"]["exact"] == 4
    assert [(v["id"], v["exact"]) for v in again["verdicts"]] == [(v["id"], v["exact"]) for v in report["verdicts"]]
    compare_with_scorer(report, towns, predictions)
    # The user's own store was not touched.
    assert not list(querent.home.glob("*.db"))


def test_all_databases_and_a_limit(querent, towns):
    report = report_of(querent, towns, "--all-databases", "--limit", "2")
    assert report["scope"] == "all" and report["all"]["exact"] == 2 and report["questions_of_the_set"] == 5


def test_tables_given_and_hints(querent, tmp_path):
    folder = make_set(tmp_path / "set", [
        {"question": "How many rows are there?", "gold_sql": "SELECT count(*) FROM weather", "gold_tables": ["town.weather"]},
        {"question": "What is the total", "instructions": "revenue?", "gold_sql": "SELECT sum(revenue) FROM shop",
         "gold_tables": ["town.shop"]}])
    given = report_of(querent, folder, "--tables-given", "--hints")["verdicts"]
    assert [verdict["exact"] for verdict in given] == [True, True], given
    assert not report_of(querent, folder, "--tables-given")["verdicts"][1]["exact"]


def test_words_of_a_model_can_be_left_out(querent, towns, tmp_path):
    with OpenAI(lambda call: {"text": '{"sql": "SELECT count(*) AS n FROM shop"}' if call.schema else "There are 4."}) as double:
        model = {"OPENAI_BASE_URL": double.origin, "OPENAI_API_KEY": "test-key", "QUERENT_MODEL": "gpt-5.4-mini"}
        for arguments, calls in ((), 2), (("--no-wording",), 1):
            double.forget()
            querent.run("eval", towns, "--limit", 1, *arguments, environment=model)
            assert len(double.chats()) == calls
        told = ("stored in", "Periods")
        question = [{"question": "How much had Lisbon last year?", "gold_sql": "SELECT 1"}]
        folder = make_set(tmp_path / "other", question)
        for arguments, expected in ((), [True, True]), (("--without", "values,periods"), [False, False]):
            double.forget()
            querent.run("eval", folder, "--no-wording", *arguments, environment=model)
            assert [word in double.chats()[0].question for word in told] == expected
    assert "is not known" in querent.run("eval", towns, "--without", "thought").stderr


def test_side_by_side(querent, towns, tmp_path):
    given = [{"id": "q0", "rows": [[4]]}, {"id": "q1", "rows": []}]
    earlier, now = tmp_path / "earlier.json", tmp_path / "now.json"
    querent.run("eval", towns, "--predictions", write_lines(tmp_path / "a.jsonl", given), "--report", earlier)
    given = [{"id": "q2", "rows": [["Beta"], ["Alpha"]]}]
    shown = querent.run("eval", towns, "--predictions", write_lines(tmp_path / "b.jsonl", given), "--report", now,
                        "--compare", earlier)
    assert re.search(r"^easy +3 +33.3 % +33.3 % +33.3 % +100.0 % +33.3 % +\+0.0$", shown.stdout, re.M), shown.stdout
    assert "right now, not earlier: q2\n" in shown.stdout and "right earlier, not now: q0\n" in shown.stdout
    assert "earlier not right: 3 refused, 1 empty\n" in shown.stdout
    assert "the same questions" not in shown.stdout
    shown = querent.run("eval", towns, "--predictions", tmp_path / "b.jsonl", "--limit", "2", "--compare", earlier)
    assert "these are not the same questions (2 now, 5 earlier, 2 in both)" in shown.stdout


def test_a_conversation(querent, tmp_path):
    folder = make_set(tmp_path / "set", [
        {"question": "What is the total revenue?", "gold_sql": "SELECT sum(revenue) FROM shop", "conversation": "c1"},
        {"question": "and by city?", "gold_sql": "SELECT city, sum(revenue) FROM shop GROUP BY city", "conversation": "c1"}])
    assert report_of(querent, folder)["all"]["exact"] == 2


def test_the_sets_own_faults(querent, tmp_path):
    folder = make_set(tmp_path / "set", [{"gold_sql": "SELECT nothing"}, {"gold_rows": [[1]]}, {}])
    given = write_lines(tmp_path / "given.jsonl", [{"id": f"q{i}", "rows": [[1]]} for i in range(3)])
    result = querent.run("eval", folder, "--predictions", given)
    assert "towns: 1 of 3 questions, predictions of a file; 2 can't be judged\n" in result.stdout
    assert "question 'q0'" in result.stderr and "neither gold SQL nor gold rows" in result.stderr
    for text, word in [('{"id": 1', "line 1"), ("[]", "not an object"), ('{"id": "x"}', "needed"),
                       ('{"id": "x", "db_id": "../x", "question": "?"}', "no name of a database")]:
        (folder / "questions.jsonl").write_text(text + "\n")
        result = querent.run("eval", folder)
        assert result.returncode == 1 and word in result.stderr
    (folder / "set.json").write_text('{"match": "retrieval"}')
    assert "judged by rows or answers" in querent.run("eval", folder).stderr
    assert querent.run("eval", tmp_path / "nowhere").returncode == 1
    assert querent.run("eval", folder, "--limit", "0").returncode == 2


def test_an_interrupt_reports_what_there_is(querent, tmp_path):
    questions = [{"question": f"How many shops have a revenue over {i}?", "gold_sql": "SELECT 1"} for i in range(5000)]
    folder = make_set(tmp_path / "set", questions)
    predictions = tmp_path / "answers.jsonl"
    process = querent.start("eval", folder, "--json", "--predictions", predictions)
    while not predictions.exists() or len(predictions.read_text().splitlines()) < 3:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    report = json.loads(out)
    assert process.returncode == 1 and report["stopped"]
    assert 3 <= report["all"]["questions"] < 5000
    assert f"stopped after {report['all']['questions']} of 5000" in err
