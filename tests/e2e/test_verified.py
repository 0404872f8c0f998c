# SPDX-License-Identifier: Apache-2.0
"""Votes, candidates and verified queries, over HTTP and on the command line."""
import concurrent.futures
import json

import pytest

from conftest import Querent, wait_for
from server_support import PATIENCE_S, Server

VERIFIED = "/api/v1/admin/verified"
TAKINGS = {
    "question": "How much came in from {region} in {time}?",
    "variants": ["Takings of {region} {time}"],
    "dataset_id": "sales",
    "sql": "SELECT sum(revenue) AS takings FROM sales WHERE region = {region}"
           " AND day >= {time.from} AND day < {time.to}",
    "slots": [{"name": "region", "kind": "text"}, {"name": "time", "kind": "period"}],
    "owner": "ana",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verified")
    path = folder / "sales.csv"
    path.write_text("day,region,product,units,revenue\n"
                    "2024-01-10,North,Desk,2,500.00\n"
                    "2024-01-20,South,Chair,4,300.50\n"
                    "2024-02-05,North,Chair,1,75.00\n"
                    "2024-02-15,O'Brien,Desk,3,750.00\n"
                    "2024-03-01,North,Lamp,5,100.25\n")
    with Server(Querent(folder / "home"), path) as server:
        yield server


def verified_of(reply):
    return reply["metadata"].get("verified")


def add(server, **changes):
    response = server.post(VERIFIED, {**TAKINGS, **changes})
    assert response.status_code == 201, response.text
    return response.json()["id"]


def approve(server, identifier, expect=200, **body):
    response = server.post(f"{VERIFIED}/{identifier}/approve", body)
    assert response.status_code == expect, response.text
    return response.json()


def retire(server, identifier):
    response = server.post(f"{VERIFIED}/{identifier}/retire", {})
    assert response.status_code == 200, response.text


def vote(server, expect=200, **body):
    response = server.post("/api/v1/feedback", {"user_id": "ana", "rating": "up", **body})
    assert response.status_code == expect, response.text
    return response.json()


def test_a_verified_query_answers_from_approval_to_retirement(server):
    question = "takings of north in february 2024"
    assert not verified_of(server.ask(question))
    identifier = add(server)
    assert not verified_of(server.ask(question))  # a candidate does not answer
    approved = approve(server, identifier)
    assert approved["state"] == "approved" and approved["approved_at"]

    reply = server.ask(question)  # at once, although the same words were answered and cached before
    assert reply["status"] == "answered"
    assert reply["data_sample"] == [{"takings": 75}]
    assert reply["metadata"]["model"] == "verified"
    verified = verified_of(reply)
    assert verified["id"] == identifier and verified["owner"] == "ana" and verified["date"] == "2024-03-15"
    assert verified["slots"] == {"region": "North", "time": {
        "words": "february 2024", "from": "2024-02-01", "to": "2024-03-01"}}
    again = server.ask(question)
    assert again["metadata"]["cache_hits"] == {"response": "memory"} and verified_of(again) == verified
    answer = server.messages(reply["conversation_id"])[-1]
    assert answer["metadata"]["verified"] == verified
    events = server.stream("How much came in from North in last month?")
    assert verified_of(events[-1].data)["slots"]["time"]["words"] == "last month"

    retire(server, identifier)
    assert not verified_of(server.ask(question))  # nor from the cache
    approve(server, identifier, owner="bo")
    assert verified_of(server.ask(question))["owner"] == "bo"
    retire(server, identifier)


def test_near_misses_values_and_filters(server):
    identifier = add(server)
    approve(server, identifier)
    for question in ("takings of east in 2024", "takings of desk in 2024", "takings of north", "takings in north 2024",
                     "takings of north since 2024", "takings of north in 2024 by product",
                     "takings of not north in 2024", "profits of north in 2024",
                     "takings of {region} {time}", "takings of north' OR 1=1 in 2024"):
        assert not verified_of(server.ask(question)), question
    reply = server.ask("Takings of o'brien 2024")
    assert verified_of(reply)["slots"]["region"] == "O'Brien"
    assert reply["data_sample"] == [{"takings": 750}] and "'O''Brien'" in reply["sql_query"]
    assert verified_of(server.ask("Takings of North 2024", dataset_filter=["sales"]))
    # In a conversation it must stand by itself.
    first = server.ask("total revenue")
    assert verified_of(server.ask("Takings of North 2024", conversation=first["conversation_id"]))
    # What leans on a verified answer, which has no tree to be changed, is not answered as if it stood alone.
    for leaning in "and by product?", "what about south?", "and in 2023?", "same for 2023":
        reply = server.ask("Takings of North 2024")
        follow_up = server.ask(leaning, conversation=reply["conversation_id"])
        assert follow_up["status"] == "needs_clarification", follow_up
        assert "whole question" in json.dumps(follow_up), follow_up
        assert server.ask("and total revenue by product?", conversation=reply["conversation_id"])["status"] == "answered"
    short = add(server, question="and by {region}?", variants=[], slots=TAKINGS["slots"][:1],
                sql="SELECT count(*) FROM sales WHERE region = {region}")
    approve(server, short)
    assert not verified_of(server.ask("and by north?", conversation=first["conversation_id"]))
    retire(server, short)
    retire(server, identifier)


@pytest.mark.parametrize("changes, status, words", [
    ({"sql": "SELECT nothing FROM sales WHERE region = {region} AND day >= {time.from} AND day < {time.to}"}, 502,
     "nothing"),
    ({"sql": "SELECT * FROM secrets WHERE a = {region} AND b = {from} AND c = {to}"}, 422, "secrets"),
    ({"sql": "DELETE FROM sales WHERE region = {region} AND day > {from} AND day < {to}"}, 422, ""),
    ({"sql": "SELECT {region}, {from}, {to}"}, 422, "does not read"),
    ({"sql": "SELECT read_text({region}) FROM sales WHERE day > {from} AND day < {to}"}, 422, "read_text"),
    ({"slots": [{"name": "region", "kind": "text", "column": "planet"}, {"name": "time", "kind": "period"}]}, 422,
     "planet"),
])
def test_what_does_not_work_is_not_approved(server, changes, status, words):
    identifier = add(server, **changes)
    assert words in approve(server, identifier, status)["detail"]
    assert server.get(f"{VERIFIED}/{identifier}").json()["state"] == "candidate"
    retire(server, identifier)


@pytest.mark.parametrize("changes, words", [
    ({"slots": []}, "not declared"),
    ({"sql": "SELECT sum(revenue) FROM sales"}, "not in the SQL"),
    ({"sql": "SELECT 1 FROM sales WHERE region = '{region}' AND day > {from} AND day < {to}"}, "inside quotes"),
    ({"question": "{region} {time}", "variants": []}, "words beside"),
    ({"question": "Takings of {region} in {time} or {region}"}, "twice"),
    ({"question": "Takings of {Region; DROP TABLE sales} in {time}"}, "no slot"),
    ({"variants": ["Takings of {region}"]}, "missing"),
    ({"question": "word " * 300 + "{region} {time}"}, "words"),
    ({"dataset_id": "planets"}, "planets"),
])
def test_what_can_not_be_right_is_not_taken(server, changes, words):
    response = server.post(VERIFIED, {**TAKINGS, **changes})
    assert response.status_code in (404, 422) and words in response.json()["detail"], response.text


def test_limits_of_a_request(server):
    for changes in ({"variants": ["x"] * 51}, {"question": "x" * 4001}, {"sql": "x" * 16385}, {"sql": ""},
                    {"slots": [{"name": "a", "kind": "colour"}]}, {"slots": [{"name": "x" * 33, "kind": "text"}]},
                    {"slots": [{"name": f"s{i}", "kind": "text"} for i in range(9)]}):
        assert server.post(VERIFIED, {**TAKINGS, **changes}).status_code == 422, str(changes)[:60]
    assert server.get(VERIFIED, params={"limit": 0}).status_code == 422
    assert server.get(VERIFIED, params={"state": "lost"}).status_code == 422
    assert server.get(VERIFIED, params={"cursor": "x"}).status_code == 422
    for path in ("verified_0123456789abcdef", "x", "sales:1", "%27"):
        assert server.get(f"{VERIFIED}/{path}").status_code == 404
        assert server.post(f"{VERIFIED}/{path}/approve", {}).status_code == 404


def test_two_of_the_same_question_are_not_approved(server):
    first, second = add(server), add(server, question="how much CAME in from {region} in {time}", variants=[])
    approve(server, first)
    assert first in approve(server, second, 409)["detail"]
    # Nor when both are approved at once.
    retire(server, first)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        codes = pool.map(lambda one: server.post(f"{VERIFIED}/{one}/approve", {}).status_code, (first, second))
        assert sorted(codes) == [200, 409]
    retire(server, second)
    approve(server, first)
    # An edit that breaks an approved one is refused and leaves it as it was.
    response = server.http.patch(f"{VERIFIED}/{first}", json={"sql": TAKINGS["sql"].replace("revenue", "nothing")})
    assert response.status_code == 502, response.text
    assert verified_of(server.ask("Takings of North 2024"))
    response = server.http.patch(f"{VERIFIED}/{first}", json={"sql": TAKINGS["sql"].replace("sum", "max")})
    assert response.status_code == 200 and response.json()["state"] == "approved"
    assert server.ask("Takings of North 2024")["data_sample"] == [{"takings": 500}]
    retire(server, first)
    approve(server, second)
    retire(server, second)


def test_a_vote_makes_a_candidate_with_slots(server):
    reply = server.ask("total revenue in North in February 2024")
    voted = vote(server, query_id=reply["query_id"])
    assert voted["query_id"] == reply["query_id"] and voted["candidate_id"]
    candidate = server.get(f"{VERIFIED}/{voted['candidate_id']}").json()
    assert candidate["state"] == "candidate" and candidate["proposed_by"] == "ana" and candidate["turn"] == 1
    assert {slot["kind"] for slot in candidate["slots"]} == {"text", "period"}, candidate
    assert "North" not in candidate["sql"] and "North" not in candidate["question"]
    # The vote again, and the same question of another region, propose nothing new.
    assert vote(server, message_id=voted["message_id"])["candidate_id"] == voted["candidate_id"]
    approve(server, voted["candidate_id"], owner="carla")
    other = server.ask("total revenue in o'brien in January 2024")
    assert verified_of(other)["owner"] == "carla"
    assert vote(server, query_id=other["query_id"])["candidate_id"] is None  # it is verified already
    retire(server, voted["candidate_id"])


def test_votes_are_changed_and_only_ones_own(server):
    reply = server.ask("revenue by product", user="ana")
    candidate = vote(server, query_id=reply["query_id"])["candidate_id"]
    assert vote(server, query_id=reply["query_id"], rating="down")["candidate_id"] is None
    assert server.get(f"{VERIFIED}/{candidate}").status_code == 404  # it went with the vote
    corrected = vote(server, query_id=reply["query_id"], rating="down",
                     corrected_sql="SELECT product, sum(units) FROM sales GROUP BY 1")["candidate_id"]
    assert "sum(units)" in server.get(f"{VERIFIED}/{corrected}").json()["sql"]
    vote(server, 404, query_id=reply["query_id"], user_id="bob")
    vote(server, 404, query_id="query_0123456789abcdef")
    vote(server, 404, message_id="msg_0123456789abcdef")
    vote(server, 404, message_id="'; DROP TABLE feedback; --")
    vote(server, 422)
    vote(server, 422, query_id=reply["query_id"], rating="sideways")
    vote(server, 422, query_id=reply["query_id"], comment="x" * 4001)
    vote(server, query_id=reply["query_id"], comment="x" * 4000)
    # A later turn may lean on what was said before: its words must be looked at.
    second = server.ask("and by region?", conversation=reply["conversation_id"])
    leaning = vote(server, query_id=second["query_id"])["candidate_id"]
    assert "stands by itself" in approve(server, leaning, 422)["detail"]
    # Only who has edited its question has looked at it.
    assert server.http.patch(f"{VERIFIED}/{leaning}", json={"owner": "ana"}).status_code == 200
    approve(server, leaning, 422)
    retire(server, leaning)
    approve(server, leaning, 422)
    edited = server.http.patch(f"{VERIFIED}/{leaning}", json={"question": "units of each region"}).json()
    assert edited["turn"] == 1
    approve(server, leaning)
    retire(server, leaning)


def test_admin_acts_are_in_the_audit_trail(server):
    identifier = add(server)
    approve(server, identifier)
    retire(server, identifier)
    acts = server.get("/api/v1/admin/audit").json()
    assert [act for act in json.dumps(acts).split('"') if act.startswith("verified.")][:3] == [
        "verified.retire", "verified.approve", "verified.add"]


def test_a_change_of_the_data_parks_what_it_breaks(tmp_path):
    """By the server, without a question: and nothing else."""
    data = tmp_path / "sales.csv"
    data.write_text("day,region,revenue,units\n2024-01-10,North,5.5,1\n2024-02-05,South,7,2\n")
    with Server(Querent(tmp_path / "home"), data) as server:
        broken, works = add(server), add(server, question="units of {region} in {time}", variants=[],
                                         sql=TAKINGS["sql"].replace("revenue", "units"))
        approve(server, broken), approve(server, works)
        data.write_text(data.read_text().replace("revenue", "income"))
        server.post("/api/v1/admin/index", {})
        wait_for(lambda: server.get(f"{VERIFIED}/{broken}").json()["state"] == "parked", PATIENCE_S)
        assert server.get(f"{VERIFIED}/{broken}").json()["reason"].startswith("sql_failed")
        assert server.get(f"{VERIFIED}/{works}").json()["state"] == "approved"
        assert verified_of(server.ask("Units of North in 2024"))["id"] == works


DOCUMENT = """dataset_id: sales
table_name: sales
source: {engine: duckdb, file: sales.csv}
columns:
  - {name: day, type: date, role: time}
  - {name: region, type: text}
  - {name: revenue, type: double, role: measure}
verified_queries:
  - question: Takings of {region}
    sql: SELECT sum(revenue) AS takings FROM sales WHERE region = {region}
    slots: {region: text}
    owner: ana
    date: 2024-02-01
  - {question: "Lost {thing}", sql: SELECT 1 FROM sales}
"""


def test_documents_the_command_line_and_a_change_of_the_data(querent, sales):
    folder = sales.parent / "meta"
    folder.mkdir()
    data = folder / "sales.csv"
    data.write_text(sales.read_text())
    (folder / "sales.yaml").write_text(DOCUMENT)
    there = ("--metadata", folder)

    def run(*arguments, code=0):
        result = querent.run("verified", *arguments, *there)
        assert result.returncode == code, result.stderr + result.stdout
        return result

    reply = querent.ask("takings of north", *there)
    assert reply["metadata"]["verified"]["id"] == "sales:1" and reply["data_sample"] == [{"takings": 675.25}]
    shown = querent.run("ask", "-q", "takings of north", *there).stdout
    assert "Verified by ana on 2024-02-01; region = North" in shown
    assert run("retire", "sales:1", code=1).stderr.count("metadata document") == 1
    assert "Lost" not in run("list").stdout and "not declared" in run("check").stderr

    added = json.loads(run("add", "--dataset", "sales", "--question", "best {n} days", "--slot", "n=number", "--json",
                           "--sql", "SELECT day, revenue FROM sales ORDER BY revenue DESC LIMIT {n}").stdout)
    for action in (["approve", added["id"]], ["check"]):
        without = querent.run("verified", *action)
        assert without.returncode == 2 and "--data" in without.stderr
    run("approve", added["id"], "--owner", "bo")
    run("approve", "verified_0123456789abcdef", code=1)
    run("grow", code=2)
    best = querent.ask("Best two days?", *there)
    assert best["metadata"]["verified"]["slots"] == {"n": 2} and best["row_count"] == 2
    assert "verified" not in querent.ask("best 2.5 days", *there, expect=querent.run(
        "ask", "best 2.5 days", *there).returncode)["metadata"]

    # A column gone: parked at the first use, and the planner answers or says that it can't.
    data.write_text(data.read_text().replace("revenue", "income"))
    (folder / "sales.yaml").write_text(DOCUMENT.replace("revenue", "income", 1))
    later = querent.run("ask", "--json", "best two days", *there)
    assert "verified" not in json.loads(later.stdout).get("metadata", {})
    parked = json.loads(run("show", added["id"], "--json").stdout)
    assert parked["state"] == "parked" and parked["reason"].startswith("sql_failed")
    assert "verified" not in querent.run("ask", "--json", "takings of north", *there).stdout
    assert json.loads(run("check", "--json", code=1).stdout.splitlines()[0])[0]["works"] is False
