# SPDX-License-Identifier: Apache-2.0
"""A disk that fills up under the server: nothing is acknowledged that is not kept, and it recovers by itself."""
import os
import signal
import sqlite3
import time

import pytest

from conftest import children, wait_for
from serving import Refused, Server
from test_disk import disk, fill, integrity, on_disk  # noqa: F401 (disk is a fixture)


def refused(ask):
    with pytest.raises(Refused) as failure:
        for _ in range(50):  # small changes may still find room
            ask()
    return failure.value


def messages_of(querent, conversation):
    with sqlite3.connect(querent.home / "store.sqlite") as store:
        return store.execute("SELECT role, content FROM messages WHERE conversation_id = ? ORDER BY sequence",
                             [conversation]).fetchall()


@pytest.fixture
def server(querent, disk, sales):  # noqa: F811
    on_disk(querent, disk)
    with Server(querent, "--data", sales) as server:
        yield server.wait_until_ready()


def test_nothing_is_acknowledged_that_is_not_kept(querent, disk, server):  # noqa: F811
    with server.client() as client:
        kept = client.ask("total revenue")["conversation_id"]
        client.ask("revenue by region")
        ballast = fill(disk)
        failures = [refused(lambda: client.ask("units by product", use_cache=False)),
                    refused(lambda: client.ask("total revenue")),  # its answer is in the cache
                    refused(lambda: list(client.stream("total revenue"))),
                    refused(lambda: client.ask("and by region?", conversation=kept)),
                    refused(lambda: client.call("POST", "/api/v1/conversations", {"user_id": "ana"}))]
        for failure in failures:
            assert failure.status == 500 and "full; free some space" in failure.body, failure
        said = client.messages(kept)["messages"]  # reading goes on
        assert said[1]["content"] == "Total revenue: 1,725.75."
        assert client.call("GET", "/health")["status"] == "healthy"
        before = sqlite3.connect(querent.home / "store.sqlite").execute("SELECT count(*) FROM messages").fetchone()
        ballast.unlink()
        after = sqlite3.connect(querent.home / "store.sqlite").execute("SELECT count(*) FROM messages").fetchone()
        assert before == after
        assert client.ask("total revenue")["final_response"] == "Total revenue: 1,725.75."
        assert len(client.ask("and by region?", conversation=kept)["data_sample"]) == 2
        assert list(client.stream("units by product"))[-1][0] == "complete"
    assert server.stop() == 0
    assert integrity(querent) == "ok"


def test_an_answer_that_finds_no_room(querent, disk, server):  # noqa: F811
    """The question is kept, the answer is not told; when there is room its conversation says so. The worker stands
    still while the disk fills up."""
    with server.client() as client:
        client.ask("revenue by region", use_cache=False)
        workers = children(server.process.pid)
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        events = client.stream("revenue by region", use_cache=False)
        begun = next(events)
        ballast = fill(disk)
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        last = list(events)[-1]
        assert begun[0] == "run_start" and last[0] == "error" and "full; free some space" in last[1]["error"]
        run, conversation = begun[1]["query_id"], begun[1]["conversation_id"]
        assert len(messages_of(querent, conversation)) == 1
        ballast.unlink()
        wait_for(lambda: len(messages_of(querent, conversation)) == 2)
        said = client.messages(conversation)["messages"]
        assert "interrupted" in said[1]["content"] and said[1]["metadata"]["query_id"] == run
        assert len(client.ask("revenue by region", conversation=conversation)["data_sample"]) == 2
    assert integrity(querent) == "ok"


def test_full_before_the_server_starts(querent, disk, sales):  # noqa: F811
    on_disk(querent, disk)
    ballast = fill(disk)
    with Server(querent, "--data", sales) as server:
        assert server.told.wait(60) and not server.port
        assert server.process.wait(timeout=30) in (1, 2)
        assert "full" in server.said() or "No space left" in server.said(), server.said()
    ballast.unlink()
    begun = time.monotonic()
    with Server(querent, "--data", sales) as server, server.wait_until_ready().client() as client:
        assert client.ask("total revenue")["final_response"] == "Total revenue: 1,725.75."
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_full_when_it_starts_again(querent, disk, sales, how):  # noqa: F811
    """It says what is wrong, or works as far as it can; with room again all is there."""
    on_disk(querent, disk)
    with Server(querent, "--data", sales) as server, server.wait_until_ready().client() as client:
        conversation = client.ask("total revenue")["conversation_id"]
        if how == "stop":
            assert server.stop() == 0
    ballast = fill(disk)
    with Server(querent, "--data", sales) as server:
        assert server.told.wait(60)
        if server.port:
            with server.client() as client:
                assert len(client.messages(conversation)["messages"]) == 2
                assert refused(lambda: client.ask("revenue by region")).status == 500
                ballast.unlink()
                assert len(client.ask("revenue by region")["data_sample"]) == 2
            assert server.stop() == 0
        else:
            assert server.process.wait(timeout=30) in (1, 2)
            assert "full" in server.said(), server.said()
            ballast.unlink()
    with Server(querent, "--data", sales) as server, server.wait_until_ready().client() as client:
        assert len(client.messages(conversation)["messages"]) == 2
    assert integrity(querent) == "ok"
