# SPDX-License-Identifier: Apache-2.0
"""What language models were used for, summed by caller and day, after questions to doubles of both vendors; temperatures; many
questions that wait for a model at once; and an answer that is taken up again in the middle of its deltas."""
import concurrent.futures
import json
import threading

import pytest

from conftest import Querent, wait_for
from doubles.claude import Claude
from doubles.openai_server import OpenAI
from doubles.script import Reply
from model_support import KEY, decision, environment_of, is_decision
from server_support import PATIENCE_S, OpenStream, Server, check_events, events_of
from test_metrics import value
from test_server_runs import Reader, events_in, numbers, read_events, run_of

from httpx_sse._decoders import SSEDecoder

SQL = "SELECT region, sum(revenue) AS revenue FROM sales GROUP BY region"
SAID = "South made 1,050.50 and North 675.25, so the South is ahead of the North, and it has been so all the time."


def good(call):
    return Reply(json=decision(SQL)) if is_decision(call) else Reply(text=SAID, pieces=4)


class World:
    """Two programs on one home, each with its vendor's double."""

    def __init__(self, folder, data):
        self.querent = Querent(folder / "home")
        self.claude, self.openai = Claude(good, keys=(KEY,)), OpenAI(good, keys=(KEY,))
        self.servers = [Server(self.querent, data, **environment_of(double)) for double in (self.claude, self.openai)]
        self.replies = []  # (user, provider, reply)

    def ask(self, which, question, user, **config):
        reply = self.servers[which].ask(question, user, use_cache=False, **config)
        assert reply["final_response"] == SAID, reply
        self.replies.append((user, ("anthropic", "openai")[which], reply))
        return reply

    def __enter__(self):
        for server in self.servers:
            server.__enter__()
        return self

    def __exit__(self, *failure):
        for server in self.servers:
            server.__exit__(*failure)
        for double in (self.claude, self.openai):
            double.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("usage")
    data = folder / "sales.csv"
    data.write_text("day,region,revenue\n2024-01-10,North,600.00\n2024-01-20,South,1050.50\n2024-03-01,North,75.25\n")
    with World(folder, data) as running:
        yield running


def summed(rows):
    """{(user, provider, model): numbers}"""
    return {(row["user_id"], row["provider"], row["model"]): row for row in rows}


def test_usage_is_summed_by_caller_and_day(world):
    for which, question, user in [(0, "revenue by region", "ana"), (0, "revenue of each region", "ana"), (0, "who sold most", "ben"),
                                  (1, "revenue by region", "ana"), (1, "revenue for each region", "ana")]:
        world.ask(which, question, user)
    server = world.servers[0]
    assert server.ask("what columns are there?", "carl")["status"] == "answered", "needs no model, so costs nothing"
    listed = server.get("/api/v1/admin/usage").json()["usage"]
    told = world.querent.run("usage", "--json")
    assert [json.loads(line) for line in told.stdout.splitlines()] == listed
    rows = summed(listed)
    assert rows.keys() == {("ana", "anthropic", "claude-sonnet-4-6"), ("ben", "anthropic", "claude-sonnet-4-6"),
                           ("ana", "openai", "gpt-4o-mini")} and len(listed) == 3
    for (user, provider, _), row in rows.items():
        replies = [reply["metadata"] for who, by, reply in world.replies if (who, by) == (user, provider)]
        assert row["runs"] == len(replies) and row["calls"] == 2 * len(replies) and row["unpriced_calls"] == 0
        for kind, tokens in row["tokens"].items():
            assert tokens == sum(reply["tokens"][kind] for reply in replies), (user, provider, kind)
        assert row["cost"] == pytest.approx(sum(reply["cost"] for reply in replies)) and row["cost"] > 0
    tokens = rows["ana", "anthropic", "claude-sonnet-4-6"]["tokens"]
    assert tokens["total"] == sum(tokens[kind] for kind in ("input", "cached", "cache_written", "output"))


def test_usage_has_filters_and_a_table(world):
    world.ask(0, "how much revenue by region", "dora")
    server = world.servers[1]  # another process on the same store
    only = server.get("/api/v1/admin/usage", params={"user_id": "dora", "days": 1}).json()["usage"]
    assert [row["user_id"] for row in only] == ["dora"]
    assert server.get("/api/v1/admin/usage", params={"user_id": "nobody"}).json() == {"usage": []}
    assert server.get("/api/v1/admin/usage", params={"days": 0}).status_code == 422
    table = world.querent.run("usage", "--user", "dora").stdout.splitlines()
    words = table[1].split()
    assert table[0].split()[:3] == ["day", "caller", "model"] and words[:4] == [only[0]["day"], "dora", "claude-sonnet-4-6", "1"]
    assert float(words[-1]) == pytest.approx(only[0]["cost"], abs=1e-6)
    assert "No language model" in world.querent.run("usage", "--user", "nobody").stdout


def test_cached_tokens_are_told_apart(world):
    """What the provider's double read from its cache, it says; it costs a tenth."""
    model = "claude-opus-5"  # caches short prompts
    first, second = (world.ask(0, question, "ed", model=model)["metadata"] for question in
                     ("revenue by region, please", "regions by revenue"))
    assert first["tokens"]["cache_written"] > 0 and second["tokens"]["cached"] >= first["tokens"]["cache_written"]
    assert second["cost"] < first["cost"]
    row = summed(world.servers[0].get("/api/v1/admin/usage", params={"user_id": "ed"}).json()["usage"])["ed", "anthropic", model]
    assert row["tokens"]["cached"] == first["tokens"]["cached"] + second["tokens"]["cached"]


def test_metrics_count_what_models_took_and_cost(world):
    """Per provider, each kind of token apart; shortly after the reply."""
    def told_now():
        return world.servers[1].get("/metrics").text

    def grown(name, **labels):
        now, then = (value(text, name, provider="openai", **labels) for text in (told_now(), before))
        return now - then
    before = told_now()
    reply = world.ask(1, "revenue by each of the regions", "gil")["metadata"]
    wait_for(lambda: grown("querent_model_cost_usd_total") > 0)
    assert grown("querent_model_cost_usd_total") == pytest.approx(reply["cost"], abs=2e-6)
    assert grown("querent_model_calls_total") == 2
    for kind in ("input", "cached", "cache_written", "output"):
        assert grown("querent_model_tokens_total", kind=kind) == reply["tokens"][kind], kind


@pytest.mark.parametrize("which, model, wanted, sent", [
    (0, "claude-sonnet-4-6", None, 0), (0, "claude-sonnet-4-6", 0.5, 0.5), (0, "claude-sonnet-4-6", 1.7, 1),
    (0, "claude-sonnet-5", 0.5, None), (1, "gpt-4o-mini", 1.7, 1.7), (1, "gpt-4o-mini", 99, 2), (1, "gpt-5.4-mini", 0.5, None)])
def test_a_temperature_is_sent_to_models_that_take_one(world, which, model, wanted, sent):
    double = (world.claude, world.openai)[which]
    double.forget(good)
    reply = world.ask(which, "revenue by region", "fay", model=model, **({} if wanted is None else {"temperature": wanted}))
    assert reply["metadata"]["model"] == model
    assert [call.body.get("temperature") for call in double.chats()] == [sent, sent]


def test_many_wait_for_the_model_at_once(world):
    """More than are worked on at a time where there is none to wait for."""
    many, go = 48, threading.Event()

    def answer(call):
        go.wait(PATIENCE_S)
        return good(call)
    world.claude.forget(answer)
    with concurrent.futures.ThreadPoolExecutor(many) as pool:
        futures = [pool.submit(world.servers[0].ask, f"revenue by region for week {number}", f"user{number}", use_cache=False)
                   for number in range(many)]
        try:
            wait_for(lambda: len(world.claude.chats()) == many, PATIENCE_S)
        finally:
            go.set()
        assert all(future.result()["final_response"] == SAID for future in futures)


def told_by(text, before=""):
    """What a reader knows of the answer after these events."""
    decoder = SSEDecoder()
    for event in events_of(map(decoder.decode, text.split("\n"))):
        if event.name == "answer_delta":
            before = event.data["text"] if event.data.get("replace") else before + event.data["text"]
    return before


def upto(text, number):
    """The events of a stream's text up to that number."""
    end = text.find(f"id: {number + 1}\n")
    return text if end < 0 else text[:end]


def test_an_answer_is_taken_up_in_the_middle_of_its_deltas(world):
    """From each place on: nothing is lost and nothing comes twice, while the model writes, after its end, and from the store
    at another process, which keeps one event for all deltas."""
    go = threading.Event()
    world.claude.forget(lambda call: good(call) if is_decision(call) else
                        Reply(text=SAID, pieces=4, until=go))
    server, other = world.servers
    try:
        stream = OpenStream(server, "revenue by region, in the middle")
        run = run_of(stream)
        wait_for(lambda: sum('"answer_delta"' in line for line in stream.lines) >= 4, PATIENCE_S)
        seen = numbers("\n".join(stream.lines))
        first = next(number for number, line in zip(seen, (line for line in stream.lines if line.startswith("data:")))
                     if '"answer_delta"' in line)
        readers = [Reader(server, run, after) for after in (None, first - 1, first, first + 1, seen[-1])]
        wait_for(lambda: '"answer_delta"' in readers[0].text, PATIENCE_S)
    finally:
        go.set()
    whole = events_in("\n".join(stream.lines) + "\n\n") if stream.events() else ""
    assert told_by(whole) == SAID and len(numbers(whole)) > seen[-1], "the rest came afterwards"
    for reader in readers:
        assert events_in(reader.result()) == whole[whole.index(f"id: {(reader.after or 0) + 1}\n"):]
    decoder = SSEDecoder()
    check_events(events_of(map(decoder.decode, whole.split("\n"))))
    for after in range(len(numbers(whole))):
        known = upto(whole, after) if after else ""
        rest = events_in(read_events(server, run, after or None))
        assert known + rest == whole
        stored = events_in(read_events(other, run, after or None))
        assert told_by(stored, told_by(known)) == SAID, after
        assert numbers(stored) == sorted(set(numbers(stored))) and min(numbers(stored)) > after
        assert '"event":"complete"' in stored and stored.count('"event":"complete"') == 1
