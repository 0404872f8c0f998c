# SPDX-License-Identifier: Apache-2.0
"""QUERENT_MODEL_SEES: every byte that was sent to the provider's double, over questions, follow-ups and repairs, is read for cells
that must not be in it."""
import json

import pytest

from conftest import Querent
from doubles.claude import Claude
from serving import Refused, Server

KEY = "test-key"
CITIES = ["Qoltrane", "Vexburgh", "Zintara"]
PEOPLE = [f"{name} Wexler{number}" for number, name in enumerate(["Ada", "Bo", "Cy", "Dee"] * 8)]
ROWS = [(person, CITIES[n % 3], f"2024-0{n % 3 + 1}-{n % 27 + 1:02}", 7310 + 13 * n) for n, person in enumerate(PEOPLE)]
TIP, BONUS = 8807, 9913  # of one row; of the others a tip is nothing, and a bonus 0
TOTAL = sum(row[3] for row in ROWS)
SINGLE = PEOPLE + [str(row[3]) for row in ROWS] + [str(TIP), str(BONUS)]  # of one row each
GROUPS = "SELECT city, sum(fee) AS total FROM visits GROUP BY city ORDER BY total DESC"

# What is asked, and the statements that the model gives for it, one a call.
QUESTIONS = [
    ("fees by city", [GROUPS]),
    ("the total of all fees", ["SELECT sum(fee) AS total FROM visits"]),
    ("who paid most", ["SELECT patient, fee FROM visits ORDER BY fee DESC LIMIT 3"]),
    ("list all visits", ["SELECT patient, city, fee FROM visits LIMIT 20"]),
    ("the last patient", ["SELECT max(patient) AS last FROM visits"]),
    ("all patients in one text", ["SELECT string_agg(patient, ', ') AS all_of_them FROM visits"]),
    ("fees of each patient", ["SELECT patient, sum(fee) AS total FROM visits GROUP BY patient"]),
    ("fees of one of them", ["SELECT patient, sum(fee) AS total FROM visits GROUP BY patient ORDER BY patient LIMIT 1"]),
    ("fees of three of them", ["SELECT patient, sum(fee) AS total FROM visits GROUP BY patient ORDER BY patient LIMIT 3"]),
    ("fees of those above all", ["SELECT patient, sum(fee) AS total FROM visits WHERE patient LIKE 'Ada%' GROUP BY patient"]),
    ("fees with no name", ["SELECT sum(fee) AS total FROM visits GROUP BY patient ORDER BY patient LIMIT 2"]),
    ("any patient", ["SELECT arbitrary(patient) AS one FROM visits"]),
    ("renamed", ["SELECT v.a AS x FROM visits AS v(a, b, c, d)", "SELECT a FROM (SELECT * FROM visits) AS v(a, b, c, d)", GROUPS]),
    ("whole records", ["SELECT v FROM visits AS v LIMIT 3", "SELECT x.* FROM visits AS x LIMIT 3", GROUPS]),
    ("fees of the one below", ["SELECT sum(fee) AS total FROM visits WHERE fee < 7311"]),
    ("their number", ["SELECT count(*) AS n, avg(fee) AS mean FROM visits WHERE city IS NOT NULL AND fee <= 7310"]),
    ("fees of one by a choice", ["SELECT sum(CASE WHEN fee < 7311 THEN fee ELSE 0 END) AS total FROM visits"]),
    ("fees of one by a filter", ["SELECT sum(fee) FILTER (WHERE fee < 7311) AS total FROM visits"]),
    ("fees of one by a product", ["SELECT sum(fee * CAST(fee < 7311 AS INTEGER)) AS total FROM visits"]),
    ("fees of one by a join", ["SELECT sum(a.fee) AS total FROM visits AS a JOIN visits AS b ON a.fee < 7311"]),
    ("fees of one, selected before", ["SELECT sum(fee) AS total FROM (SELECT fee FROM visits WHERE fee < 7311) AS x"]),
    ("fees of one with others of none", ["SELECT sum(fee) AS total, count(*) AS n FROM visits, (SELECT 1 AS one) AS x WHERE fee < 7311"]),
    ("the least by a quantile", ["SELECT quantile_cont(fee, 0) AS least FROM visits"]),
    ("fees of each day", ["SELECT day, sum(fee) AS total FROM visits GROUP BY day"]),
    ("all tips", ["SELECT sum(tip) AS total FROM visits"]),
    ("tips with nothing", ["SELECT sum(coalesce(tip, 0)) AS total, count(*) AS n FROM visits"]),
    ("all boni", ["SELECT sum(bonus) AS total FROM visits"]),
    ("all boni with a factor", ["SELECT sum(fee * bonus) AS total, sum(bonus * 1) AS plain FROM visits"]),
    ("the greatest by powers", ["SELECT sum(CAST(fee AS DOUBLE)*fee*fee*fee*fee*fee*fee*fee*fee*fee*fee*fee) / sum(CAST(fee AS DOUBLE)*fee*fee*fee*fee*fee*fee*fee*fee*fee*fee) AS g FROM visits"]),
    ("a ratio of squares", ["SELECT sum(fee * fee) AS squares FROM visits"]),
    ("a ratio of products", ["SELECT sum(fee * bonus) / sum(fee) AS g FROM visits"]),
    ("doubled fees", ["SELECT sum(fee * 2) AS total FROM visits"]),
    ("what did Wexler5 pay", ["SELECT count(*) AS n FROM visits"]),
    ("how many above", ["SELECT count(*) AS n FROM visits WHERE fee > 7336"]),
    ("fees above", ["SELECT sum(fee) AS total FROM visits WHERE fee > 7336"]),
    ("fees in qoltrane", ["SELECT sum(fee) AS total FROM visits WHERE lower(city) = 'qoltrane'"]),
    ("fees in nowhere", ["SELECT sum(fee) AS total FROM visits WHERE city = 'qoltran'", GROUPS]),
    ("fees by town", ["SELECT town, sum(fee) AS total FROM visits GROUP BY town", GROUPS]),
    ("cities as numbers", ["SELECT sum(CAST(city AS INTEGER)) AS total FROM visits", GROUPS]),
    ("patients as days", ["SELECT CAST(patient AS DATE) AS day FROM visits", "SELECT patient::INTEGER FROM visits", GROUPS]),
    ("what columns are there", []),
]


class Model:
    """Gives a question's statements in turn."""

    def __init__(self):
        self.given = {}

    def __call__(self, call):
        if not call.schema:
            return {"text": "Here it is."}
        text = "\n".join(text for _, text in call.messages)
        asked = max(QUESTIONS, key=lambda item: text.rfind(f"{item[0]}?"))
        number = self.given.get(asked[0], 0)
        self.given[asked[0]] = number + 1
        sql = asked[1][min(number, len(asked[1]) - 1)]
        return {"json": {"dataset": "visits", "reason": "it fits", "assumptions": [], "periods": [], "sql": sql,
                         "question_back": None, "no_answer": None}}


def make_folder(folder, access):
    lines = ["patient,city,day,fee,tip,bonus"]
    lines += [f"{','.join(map(str, row))},{TIP if n == 5 else ''},{BONUS if n == 7 else 0}" for n, row in enumerate(ROWS)]
    (folder / "visits.csv").write_text("\n".join(lines) + "\n")
    (folder / "visits.yaml").write_text(json.dumps({
        "dataset_id": "visits", "table_name": "visits", "title": "Visits", "source": {"engine": "duckdb", "file": "visits.csv"},
        **access, "columns": [{"name": "patient", "type": "text"},
                    {"name": "city", "type": "text", "role": "dimension", "sample_values": CITIES},
                    {"name": "day", "type": "date", "role": "time"}, {"name": "fee", "type": "integer", "role": "measure"},
                    {"name": "tip", "type": "integer", "role": "measure"}, {"name": "bonus", "type": "integer", "role": "measure"}],
        "verified_queries": [{"question": "how much did Zintara pay in all of the years",
                              "sql": "SELECT sum(fee) AS total FROM visits WHERE city = 'Zintara'"}]}))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("privacy"), {})


def sent(folder, home, sees):
    """All that a model was sent, as text, and the replies."""
    replies = {}
    with Claude(Model(), keys=[KEY]) as double:
        environment = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": double.base_url, "QUERENT_MODEL_SEES": sees,
                       "QUERENT_METADATA_DIR": str(folder)}
        with Server(Querent(home), environment=environment).wait_until_ready() as server, server.client() as client:
            conversation = None
            for question, _ in QUESTIONS:
                try:
                    reply = client.ask(f"{question}?", conversation)
                    conversation = reply["conversation_id"]
                    replies[question] = reply
                except Refused:
                    pass  # a statement that no repair has mended
        requests = [request for request in double.requests if request.body]
        assert all(request.headers.get("x-api-key") == KEY for request in requests)
        text = "\n".join(json.dumps(json.loads(request.body), ensure_ascii=False) for request in requests)
    assert KEY not in text
    assert len(replies) >= len(QUESTIONS) - 4
    return text, replies


def found(text, values):
    return [value for value in values if value in text]


def test_rows_may_be_seen(folder, tmp_path):
    """That the others can fail."""
    text, replies = sent(folder, tmp_path, "rows")
    assert set(CITIES) <= set(found(text, CITIES)) and len(found(text, SINGLE)) > 10
    assert replies["fees by city"]["final_response"].startswith("Here it is.")


def test_no_cell_leaves_where_only_the_schema_may_be_seen(folder, tmp_path):
    text, replies = sent(folder, tmp_path, "schema")
    assert found(text, CITIES + SINGLE + [str(TOTAL)]) == []
    assert "fees by city" in text and "Wexler" not in text.replace("what did Wexler5 pay", "")
    # Answers are made here.
    assert str(TOTAL) in replies["the total of all fees"]["final_response"].replace(",", "")
    assert replies["fees by town"]["metadata"]["repairs"] == 1
    assert all("Here it is." not in reply["final_response"] for reply in replies.values())


def test_no_single_row_leaves_where_only_aggregates_may_be_seen(folder, tmp_path):
    text, replies = sent(folder, tmp_path, "aggregates")
    assert found(text, SINGLE) == []
    for question in ("fees by city", "how many above", "fees above", "the total of all fees", "doubled fees"):
        assert replies[question]["final_response"].startswith("Here it is."), question
    for question in ("who paid most", "list all visits", "the last patient", "fees of each patient", "fees of one of them",
                     "fees of three of them", "fees of those above all", "fees with no name", "any patient", "fees of the one below",
                     "their number", "fees of one by a choice", "fees of one by a filter", "fees of one by a product",
                     "fees of one by a join", "fees of one, selected before", "fees of one with others of none", "the least by a quantile",
                     "fees of each day", "all tips", "tips with nothing", "all boni", "all boni with a factor", "the greatest by powers", "a ratio of squares",
                     "a ratio of products"):
        assert question not in replies or "Here it is." not in replies[question]["final_response"], question


def test_no_masked_cell_leaves_in_results_answers_or_failures(tmp_path):
    folder = make_folder(tmp_path, {"access": {"mask_model": ["patient"]}})
    text, replies = sent(folder, tmp_path / "home", "rows")
    assert found(text, PEOPLE) == [] and "Wexler" not in text.replace("what did Wexler5 pay", "")
    assert "Wexler" in replies["who paid most"]["final_response"]  # the asker may see it


def test_no_name_of_a_hidden_column_leaves_with_what_the_engine_says(tmp_path):
    """It offers names that are alike."""
    folder = make_folder(tmp_path, {"access": {"hidden": ["bonus"]}})
    def model(call):
        return {"json": {"dataset": "visits", "reason": "it fits", "assumptions": [], "periods": [], "sql": "SELECT sum(bonu) AS n FROM visits",
                         "question_back": None, "no_answer": None}}
    with Claude(model, keys=[KEY]) as double:
        told = Querent(tmp_path / "home").run("ask", "--json", "what is it worth", environment={
            "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": double.base_url, "QUERENT_METADATA_DIR": str(folder),
            "QUERENT_MODEL_FALLBACK": "none"})
        sent = "\n".join(str(request.body) for request in double.requests if request.body)
    assert "not found in FROM" in sent and "bonus" not in sent
    assert "not found in FROM" in told.stdout and "bonus" not in told.stdout
