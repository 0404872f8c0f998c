# SPDX-License-Identifier: Apache-2.0
"""Conversations over HTTP: made, listed in pages, read, deleted; their titles and counters."""
import concurrent.futures
import re

import pytest

from conftest import Querent
from server_support import OpenStream, Server, request_of, rows_of

ALL = "/api/v1/conversations"
UNKNOWN = "conv_0123456789abcdef"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conversations")
    sales = folder / "sales.csv"
    sales.write_text("region,revenue\nNorth,100\nSouth,250.5\n")
    with Server(Querent(folder / "home"), sales, QUERENT_LOOPS=2) as server:
        yield server


def create(server, user, **body):
    response = server.post(ALL, {"user_id": user, **body})
    assert response.status_code == 200, response.text
    made = response.json()
    assert made.keys() == {"conversation_id", "created_at"}
    assert re.fullmatch("conv_[0-9a-f]{16}", made["conversation_id"])
    return made["conversation_id"]


def test_a_new_one_is_empty(server):
    id = create(server, "new", title="My questions")
    (listed,) = server.conversations("new")["conversations"]
    assert listed.items() >= {"conversation_id": id, "user_id": "new", "title": "My questions",
                              "message_count": 0}.items()
    assert server.messages(id) == []
    other = create(server, "newer")
    assert server.conversations("newer")["conversations"][0]["title"] is None
    assert server.conversations("nobody") == {"conversations": [], "next_cursor": None}
    assert id != other


def test_questions_and_answers_are_kept(server):
    reply = server.ask("total revenue", "keeper")
    follow = server.ask("and by region?", "keeper", reply["conversation_id"])
    assert follow["conversation_id"] == reply["conversation_id"]
    assert rows_of(follow) == [("North", 100), ("South", 250.5)]
    messages = server.messages(reply["conversation_id"])
    assert [message["role"] for message in messages] == ["user", "assistant"] * 2
    assert [message["content"] for message in messages] == ["total revenue", reply["final_response"],
                                                            "and by region?", follow["final_response"]]
    assert messages[0]["metadata"] is None
    for message, answer in ((messages[1], reply), (messages[3], follow)):
        assert message["metadata"].items() >= {"sql_query": answer["sql_query"], "query_id": answer["query_id"],
                                               "datasets_used": ["sales"], "status": "answered"}.items()
    assert len({message["message_id"] for message in messages}) == 4
    last = server.get(f"{ALL}/{reply['conversation_id']}/messages", params={"limit": 1}).json()["messages"]
    assert last == messages[-1:]


@pytest.mark.parametrize("question, title", [
    ("total revenue", "total revenue"),
    ("revenue " + "x" * 100, ("revenue " + "x" * 100)[:50]),
    ("revenue " + "ä" * 60, "revenue " + "ä" * 42),
    ("revenue " + "🙂" * 60, "revenue " + "🙂" * 42),
], ids=["short", "long", "two bytes", "four bytes"])
def test_titles_come_from_the_first_question(server, question, title):
    user = f"titled {len(question.encode())}"
    reply = server.ask(question, user)
    server.ask("another question", user, reply["conversation_id"])
    (listed,) = server.conversations(user)["conversations"]
    assert listed["title"].rstrip("…. ") == title.rstrip() or listed["title"] == title
    assert len(listed["title"]) <= 51


@pytest.mark.parametrize("limit", [1, 3, 7, 1000])
def test_pages_show_each_once_the_latest_first(server, limit):
    user = f"pages {limit}"
    made = [create(server, user, title=str(number)) for number in range(7)]
    server.ask("total revenue", user, made[2])  # the latest now
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = server.conversations(user, limit=limit, **({"cursor": cursor} if cursor else {}))
        assert len(page["conversations"]) <= limit
        seen += [item["conversation_id"] for item in page["conversations"]]
        cursor, pages = page["next_cursor"], pages + 1
        assert pages <= 8
    assert sorted(seen) == sorted(made) and len(seen) == 7


def test_messages_come_in_pages_from_the_latest_back(server):
    reply = server.ask("total revenue", "pager")
    id = reply["conversation_id"]
    for question in ("revenue by region", "highest revenue", "average revenue"):
        server.ask(question, "pager", id)
    whole = server.messages(id)
    for limit in (1, 3, 8, 1000):
        seen, cursor = [], None
        while not seen or cursor:
            page = server.get(f"{ALL}/{id}/messages", params={"limit": limit, **({"cursor": cursor} if cursor else {})})
            page = page.json()
            assert page.keys() == {"conversation_id", "messages", "next_cursor"} and 0 < len(page["messages"]) <= limit
            seen, cursor = page["messages"] + seen, page["next_cursor"]
            if limit == 3 and len(whole) < 10:
                server.ask("how many rows", "pager", id)  # later than all that is still to come
                whole += server.messages(id)[len(whole):]
        assert [message["message_id"] for message in seen] == [message["message_id"] for message in
                                                               (whole if limit != 3 else whole[:8])]


def test_answers_tell_their_steps(server):
    reply = server.ask("total revenue", "stepper")
    question, answer = server.messages(reply["conversation_id"])
    assert question["metadata"] is None
    assert answer["metadata"].keys() >= {"sql_query", "datasets_used", "steps", "query_id", "status", "tokens_used",
                                         "execution_time_ms"}
    assert answer["metadata"]["steps"] == reply["steps"]


@pytest.mark.parametrize("cursor", ["x", "", "\x00", "1", "1.2.3", "1.2.3.0000000000000000", "é" * 300, "1" * 1000,
                                    "1|conv_", "' OR 1=1 --"])
def test_a_cursor_that_was_never_given_is_refused(server, cursor):
    id = create(server, "cursors")
    for path in (f"{ALL}/cursors", f"{ALL}/{id}/messages"):
        response = server.get(path, params={"cursor": cursor})
        assert response.status_code == 422, response.text
        assert "cursor" in str(response.json()["detail"])


def test_a_cursor_of_another_list_is_refused(server):
    ids = [create(server, user) for user in ("mine", "mine", "yours", "yours")]
    mine = server.conversations("mine", limit=1)["next_cursor"]
    assert server.get(f"{ALL}/yours", params={"limit": 1, "cursor": mine}).status_code == 422
    assert server.get(f"{ALL}/{ids[0]}/messages", params={"cursor": mine}).status_code == 422
    assert server.http.delete(f"{ALL}/{ids[0]}").status_code == 200
    assert server.http.delete(f"{ALL}/{ids[1]}").status_code == 200
    assert server.conversations("mine", limit=1, cursor=mine) == {"conversations": [], "next_cursor": None}


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "1.5", "x", "", "9" * 30])
def test_a_limit_out_of_its_range_is_refused(server, limit):
    id = create(server, "limits")
    for path in (f"{ALL}/limits", f"{ALL}/{id}/messages"):
        response = server.get(path, params={"limit": limit})
        assert response.status_code == 422 and response.json()["detail"][0]["loc"] == ["query", "limit"]


def test_deleted_ones_are_gone(server):
    reply = server.ask("total revenue", "deleter")
    id = reply["conversation_id"]
    answer = server.messages(id)[1]
    response = server.http.delete(f"{ALL}/{id}")
    assert response.status_code == 200 and response.json() == {"status": "deleted", "conversation_id": id}
    assert server.conversations("deleter")["conversations"] == []
    assert server.get(f"{ALL}/{id}/messages").status_code == 404
    assert server.http.delete(f"{ALL}/{id}").status_code == 404
    assert server.ask("and by region?", "deleter", id, expect=404)["detail"]
    run = f"/api/v1/query/{reply['query_id']}"
    assert server.get(run).status_code == 404 and server.get(f"{run}/events").status_code == 404
    assert server.http.delete(run).status_code == 404
    vote = {"message_id": answer["message_id"], "user_id": "deleter", "rating": "up"}
    assert server.post("/api/v1/feedback", vote).status_code == 404


@pytest.mark.parametrize("id", [UNKNOWN, "x", "conv_", "conv_" + "g" * 16, "%00", "a%2Fb", "..", "é" * 100, "x" * 2000])
def test_unknown_ones_are_404(server, id):
    assert server.get(f"{ALL}/{id}/messages").status_code in (404, 422)
    assert server.http.delete(f"{ALL}/{id}").status_code in (404, 405, 422)
    if not id.startswith(("%", "a%", "x" * 300)):
        for path in ("/api/v1/query", "/api/v1/query/stream"):
            response = server.post(path, request_of("total revenue", "ana", id))
            assert response.status_code == 404 and response.json()["detail"], response.text


def test_somebody_elses_conversation_is_unknown(server):
    reply = server.ask("total revenue", "owner")
    assert "detail" in server.ask("total revenue", "thief", reply["conversation_id"], expect=404)
    assert len(server.messages(reply["conversation_id"])) == 2


def test_counters_are_right_under_many_writers(server):
    """Fifty ask in one conversation at once; some may be told to wait, none is half done."""
    id = create(server, "crowd")
    questions = ["total revenue", "revenue by region", "highest revenue", "average revenue"]

    def ask(number):
        return server.post("/api/v1/query", request_of(questions[number % 4], "crowd", id, use_cache=number % 2 == 0))

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(ask, range(50)))
    assert {reply.status_code for reply in replies} <= {200, 409}, {reply.text[:200] for reply in replies}
    answered = [reply.json() for reply in replies if reply.status_code == 200]
    assert answered
    messages = server.messages(id)
    assert len(messages) == 2 * len(answered)
    assert server.conversations("crowd")["conversations"][0]["message_count"] == len(messages)
    said = sorted(message["content"] for message in messages if message["role"] == "assistant")
    assert said == sorted(reply["final_response"] for reply in answered)
    asked = [message["metadata"]["query_id"] for message in messages if message["role"] == "assistant"]
    assert sorted(asked) == sorted(reply["query_id"] for reply in answered)


def test_a_run_in_a_deleted_conversation_ends_as_any_other(tmp_path):
    """Who asked gets the answer; nobody else sees what was said."""
    sales = tmp_path / "sales.csv"
    sales.write_text("region,revenue\nNorth,100\nSouth,250.5\n")
    with Server(Querent(tmp_path / "home"), sales, QUERENT_LOOPS=1, QUERENT_WORKERS=1) as server:
        frozen = server.freeze()
        stream = OpenStream(server, "total revenue", "hasty")
        (listed,) = server.conversations("hasty")["conversations"]
        id = listed["conversation_id"]
        assert server.http.delete(f"{ALL}/{id}").status_code == 200
        server.thaw(frozen)
        events = stream.events()
        assert events[-1].name == "complete" and events[-1].data["conversation_id"] == id
        assert server.conversations("hasty")["conversations"] == []
        assert server.get(f"{ALL}/{id}/messages").status_code == 404
        assert server.ask("and by region?", "hasty", id, expect=404)["detail"]


@pytest.mark.parametrize("between, known", [(0, True), (4, True), (5, False)])
def test_the_last_ten_messages_are_context(server, between, known):
    """A follow-up finds the answer that it follows among the last ten messages, and no earlier one."""
    user = f"follower {between}"
    id = server.ask("total revenue", user)["conversation_id"]
    for _ in range(between):
        assert server.ask("what is the capital of France?", user, id)["status"] == "no_answer"
    reply = server.ask("and by region?", user, id)
    assert (reply["status"] == "answered" and rows_of(reply) == [("North", 100), ("South", 250.5)]) == known


def test_counters_are_right_with_two_servers_on_one_store(server):
    """Fifty writers in one conversation, half of them through each server; and another fifty make conversations."""
    id = create(server, "shared")
    with Server(server.querent, *server.data, QUERENT_LOOPS=2) as other:
        def ask(number):
            conversation = id if number % 2 == 0 else None
            return (server, other)[number // 2 % 2].post(
                "/api/v1/query", request_of("total revenue", "shared", conversation, use_cache=number % 3 == 0))

        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            replies = list(pool.map(ask, range(100)))
        assert {reply.status_code for reply in replies} == {200}, {reply.text[:200] for reply in replies}
        for one in (server, other):
            counts = {item["conversation_id"]: item["message_count"]
                      for item in one.conversations("shared")["conversations"]}
            assert len(counts) == 51 and counts.pop(id) == 100 and set(counts.values()) == {2}
            assert len(one.messages(id)) == 100
