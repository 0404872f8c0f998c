# SPDX-License-Identifier: Apache-2.0
"""Two servers, and commands, on one QUERENT_HOME."""
import sqlite3
import threading
import time

import pytest

from conftest import wait_for
from serving import Refused, Server
from test_server_crash import Asker, Told, check_store


def states(querent):
    with sqlite3.connect(querent.home / "store.sqlite") as store:
        return dict(store.execute("SELECT id, state FROM runs"))


@pytest.fixture
def pair(querent, sales):
    with Server(querent, "--data", sales) as first, Server(querent, "--data", sales) as second:
        first.wait_until_ready()
        second.wait_until_ready()
        yield first, second


def test_one_is_killed(querent, pair):
    """The other goes on, leaves its own runs alone, and marks those of the dead one by itself."""
    first, second = pair
    told = Told(), Told()
    askers = [[Asker(server, told[i], kind, f"pair-{i}-{kind}", None) for kind in ("query", "stream", "follow-up")]
              for i, server in enumerate(pair)]
    for asker in askers[0] + askers[1]:
        asker.start()
    wait_for(lambda: len(told[0].answers) > 5 and len(told[1].answers) > 5)
    # A stream that has begun and not ended is cut for sure.
    wait_for(lambda: set(told[0].questions) - set(told[0].answers))
    first.kill()
    for asker in askers[0]:
        asker.join(timeout=60)
    of_the_dead = set(told[0].questions)
    wait_for(lambda: all(states(querent)[run] != "active" for run in of_the_dead))
    answered = len(told[1].answers)
    wait_for(lambda: len(told[1].answers) > answered + 5)
    assert not told[1].refused
    with second.client() as client:
        for run, (conversation, text) in {**told[0].answers, **told[1].answers}.items():
            said = client.messages(conversation)["messages"]
            assert any(message["content"] == text and message["metadata"]["query_id"] == run
                       for message in said if message["role"] == "assistant")
        assert second.stop() == 0
    for asker in askers[1]:
        asker.join(timeout=60)
    after = states(querent)
    assert all(after[run] == "complete" for run in told[1].answers)
    assert "cut" not in {after[run] for run in told[1].questions}
    check_store(querent)


def test_commands_beside_a_server(querent, sales):
    """`querent ask` on the home of a server that works: both answer, both find the other's conversations."""
    with Server(querent, "--data", sales) as server:
        server.wait_until_ready()
        told = Told()
        askers = [Asker(server, told, kind, f"beside-{kind}", None) for kind in ("query", "stream", "follow-up")]
        for asker in askers:
            asker.start()
        with server.client() as client:
            conversation = client.ask("total revenue", user="local")["conversation_id"]
            for _ in range(3):
                reply = querent.ask("and by region?", "--data", sales, "--conversation", conversation)
                assert len(reply["data_sample"]) == 2
            assert len(client.messages(conversation)["messages"]) == 8
            own = querent.ask("total units", "--data", sales)["conversation_id"]
            assert client.messages(own)["messages"][1]["content"] == "Total units: 15."
        assert server.stop() == 0
        for asker in askers:
            asker.join(timeout=60)
    assert told.answers and "cut" not in states(querent).values()
    check_store(querent)


def test_two_that_start_on_a_new_home(querent, sales):
    """Both migrate, load the file and answer."""
    with Server(querent, "--data", sales) as first, Server(querent, "--data", sales) as second:
        replies = []

        def ask(server):
            with server.wait_until_ready().client() as client:
                replies.append(client.ask("total revenue")["final_response"])

        threads = [threading.Thread(target=ask, args=[server]) for server in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert replies == ["Total revenue: 1,725.75."] * 2
        assert first.stop() == 0 and second.stop() == 0
    check_store(querent)


def test_a_store_that_another_keeps_locked(querent, sales):
    """Who asks meanwhile waits and is answered; nobody is forgotten."""
    with Server(querent, "--data", sales) as server:
        server.wait_until_ready()
        with server.client() as client:
            client.ask("total revenue")
        replies = []

        def ask():
            with server.client() as client:
                replies.append(client.ask("total revenue")["final_response"])

        other = sqlite3.connect(querent.home / "store.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        threads = [threading.Thread(target=ask) for _ in range(50)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        assert not replies  # nothing is acknowledged before it is stored
        with server.client() as client:
            assert client.call("GET", "/health")["status"] == "healthy"
            begun = time.monotonic()
            with pytest.raises(Refused) as refused:
                client.call("GET", "/health/ready")
            assert refused.value.status == 503 and "not answered within 1000 ms" in refused.value.body
            assert 0.9 < time.monotonic() - begun < 30
        other.execute("ROLLBACK")
        for thread in threads:
            thread.join(timeout=60)
        assert replies == ["Total revenue: 1,725.75."] * 50
        with server.client() as client:
            assert client.call("GET", "/health/ready")["status"] == "ready"
        assert server.stop() == 0
    check_store(querent)
