# SPDX-License-Identifier: Apache-2.0
"""`querent serve` with a language model behind it: answers streamed as they are written, the provider's cache used, faults
of the model under load, and the key in no reply, stream, log or file."""
import concurrent.futures
import dataclasses
import json
import re
import time

import httpx
import pytest

from conftest import ROOT, Querent, wait_for
from doubles.claude import Claude
from doubles.script import Reply, Script
from model_support import KEY, Failing, decision, environment_of, is_decision
from server_support import PATIENCE_S, STREAM, Server, request_of

SHOP = ROOT / "tests/cases/shop"
SQL = "SELECT count(*) AS counted_by_model FROM orders"
SAID = "There are 60 orders in all, as far as the table tells."


def good(call):
    return Reply(json=decision(SQL, "orders")) if is_decision(call) else Reply(text=SAID, pieces=5)


class Faulty(Failing):
    """As its base, on these tables."""

    def __call__(self, call):
        reply = super().__call__(call)
        return dataclasses.replace(good(call), fault=reply.fault)


@pytest.fixture(scope="module")
def double():
    with Claude(good, keys=(KEY,)) as running:
        yield running


@pytest.fixture(scope="module")
def server(double, tmp_path_factory):
    querent = Querent(tmp_path_factory.mktemp("models") / "home")
    with Server(querent, SHOP, QUERENT_RUNS_MAX=64, **environment_of(double, QUERENT_MODEL="claude-sonnet-5")) as running:
        yield running
    for path in [running.log_path, *(path for path in querent.home.rglob("*") if path.is_file())]:
        assert KEY.encode() not in path.read_bytes(), f"the key is in {path.name}"


def answer_of(events):
    """What the deltas come to, and the last event's reply."""
    told = ""
    for event in events:
        if event.name == "answer_delta":
            told = event.data["text"] if event.data.get("replace") else told + event.data["text"]
    assert events[-1].name == "complete", events[-1]
    assert KEY not in json.dumps([event.data for event in events])
    return told, events[-1].data


def test_an_answer_is_streamed_as_it_is_written(server, double):
    double.forget(good)
    events = server.stream("how many orders are there?", use_cache=False)
    told, reply = answer_of(events)
    names = [event.name for event in events]
    assert names.count("answer_delta") > 1 and told == reply["final_response"] and told.startswith("There are 60 orders")
    assert [row["counted_by_model"] for row in reply["data_sample"]] == [60]
    usage = reply["metadata"]["tokens"]
    assert usage["input"] > 0 and usage["output"] > 0 and reply["metadata"]["cost"] > 0
    assert [call.kind for call in double.calls] == ["chat", "chat"] and double.calls[0].schema


def stream_text(server, body, heard):
    with httpx.stream("POST", server.url + STREAM, json=body, timeout=PATIENCE_S) as response:
        for line in response.iter_lines():
            heard.append(line)


@pytest.mark.parametrize("on", ["decision", "answer"])
def test_a_cancel_ends_the_call_that_is_in_flight(server, double, on):
    """The model is in the middle of its reply and says no more: its connection is closed, and the asker is told."""
    def stall(call):
        reply = good(call)
        return dataclasses.replace(reply, fault="stalls in the stream") if is_decision(call) == (on == "decision") else reply

    double.forget(stall)
    heard = []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(stream_text, server, request_of("how many orders were sent?", use_cache=False), heard)
        wait_for(lambda: len(double.chats()) == (1 if on == "decision" else 2) and len(heard) > 1, PATIENCE_S)
        connections = set(double.server.wires)
        run = re.search(r"query_[0-9a-f]{16}", "\n".join(heard))[0]
        begun = time.monotonic()
        assert server.http.delete(f"/api/v1/query/{run}").status_code == 202
        asked.result(PATIENCE_S)
        assert time.monotonic() - begun < 10  # and not the minute that a silent model is waited for
    [last] = [line for line in heard if line.startswith("data: ")][-1:]
    assert '"event":"error"' in last and '"code":"cancelled"' in last, last
    wait_for(lambda: connections - set(double.server.wires), PATIENCE_S)
    state = server.get(f"/api/v1/query/{run}").json()
    assert state["state"] == "cancelled"
    assert "cancelled" in server.messages(state["conversation_id"])[-1]["content"]
    double.forget(good)
    assert server.ask("how many orders were sent?", use_cache=False)["status"] == "answered"


def common_prefix(one, other):
    return next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def test_what_stays_the_same_is_read_from_the_providers_cache(server, double):
    double.forget(good)
    first = server.ask("how many orders were there last month?", use_cache=False)["metadata"]["tokens"]
    second = server.ask("how many orders were sent in may?", user="ben", use_cache=False)["metadata"]["tokens"]
    assert first["cached"] + first["cache_written"] > 0, "the instructions are long enough to be cached"
    assert second["cached"] >= first["cached"] + first["cache_written"] - 1 and second["cache_written"] == 0, (first, second)
    bodies = [request.body for request, call in zip(double.requests, double.calls) if call.schema]
    assert common_prefix(*bodies) / len(bodies[0]) > 0.9


@pytest.mark.parametrize("fault", ["ends early but cleanly", "cut within an event", ("error event", {"after": 0.6})], ids=str)
def test_an_answer_that_breaks_is_told_anew(server, double, fault):
    double.forget(Script(Faulty(fault, on="answer")))
    told, reply = answer_of(server.stream("how many orders were made?", use_cache=False))
    assert told in ("", reply["final_response"]), "what was told is replaced"
    assert re.findall(r"\d+", reply["final_response"]) == ["60"]


BREAKS = ["reset before headers", ("status", {"code": 529}), "cut within an event", "malformed event"]
BUSY = ("status", {"code": 429, "headers": {"retry-after-ms": "20"}})


def test_faults_among_many(server, double):
    """Each caller gets the model's answer while calls fail here and there: fewer in a row than have it left alone."""
    seen = set()

    def answer(call):
        number = int(re.search(r"week (\d+)", call.question)[1])
        with double.lock:
            first = (number, is_decision(call)) not in seen
            seen.add((number, is_decision(call)))
        broken = {0: BREAKS[number // 6], 3: BUSY}.get(number % 6) if first and is_decision(call) == (number % 2 == 0) else None
        return dataclasses.replace(good(call), fault=broken)
    double.forget(answer)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda number: answer_of(server.stream(
            f"how many orders in week {number}?", user=f"user{number}", use_cache=False))[1], range(24)))
    for reply in replies:
        assert reply["status"] == "answered" and [row["counted_by_model"] for row in reply["data_sample"]] == [60], reply
    assert len(double.chats()) == 2 * 24 + 8


def test_a_model_that_stays_down_is_left_alone(server, double):
    """After some failures nobody waits for it any more, and the planner answers meanwhile."""
    double.forget(lambda call: dataclasses.replace(good(call), fault=("status", {
        "code": 500, "headers": {"x-should-retry": "false"}})))
    calls = [-1]
    for number in range(20):
        reply = server.ask("how many orders do we have?", user=f"down{number}", use_cache=False)
        assert reply["status"] == "answered" and [list(row.values()) for row in reply["data_sample"]] == [[60]], reply
        assert "built-in planner has answered" in reply["final_response"]
        calls.append(len(double.chats()))
        if calls[-1] == calls[-2]:
            break
    assert calls[-1] == calls[-2] and 3 <= calls[-1] < 20, calls
    metrics = server.get("/metrics").text
    assert "querent_upstream" in metrics and KEY not in metrics


def test_one_call_at_a_time(double, tmp_path):
    """Each of eight gets the one place in turn, twice; who is cancelled while he waits for it keeps nobody waiting."""
    double.forget(lambda call: dataclasses.replace(good(call), first_delay_s=0.05))
    querent = Querent(tmp_path / "home")
    heard = []
    with Server(querent, SHOP, QUERENT_RUNS_MAX=64, QUERENT_MODEL_CALLS_MAX=1, **environment_of(double)) as one:
        with concurrent.futures.ThreadPoolExecutor(9) as pool:
            replies = [pool.submit(one.ask, f"how many orders in week {number}?", user=f"turn{number}", use_cache=False)
                       for number in range(8)]
            body = request_of("how many orders in week 40?", user="leaver", use_cache=False)
            left = pool.submit(stream_text, one, body, heard)
            wait_for(lambda: "run_start" in "\n".join(heard), PATIENCE_S)
            run = re.search(r"query_[0-9a-f]{16}", "\n".join(heard))[0]
            assert one.http.delete(f"/api/v1/query/{run}").status_code == 202
            left.result(PATIENCE_S)
            replies = [reply.result(PATIENCE_S) for reply in replies]
        for reply in replies:
            assert [row["counted_by_model"] for row in reply["data_sample"]] == [60], reply
        metrics = one.get("/metrics").text
        for gauge in "out", "waiting":
            assert re.search(rf'^querent_upstream_requests_{gauge}{{[^}}]*}} 0$', metrics, re.MULTILINE), metrics
