# SPDX-License-Identifier: Apache-2.0
"""What is cached is told and cleared: by the admin routes, and by `querent cache` beside a server."""
import json
import sqlite3
import time

import httpx
import pytest

from conftest import Querent, wait_for
from server_support import QUERY, Server, request_of

STATS, CACHE = "/api/v1/admin/cache/stats", "/api/v1/admin/cache"
PLAN = ["total_entries", "total_hits", "avg_hit_rate", "by_type"]
TYPES = ["sql_result", "dataset_selection", "sql_generation", "metadata", "response", "embedding"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    (folder / "sales.csv").write_text("region,revenue\nNorth,100\nSouth,250.5\n")
    (folder / "trips.csv").write_text("city,distance\nLisbon,7\nPorto,12\n")
    with Server(Querent(folder / "home"), folder / "sales.csv", folder / "trips.csv", QUERENT_LOOPS=2) as server:
        yield server


@pytest.fixture(autouse=True)
def empty(server):
    clear(server)


def stats(server):
    response = server.get(STATS)
    assert response.status_code == 200, response.text
    return response.json()


def clear(server, **parameters):
    response = server.http.delete(CACHE, params=parameters)
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"status", "removed"} and response.json()["status"] == "cleared"
    return response.json()["removed"]


def cache(querent, *arguments, code=0):
    result = querent.run("cache", *arguments)
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout) if "--json" in arguments else result.stdout + result.stderr


def hits(reply):
    return reply["metadata"]["cache_hits"]


def test_stats_are_the_plans(server):
    told = stats(server)
    assert list(told)[:4] == PLAN and told["by_type"] == {} and told["avg_hit_rate"] == 0
    server.ask("total revenue")
    for _ in range(5):
        assert hits(server.ask("total revenue")) == {"response": "memory"}
    told = stats(server)
    assert sum(told["by_type"].values()) == told["total_entries"] == 4
    assert told["by_type"] == {"sql_result": 1, "dataset_selection": 1, "sql_generation": 1, "response": 1}
    assert told["total_hits"] >= 5 and told["avg_hit_rate"] == pytest.approx(told["total_hits"] / 4)
    assert [row["type"] for row in told["types"]] == TYPES
    assert {row["type"]: row["hits"] for row in told["types"]}["response"] == 5
    assert 0 < told["process"]["memory_bytes"] <= told["process"]["memory_bytes_max"] == 64 << 20


def test_a_part_is_cleared(server):
    server.ask("total revenue")
    assert clear(server, type="response") == 1
    assert hits(server.ask("total revenue")).keys() == {"sql_result", "dataset_selection", "sql_generation"}
    server.ask("total distance")
    assert clear(server, dataset_id="sales") == 4
    assert hits(server.ask("total distance")) == {"response": "memory"}
    assert clear(server, dataset_id="sales", type="sql_result") == 0
    assert clear(server, expired_only=True) == 0 and clear(server, dataset_id="none") == 0
    assert clear(server) == 4 and stats(server)["total_entries"] == 0


def test_all_loops_forget(server):
    clients = [httpx.Client(base_url=server.url) for _ in range(8)]
    body = request_of("total revenue", "looper")
    assert [hits(client.post(QUERY, json=body).json()) for client in clients][1:] == [{"response": "memory"}] * 7
    clear(server)
    assert [hits(client.post(QUERY, json=body).json()) for client in clients] == [{}] + [{"response": "memory"}] * 7
    for client in clients:
        client.close()


@pytest.mark.parametrize("parameters, where", [({"type": "everything"}, "type"), ({"type": ""}, "type"),
                                               ({"dataset_id": ""}, "dataset_id"), ({"expired_only": "perhaps"}, "expired_only"),
                                               ({"dataset_id": "x" * 257}, "dataset_id")])
def test_what_cant_be_meant_is_refused(server, parameters, where):
    server.ask("total revenue")
    response = server.http.delete(CACHE, params=parameters)
    assert response.status_code == 422 and response.json()["detail"][0]["loc"] == ["query", where]
    assert stats(server)["total_entries"] == 4


def test_the_command_tells_and_clears(server):
    """A server beside it forgets too, within some seconds."""
    querent = server.querent
    server.ask("total revenue")
    assert hits(server.ask("total revenue")) == {"response": "memory"}
    wait_for(lambda: cache(querent, "stats", "--json")["total_entries"] == 4)
    told = cache(querent, "stats", "--json")
    assert list(told)[:4] == PLAN and told["by_type"]["response"] == 1 and "process" not in told
    assert "sql_generation" in cache(querent, "stats")
    assert cache(querent, "clear", "--type", "metadata", "--json") == {"status": "cleared", "removed": 0}
    assert cache(querent, "clear", "--dataset", "sales", "--expired", "--json")["removed"] == 0
    assert cache(querent, "clear", "--json")["removed"] == 4
    wait_for(lambda: stats(server)["process"]["memory_entries"] == 0)
    assert hits(server.ask("total revenue")) == {}


@pytest.mark.parametrize("arguments", [["clear", "--type", "all"], ["forget"], [], ["stats", "clear"], ["stats", "--expired"]])
def test_wrong_usage_is_said(server, arguments):
    assert "querent" in cache(server.querent, *arguments, code=2)


def test_clearing_is_audited(server):
    clear(server, type="response", dataset_id="sales")
    with sqlite3.connect(server.querent.home / "store.sqlite") as store:
        via, address, detail = store.execute(
            "SELECT via, address, detail FROM audit WHERE action = 'cache.clear' ORDER BY sequence DESC").fetchone()
    assert (via, address) == ("http", "127.0.0.1")
    assert json.loads(detail) == {"type": "response", "dataset_id": "sales", "expired_only": False, "removed": 0}


def test_without_the_cache_nothing_is_read_or_written(server):
    server.ask("total revenue")
    before = stats(server)
    for question in ("total revenue", "total distance"):
        for _ in range(2):
            assert hits(server.ask(question, use_cache=False)) == {}
    time.sleep(0.3)  # what would be written is written after 0.1 s
    after = stats(server)
    assert {key: after[key] for key in PLAN} == {key: before[key] for key in PLAN}
    assert after["process"] == before["process"]
