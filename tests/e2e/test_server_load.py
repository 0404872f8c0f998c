# SPDX-License-Identifier: Apache-2.0
"""Many clients at once: every answer is the right one, computed here from the same rows."""
import asyncio
import collections
import os
import random
import signal
import time

import httpx
import httpx_sse
import pytest

from server_support import (PATIENCE_S, QUERY, SANITIZED, STREAM, Server, check_events, events_of, request_of,
                            rows_of)

SALES = [("2024-01-10", "North", "Desk", 2, 500.0), ("2024-01-20", "South", "Chair", 4, 300.5),
         ("2024-02-05", "North", "Chair", 1, 75.0), ("2024-02-15", "South", "Desk", 3, 750.0),
         ("2024-03-01", "North", "Lamp", 5, 100.25), ("2024-03-02", "West", "Lamp", 7, 140.5)]
STAFF = [("Ada", "Research", 5200), ("Ben", "Research", 4800), ("Cleo", "Support", 3900), ("Dan", "Support", 4100),
         ("Eve", "Finance", 6000)]
WEATHER = [("2024-01-05", "Oslo", 12.5, -4), ("2024-01-06", "Rome", 3.0, 11), ("2024-02-05", "Oslo", 8.25, -6),
           ("2024-02-07", "Rome", 0.5, 14), ("2024-03-01", "Paris", 5.75, 9)]
FILES = {
    "sales.csv": ("day,region,product,units,revenue", SALES),
    "employees.csv": ("name,department,salary", STAFF),
    "weather.csv": ("day,city,rainfall,temperature", WEATHER),
}


def by(rows, key, value, combine=sum):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row[key]].append(row[value])
    return [(name, combine(values)) for name, values in groups.items()]


def by_month(rows, value):
    return by([(row[0][:7] + "-01", row[value]) for row in rows], 0, 1)


def mean(values):
    return sum(values) / len(values)


def the(value):
    return [(value,)]


# A question, its rows, and what may come next in the same conversation.
QUESTIONS = [
    ("total revenue", the(sum(row[4] for row in SALES)), "and by region?", by(SALES, 1, 4)),
    ("revenue by region", by(SALES, 1, 4), None, None),
    ("revenue by month", by_month(SALES, 4), None, None),
    ("units by product", by(SALES, 2, 3), None, None),
    ("revenue by product", by(SALES, 2, 4), "only in the north", by([row for row in SALES if row[1] == "North"], 2, 4)),
    ("revenue in January 2024", the(sum(row[4] for row in SALES if row[0] < "2024-02")), None, None),
    ("average salary", the(mean([row[2] for row in STAFF])), "and by department?", by(STAFF, 1, 2, mean)),
    ("average salary by department", by(STAFF, 1, 2, mean), None, None),
    ("highest salary", the(6000), None, None),
    ("total rainfall", the(sum(row[2] for row in WEATHER)), "and by city?", by(WEATHER, 1, 2)),
    ("total rainfall by city", by(WEATHER, 1, 2), None, None),
    ("highest temperature by city", by(WEATHER, 1, 3, max), None, None),
    ("rainfall by month", by_month(WEATHER, 2), None, None),
]


@pytest.fixture
def tables(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    for name, (header, rows) in FILES.items():
        (folder / name).write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return folder


def same(rows, expected):
    return len(rows) == len(expected) and all(
        a[:-1] == b[:-1] and a[-1] == pytest.approx(b[-1]) for a, b in zip(rows, sorted(expected)))


class Load:
    """Clients that ask until the time is over; what they saw is counted."""

    def __init__(self, server, seconds):
        self.server, self.end = server, time.monotonic() + seconds
        self.counts = collections.Counter()
        self.asked = collections.Counter()  # questions answered in each conversation

    async def reply(self, http, body, streams):
        """A reply, or None after a clear error."""
        if not streams:
            response = await http.post(QUERY, json=body)
            self.counts[response.status_code] += 1
            return response.json() if response.status_code == 200 else self.clear_error(response)
        async with httpx_sse.aconnect_sse(http, "POST", STREAM, json=body) as source:
            self.counts[source.response.status_code] += 1
            if source.response.status_code != 200:
                await source.response.aread()
                return self.clear_error(source.response)
            events = check_events(events_of([sse async for sse in source.aiter_sse()]))
        self.counts[events[-1].name] += 1
        if events[-1].name == "error":
            assert events[-1].data["error"] and events[-1].data["code"] in ("engine", "deadline"), events[-1]
            return None
        assert events[0].data["conversation_id"] == events[-1].data["conversation_id"]
        return events[-1].data

    @staticmethod
    def clear_error(response):
        assert response.status_code in (502, 504) and response.json()["detail"], response.text

    async def ask(self, http, user, question, expected, conversation=None):
        uses_cache = random.random() < 0.7
        body = request_of(question, user, conversation, use_cache=uses_cache)
        reply = await self.reply(http, body, random.random() < 0.5)
        if not reply:
            return None
        assert reply["status"] == "answered" and reply["user_id"] == user
        assert same(rows_of(reply), expected), f"{question}: {rows_of(reply)}, not {sorted(expected)}"
        self.counts["hits" if reply["metadata"]["cache_hits"] else "misses"] += 1
        self.asked[reply["conversation_id"]] += 1
        return reply["conversation_id"]

    async def client(self, number):
        user = f"user{number}"
        async with httpx.AsyncClient(base_url=self.server.url, timeout=PATIENCE_S) as http:
            while time.monotonic() < self.end:
                if random.random() < 0.1:
                    response = await http.post(QUERY, json={"query": "", "user_id": number})
                    assert response.status_code == 422 and len(response.json()["detail"]) == 2
                question, rows, next_question, next_rows = random.choice(QUESTIONS)
                conversation = await self.ask(http, user, question, rows)
                if conversation and next_question and random.random() < 0.5:
                    await self.ask(http, user, next_question, next_rows, conversation)

    async def run(self, clients, disturb=None):
        tasks = [self.client(number) for number in range(clients)]
        await asyncio.gather(*tasks, *([disturb(self)] if disturb else []))
        return self


def check_saved(server, load):
    """What was told is on disk: every conversation has its questions and answers, and counts them right."""
    listed = {}
    for user in {f"user{number}" for number in range(50)}:
        cursor = None
        while True:
            page = server.conversations(user, limit=1000, **({"cursor": cursor} if cursor else {}))
            listed.update({item["conversation_id"]: item["message_count"] for item in page["conversations"]})
            cursor = page["next_cursor"]
            if not cursor:
                break
    for conversation, count in load.asked.items():
        assert listed[conversation] >= 2 * count
    for conversation in random.sample(sorted(load.asked), min(50, len(load.asked))):
        messages = server.messages(conversation)
        assert len(messages) == listed[conversation]
        assert [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2)


@pytest.mark.parametrize("loops", [2, 4], ids=["long", "short"])
def test_fifty_clients_get_right_answers(querent, tables, loops):
    seconds = (20 if SANITIZED else 60) if loops == 2 else 5
    with Server(querent, tables, QUERENT_LOOPS=loops) as server:
        load = asyncio.run(Load(server, seconds).run(50 if loops == 2 else 20))
        print(dict(load.counts))
        assert set(load.counts) <= {200, "complete", "hits", "misses"}, load.counts
        assert load.counts["hits"] > 0 and load.counts["misses"] > 0 and load.counts["complete"] > 0
        assert load.counts[200] == load.counts["hits"] + load.counts["misses"]
        check_saved(server, load)
        assert server.get("/health/ready").json()["status"] == "ready"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_workers_that_die_or_freeze_under_load_are_replaced(querent, tables, number):
    """Some questions may fail, and say so; none is answered wrongly, and soon all are answered again. A frozen worker
    is noticed by the question that it is given, and an idle one is given none while another will do: so each of the
    two loops has only one."""
    hurt = set()
    workers = 2 if number == signal.SIGSTOP else 0

    async def disturb(load):
        for _ in range(3):
            await asyncio.sleep(1.5)
            alive = load.server.workers()
            if alive:
                hurt.add(alive[0])
                os.kill(alive[0], number)

    with Server(querent, tables, QUERENT_LOOPS=2, QUERENT_WORKERS=workers, QUERENT_STATEMENT_TIMEOUT_S=3) as server:
        load = asyncio.run(Load(server, 7).run(10, disturb))
        print(dict(load.counts))
        assert hurt and load.counts["misses"] > 0
        good = load.counts["hits"] + load.counts["misses"]
        assert good > load.counts[502] + load.counts[504] + load.counts["error"], load.counts
        deadline = time.monotonic() + PATIENCE_S
        while hurt & set(server.workers()):
            assert time.monotonic() < deadline, "a worker that was hurt is still there"
            # A connection of its own, so that both loops are asked.
            reply = httpx.post(server.url + QUERY, json=request_of("revenue by month", use_cache=False),
                               timeout=PATIENCE_S)
            assert reply.status_code == 200 or Load.clear_error(reply) is None
        while server.post(QUERY, request_of("revenue by month", use_cache=False)).status_code != 200:
            assert time.monotonic() < deadline, "questions fail still"
        for question, rows, *_ in QUESTIONS:
            assert same(rows_of(server.ask(question, use_cache=False)), rows)
