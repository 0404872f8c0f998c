# SPDX-License-Identifier: Apache-2.0
"""
A wall clock that is set forward and back while the server works (libfaketime; clocks that only go
forward are left alone, as the system's are): nothing is late or expires because of it, and what was
said stays in its order.
"""
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from conftest import children, is_alive
from serving import SANITIZED, Server

DAY_S = 24 * 3600
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

pytestmark = [
    pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed"),
    pytest.mark.skipif(SANITIZED, reason="a sanitizer wants to be the first library"),
]


class Clock:
    """Where the server's wall clock stands beside the real one."""

    def __init__(self, querent, folder):
        self.file = folder / "clock"
        self.set(0)
        querent.environment.pop("QUERENT_NOW")
        querent.environment.update(LD_PRELOAD=str(LIBRARIES[0]), FAKETIME_TIMESTAMP_FILE=str(self.file),
                                   FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1",
                                   DONT_FAKE_MONOTONIC="1", NO_FAKE_STAT="1")

    def set(self, seconds):
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self.file)
        self.offset = seconds

    def day(self):
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() + self.offset))


@pytest.fixture
def clock(querent, tmp_path):
    return Clock(querent, tmp_path)


def contents(messages):
    return [message["content"] for message in messages]


def test_set_while_the_server_works(querent, clock, sales):
    jumps = [400 * DAY_S, -400 * DAY_S, 0, -5, 3600]
    questions = ["total revenue", "and by region?", "and by month?", "total units", "units by product"]
    with Server(querent, "--data", sales) as server, server.wait_until_ready().client(timeout=20) as client:
        conversation = client.ask("how many sales are there")["conversation_id"]
        asked, runs = ["how many sales are there"], set()
        for jump, question in zip(jumps, questions):
            events = client.stream(question, conversation=conversation, use_cache=False)
            name, begun = next(events)
            assert name == "run_start"
            clock.set(jump)  # while it is worked on
            name, reply = list(events)[-1]
            assert name == "complete", reply
            assert reply["metadata"]["execution_time_ms"] < 20_000
            assert all(0 <= step["duration_ms"] < 20_000 for step in reply["steps"])
            asked.append(question)
            runs.add(reply["query_id"])
            assert client.ask("revenue by region")["timestamp"].startswith(clock.day())
            said = client.messages(conversation)["messages"]
            assert contents(said)[::2] == asked
        newest = client.ask("total revenue")["conversation_id"]
        listed = client.call("GET", "/api/v1/conversations/ana")["conversations"]
        assert listed[0]["conversation_id"] == newest and len(runs) == len(jumps)
        begun = time.monotonic()
        assert server.stop() == 0 and time.monotonic() - begun < 10
    store = sqlite3.connect(querent.home / "store.sqlite")
    assert store.execute("SELECT count(*) FROM runs WHERE state <> 'complete'").fetchone() == (0,)
    assert store.execute("SELECT count(DISTINCT id), count(*) FROM messages").fetchone() == (
        store.execute("SELECT sum(message_count) FROM conversations").fetchone() * 2)


def hit(client):
    return client.ask("total revenue")["metadata"]["cache_hits"].get("response")


def test_what_is_cached_lives_as_long_as_it_should(querent, clock, sales):
    """In memory by a clock that can't be set; in the store an entry of the future or of long ago is no answer."""
    noon = DAY_S // 2 - int(time.time()) % DAY_S  # away from midnight: another day is another question
    clock.set(noon)
    with Server(querent, "--data", sales) as server, server.wait_until_ready().client() as client:
        assert not hit(client) and hit(client)
        for jump in (-3 * 3600, 3 * 3600):
            clock.set(noon + jump)
            assert hit(client), jump
        assert server.stop() == 0
    for jump, expected in ((-3 * 3600, False), (600, False), (1200, True), (3 * 3600, False), (2 * 3600, False)):
        clock.set(noon + jump)
        with Server(querent, "--data", sales) as server, server.wait_until_ready().client() as client:
            assert bool(hit(client)) == expected, jump
            assert hit(client)
            assert server.stop() == 0


def test_a_question_cut_off_before_the_clock_went_back(querent, clock, sales):
    with Server(querent, "--data", sales) as server, server.wait_until_ready().client() as client:
        conversation = client.ask("total revenue")["conversation_id"]
        events = client.stream("units by product", conversation=conversation, use_cache=False)
        assert next(events)[0] == "run_start"
        server.kill()
    clock.set(-30 * DAY_S)
    with Server(querent, "--data", sales) as server, server.wait_until_ready().client() as client:
        said = contents(client.messages(conversation)["messages"])
        assert said[:3] == ["total revenue", "Total revenue: 1,725.75.", "units by product"] and len(said) == 4
        client.ask("revenue by region", conversation=conversation)
        assert contents(client.messages(conversation)["messages"])[4] == "revenue by region"


def test_a_heart_beat_comes_in_its_time(querent, clock, sales):
    """Of a stream with nothing to tell, its worker being stopped: neither at once when the clock is set forward, nor a
    year late when it is set back."""
    with Server(querent, "--data", sales, environment={"QUERENT_LOOPS": "1", "QUERENT_WORKERS": "1"}) as server, \
            server.wait_until_ready().client() as client:
        client.ask("total revenue")
        workers = [pid for pid in children(server.process.pid) if is_alive(pid)]
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        begun = time.monotonic()
        reply = client.begin("POST", "/api/v1/query/stream", client.body("revenue by region", use_cache=False))
        assert reply.readline() == b"id: 1\n"
        clock.set(400 * DAY_S)
        time.sleep(5)
        clock.set(-400 * DAY_S)
        while (line := reply.readline()) and not line.startswith(b":"):
            pass
        assert line == b": ping\n" and 12 < time.monotonic() - begun < 40
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        assert b'"complete"' in reply.read()
        assert server.stop() == 0
