# SPDX-License-Identifier: Apache-2.0
"""
kill -9 of the server under load, at random moments, some of them while it starts. What it had
acknowledged is there after the next start: a run_start event or a reply the question, a complete
event or a reply the answer. Every message is whole, every count is right, no run stays active.

QUERENT_KILL_ROUNDS and QUERENT_KILL_SEED choose how often and which moments.
"""
import http.client
import json
import os
import random
import sqlite3
import threading
import time

import pytest

from conftest import children, is_alive, wait_for
from serving import SANITIZED, Refused, Server

ROUNDS = int(os.environ.get("QUERENT_KILL_ROUNDS", "20" if SANITIZED else "200"))
LIFE_S = 3.0 if SANITIZED else 0.45  # a round's, at most
QUESTIONS = ["total revenue", "revenue by region", "units by product", "how many sales are there",
             "average revenue per product", "revenue by month"]
FOLLOW_UPS = ["and by region?", "only North", "and by month?", "what about units?"]
ENDED = (OSError, http.client.HTTPException, ValueError)  # what a client sees when its server dies


class Told:
    """What the server acknowledged in a round: run -> (conversation, text)."""

    def __init__(self):
        self.lock = threading.Lock()
        self.questions, self.answers, self.refused = {}, {}, []

    def question(self, data, text):
        with self.lock:
            self.questions[data["query_id"]] = (data["conversation_id"], text)

    def answer(self, data):
        with self.lock:
            self.answers[data["query_id"]] = (data["conversation_id"], data["final_response"])


class Asker(threading.Thread):
    """A client that asks until its server dies, whole replies or streams."""

    def __init__(self, server, told, kind, seed, conversation):
        super().__init__(daemon=True)
        self.server, self.told, self.kind, self.conversation = server, told, kind, conversation
        self.random = random.Random(seed)

    def run(self):
        try:
            with self.server.client(timeout=30) as client:
                while True:
                    self.ask(client)
        except Refused as refused:
            self.told.refused.append(str(refused))
        except ENDED:
            pass

    def ask(self, client):
        goes_on = self.kind == "follow-up" and self.conversation is not None and self.random.random() < 0.98
        text = self.random.choice(FOLLOW_UPS if goes_on else QUESTIONS)
        streams = self.kind == "stream" or (self.kind == "follow-up" and self.random.random() < 0.5)
        options = {"conversation": self.conversation if goes_on else None, "use_cache": self.random.random() < 0.5}
        if not streams:
            reply = client.ask(text, **options)
            self.told.question(reply, text)
            self.told.answer(reply)
            self.conversation = reply["conversation_id"]
            return
        for event, data in client.stream(text, **options):
            if event == "run_start":
                self.told.question(data, text)
                self.conversation = data["conversation_id"]
            elif event == "complete":
                self.told.answer(data)


class Kills:
    """The rounds, and what came of them."""

    def __init__(self, querent, sales, seed):
        self.querent, self.sales, self.seed = querent, sales, seed
        self.random = random.Random(seed)
        self.conversations = {}  # of the clients that ask on in one
        self.starts_ms, self.questions, self.answers, self.found, self.cut = [], 0, 0, 0, 0
        self.lost, self.ended_in_start = [], 0

    def start(self):
        begun = time.monotonic()
        server = Server(self.querent, "--data", self.sales).wait_until_ready()
        self.starts_ms.append(1000 * (time.monotonic() - begun))
        return server

    def round(self, server, number):
        """Loads the server, kills it and returns what it had acknowledged."""
        told = Told()
        kinds = ["query", "query", "stream", "stream", "follow-up", "follow-up"]
        askers = [Asker(server, told, kind, f"{self.seed}-{number}-{i}", self.conversations.get(i))
                  for i, kind in enumerate(kinds)]
        for asker in askers:
            asker.start()
        time.sleep(self.random.uniform(0, LIFE_S))
        workers = children(server.process.pid)
        server.kill()
        for i, asker in enumerate(askers):
            asker.join(timeout=60)
            assert not asker.is_alive(), "a client waits for a server that is dead"
            if asker.kind == "follow-up":
                self.conversations[i] = asker.conversation if self.random.random() < 0.9 else None
        wait_for(lambda: not any(map(is_alive, workers)), 30)
        assert not told.refused, told.refused
        return told

    def kill_in_start(self):
        """A start that is cut off too; nothing may come of it."""
        server = Server(self.querent, "--data", self.sales)
        time.sleep(self.random.uniform(0, 0.15))
        server.kill()
        self.ended_in_start += 1

    def check(self, server, told):
        """What was acknowledged, as the API tells it after the start."""
        with server.client() as client:
            said = {conversation: client.messages(conversation)["messages"]
                    for conversation in {where for where, _ in told.questions.values()}}
        for run, (conversation, text) in told.questions.items():
            self.questions += 1
            self.expect(any(message["role"] == "user" and message["content"] == text and
                            following["metadata"]["query_id"] == run
                            for message, following in pairs(said[conversation])), f"the question of {run}")
        for run, (conversation, text) in told.answers.items():
            self.answers += 1
            self.expect(any(following["content"] == text and following["metadata"]["query_id"] == run
                            for _, following in pairs(said[conversation])), f"the answer of {run}")

    def expect(self, is_there, what):
        if is_there:
            self.found += 1
        else:
            self.lost.append(what)

    def table(self):
        starts = sorted(self.starts_ms)
        return (f"kill -9 of the server, seed {self.seed}\n"
                f"  rounds (and killed in the start)       {len(starts) - 1} ({self.ended_in_start})\n"
                f"  acknowledged: questions, answers       {self.questions}, {self.answers}\n"
                f"  found again, questions and answers     {self.found}\n"
                f"  lost                                   {len(self.lost)}\n"
                f"  runs cut off, each marked              {self.cut}\n"
                f"  start: median, longest                 {starts[len(starts) // 2]:.0f} ms, {starts[-1]:.0f} ms")


def pairs(messages):
    """Each question with its answer; they alternate, because each client asks on in its own conversation."""
    assert len(messages) % 2 == 0, "a question without an answer or a mark"
    assert [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2)
    return list(zip(messages[::2], messages[1::2]))


# Each gives no row in a store that is right.
WRONG = {
    "active runs": "SELECT id FROM runs WHERE state = 'active'",
    "wrong counts": "SELECT c.id FROM conversations AS c WHERE message_count <>"
                    " (SELECT count(*) FROM messages AS m WHERE m.conversation_id = c.id)",
    "runs without one question and one answer":
        "SELECT r.id FROM runs AS r LEFT JOIN messages AS m ON m.run_id = r.id AND m.conversation_id = r.conversation_id"
        " GROUP BY r.id HAVING count(*) <> 2 OR sum(m.role = 'user' AND m.content = r.question) <> 1",
    "messages of no run": "SELECT id FROM messages WHERE run_id NOT IN (SELECT id FROM runs)",
    "answers that are not the result's": "SELECT r.id FROM runs AS r JOIN messages AS m ON m.run_id = r.id"
        " LEFT JOIN run_ends AS e ON e.sequence = r.end_sequence"
        " WHERE r.state = 'complete' AND m.role = 'assistant' AND m.content IS NOT coalesce(e.result, r.result) ->> 'final_response'",
    "cut runs that don't say so": "SELECT r.id FROM runs AS r JOIN messages AS m ON m.run_id = r.id"
        " WHERE r.state = 'cut' AND m.role = 'assistant' AND m.content NOT LIKE '%interrupted%'",
    "failed runs": "SELECT id FROM runs WHERE state = 'failed'",
    "gaps in events": "SELECT r.id FROM runs AS r LEFT JOIN run_ends AS e ON e.sequence = r.end_sequence"
        " LEFT JOIN run_events AS v ON v.run_id = r.id GROUP BY r.id HAVING coalesce(max(v.sequence), 0) <> count(v.event)"
        " OR (e.events <> '' AND e.first_event <> count(v.event) + 1)",
    "runs without an end": "SELECT id FROM runs LEFT JOIN run_ends AS e ON e.sequence = end_sequence"
        " WHERE ended_at IS NULL OR NOT coalesce(json_valid(coalesce(e.result, runs.result)), 0)",
    "ends of no run": "SELECT sequence FROM run_ends WHERE sequence NOT IN"
        " (SELECT end_sequence FROM runs WHERE end_sequence IS NOT NULL)",
}


def check_store(querent):
    store = sqlite3.connect(querent.home / "store.sqlite")
    wrong = {name: rows for name, sql in WRONG.items() if (rows := store.execute(sql).fetchall())}
    cut = store.execute("SELECT count(*) FROM runs WHERE state = 'cut'").fetchone()[0]
    store.close()
    assert not wrong, wrong
    return cut


@pytest.fixture
def seed():
    return os.environ.get("QUERENT_KILL_SEED", str(random.SystemRandom().randrange(10**9)))


def test_killed_under_load(querent, sales, seed, capsys):
    kills = Kills(querent, sales, seed)
    server = kills.start()
    try:
        for number in range(ROUNDS):
            told = kills.round(server, number)
            if kills.random.random() < 0.1:
                kills.kill_in_start()
            server = kills.start()
            kills.check(server, told)
            if number % 10 == 9:
                kills.cut = check_store(querent)
            assert not kills.lost, f"seed {seed}, round {number}: lost {kills.lost}"
        kills.cut = check_store(querent)
    finally:
        server.kill()
        with capsys.disabled():
            print("\n" + kills.table())
    store = sqlite3.connect(querent.home / "store.sqlite")
    assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert json.loads(store.execute("SELECT max(result) FROM runs WHERE state = 'cut'").fetchone()[0])["detail"]
    assert kills.questions > ROUNDS and kills.answers > 0 and kills.cut > 0
