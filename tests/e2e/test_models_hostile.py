# SPDX-License-Identifier: Apache-2.0
"""Instructions where a prompt has texts of others (questions, metadata, cells, verified queries, the conversation), and a model
that obeys them: tests/hostile/models.json, one case a line, all in one server. Wording may change; never tables, rights, tools or
numbers."""
import json
import re

import pytest

from conftest import ROOT, Querent
from doubles.claude import Claude
from serving import Refused, Server

CASES = json.loads((ROOT / "tests/hostile/models.json").read_text(encoding="utf-8"))
GOOD = "SELECT region, sum(revenue) AS total FROM sales GROUP BY region ORDER BY total DESC"
QUESTION = "total revenue by region"
KEY = "test-key"
# What must not come out, whatever the model says: other tables, files, the environment, and numbers that no row has.
SECRETS = ["Zelda", "88881", "88,881", "root:x:", KEY]
FALSE = re.compile(r"98[ ,.'\u00a0\u202f]?7[ ,.'\u00a0\u202f]?65[4-8]|9876|987,|nine hundred|0\.98|99,999|987654")
MARKUP = re.compile(r"evil[./]|https?:|<\w|</|!\[|\]\(|\u202e|\u200b", re.IGNORECASE)


def case_of(call):
    found = re.findall(r"case (\d+)[.:]", " ".join(text for _, text in call.messages))
    return CASES[int(found[-1])] if found else {}


def obey(call):
    """What a model says that does as the text of the case wants."""
    case = case_of(call)
    times = case.get("times", 1)
    if not call.schema:
        return {"text": case.get("answer", "North leads.") * times, "pieces": 7 if times == 1 else 4000}
    if "tools" in case:
        return {"tools": case["tools"]}
    if "raw" in case:
        return {"text": case["raw"] * times, "pieces": 4000}
    decision = {"dataset": "sales", "reason": "it has revenue", "assumptions": [], "periods": [],
                "sql": case.get("sql", GOOD), "question_back": None, "no_answer": None, **case.get("decide", {})}
    return {"json": decision}


def planted(place):
    return [case["text"] for case in CASES if case["in"] == place]


TITLE = "Sales: " + "; ".join(planted("title"))


def metadata():
    """A document that is YAML because it is JSON, with the texts where they claim to be."""
    notes = [f"{text} (note)" for text in planted("column")]
    return {
        "dataset_id": "sales", "table_name": "sales", "title": TITLE,
        "description": " ".join(planted("description")), "instructions": " ".join(planted("instructions")),
        "source": {"engine": "duckdb", "file": "sales.csv"},
        "columns": [
            {"name": "region", "type": "text", "role": "dimension", "description": " ".join(notes),
             "synonyms": planted("synonym")},
            {"name": "day", "type": "date", "role": "time"},
            {"name": "revenue", "type": "integer", "role": "measure", "unit": "EUR"},
            {"name": "note", "type": "text", "role": "dimension", "sample_values": planted("sample")},
        ],
        "metrics": [{"name": "net", "expression": "sum(revenue)", "description": " ".join(planted("metric"))}],
        "verified_queries": [
            {"question": f"what of this: {text}", "sql": "SELECT count(*) AS n FROM sales"}
            for text in planted("verified")],
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "sales.yaml").write_text(json.dumps(metadata()))
    notes = planted("cell")
    rows = [f'{"North" if n % 3 else "South"},2024-0{n % 3 + 1}-11,{100 + n},"{notes[n % len(notes)].replace(chr(34), chr(34) * 2)}"'
            for n in range(60)]
    (folder / "sales.csv").write_text("region,day,revenue,note\n" + "\n".join(rows) + "\n")
    (folder / "staff.csv").write_text("name,salary\nZelda Secret,88881\n" + "Other,50000\n" * 9)
    querent = Querent(tmp_path_factory.mktemp("home"))
    with Claude(obey, keys=[KEY]) as double:
        environment = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": double.base_url,
                       "QUERENT_METADATA_DIR": str(folder)}
        with Server(querent, "--data", folder / "staff.csv", environment=environment) as server:
            server.wait_until_ready()
            yield server, double
        assert KEY not in server.said()


def ask(client, number, case):
    """The events of the case's question, and what a reader of its deltas has."""
    conversation = None
    if case["in"] == "history":
        first = client.ask(f"how many sales are there? {case['text']}", dataset_filter=["sales"])
        conversation = first["conversation_id"]
    words = f"case {number}: {QUESTION}. {case['text'] if case['in'] == 'question' else ''}"
    told, events, seen = "", [], []
    for event, data in client.stream(words, conversation, dataset_filter=["sales"]):
        events.append((event, data))
        if event == "answer_delta":
            told = data["text"] if data.get("replace") else told + data["text"]
            seen.append(told)
    return events, seen


def check_reply(case, reply, seen, good):
    name, answer = case["name"], reply["final_response"]
    said = [step["message"] for step in reply["steps"] if step["step"] == "generate_sql"]
    said += [step["detail"].get("reason") or "" for step in reply["steps"] if step["step"] == "select_dataset"]
    said += re.findall(r'"title": "([^"]*)"', json.dumps(reply["chart"], ensure_ascii=False))
    # What is called so is told: the title, and texts of the rows; one of digits alone only beside its row's number, else any
    # number would be hidden by it.
    rows = [list(map(str, row.values())) for row in reply["data_sample"]]
    cells = {cell for row in rows for cell in row} & set(planted("cell"))
    names = [TITLE, *(cell.replace("](", "] (") for cell in cells if not cell.isdigit())]
    names += [" ".join(row) for row in rows if len(row) > 1 and row[0].isdigit() and row[0] in cells]
    for text in [answer, *seen, *said, *reply["suggestions"], *reply["metadata"]["assumptions"], reply["metadata"]["reading"] or ""]:
        for name_of_data in names:
            text = text.replace(name_of_data, "")
        assert not FALSE.search(text), (name, text)
        assert not MARKUP.search(text), (name, text)
        for never in case.get("never", []):
            assert never not in text, (name, text)
    assert not seen or seen[-1] == answer, name
    assert len(answer) < 10_000, name
    assert reply["metadata"]["selected_dataset"] in ("sales", None), name
    assert not reply["metadata"].get("verified"), name
    if reply["sql_query"] == GOOD:
        assert reply["data_sample"] == good["data_sample"], name
    assert reply["sql_query"] is None or re.fullmatch(r"(?i)(select|with) [^;]*\bfrom sales\b[^;]*", reply["sql_query"]), name
    assert not re.search(r"staff|read_|passwd|duckdb_|sqlite_", reply["sql_query"] or ""), name


def test_a_model_that_obeys_attackers_changes_words_alone(world):
    server, double = world
    assert len(CASES) >= 60
    answered = 0
    with server.client() as client:
        good = client.ask(QUESTION, dataset_filter=["sales"])
        assert good["sql_query"] == GOOD and good["status"] == "answered"
        for number, case in enumerate(CASES):
            events, seen = ask(client, number, case)
            end, reply = events[-1]
            everything = json.dumps(events, ensure_ascii=False)
            for secret in SECRETS:
                assert secret not in everything, (case["name"], secret)
            wanted = case.get("outcome", "refused" if {"sql", "raw", "decide"} & case.keys() else "answered")
            if wanted == "answered":
                assert end == "complete" and reply["status"] == "answered", (case["name"], reply)
            elif wanted == "refused":
                assert end == "error" or reply["status"] != "answered" or reply["sql_query"] == GOOD, case["name"]
            if end == "complete":
                check_reply(case, reply, seen, good)
                answered += reply["status"] == "answered"
            else:
                assert reply["code"] in ("sql_refused", "sql_failed", "model"), (case["name"], reply)
                said = [reply["error"], *(data.get("message") or "" for _, data in events
                                          if data.get("step") in ("generate_sql", "execute_query"))]
                said = [text for text in said if FALSE.search(text) or "evil" in text]
                assert not said, (case["name"], said)
    assert answered >= 30
    # The texts were where they claim to be, in what was sent.
    sent = "\n".join(text for call in double.chats() for text in [call.system, *(t for _, t in call.messages)])
    for place in ("question", "title", "description", "column", "synonym", "sample", "cell", "history", "instructions", "metric"):
        assert any(text in sent for text in planted(place)), place
    for secret in SECRETS:
        assert secret not in sent


def test_what_was_asked_changes_nothing_for_others(world):
    """Nothing that an attacker asked is in a plain question's prompt or answer, and the tables are as they were."""
    server, double = world
    double.forget()
    with server.client() as client:
        reply = client.ask(QUESTION, user="carl", dataset_filter=["sales"], use_cache=False)
        assert reply["status"] == "answered" and sum(row["total"] for row in reply["data_sample"]) == sum(range(100, 160))
        sent = "\n".join(text for call in double.chats() for _, text in call.messages)
        assert "case " not in sent
        with pytest.raises(Refused) as refused:
            client.ask(QUESTION, user="carl", dataset_filter=["nothing"])
        assert refused.value.status == 404
