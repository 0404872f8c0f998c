# SPDX-License-Identifier: Apache-2.0
"""More questions or connections than the server takes at once: told so, in turn, and over soon."""
import concurrent.futures
import contextlib
import http.client
import json
import threading
import time

import httpx
import pytest

from conftest import wait_for
from server_support import PATIENCE_S, QUERY, STREAM, OpenStream, Server, read_all, request_of, rows_of


def test_a_full_queue_is_told_and_nothing_is_half_done(querent, sales):
    with Server(querent, sales, QUERENT_LOOPS=1, QUERENT_WORKERS=1, QUERENT_RUNS_MAX=1,
                QUERENT_QUEUE_MAX=1) as server:
        frozen = server.freeze()
        running = OpenStream(server, "revenue by region")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(server.ask, "revenue by product", "waiting", use_cache=False)
            wait_for(lambda: server.conversations("waiting")["conversations"])
            for path in (QUERY, STREAM):
                response = server.post(path, request_of("revenue by month", "late", use_cache=False))
                assert response.status_code == 503, response.text
                assert int(response.headers["retry-after"]) >= 1 and "try again" in response.json()["detail"]
            assert server.conversations("late")["conversations"] == []
            assert server.get("/health").status_code == 200
            server.thaw(frozen)
            assert rows_of(running.events()[-1].data) == [("North", 675.25), ("South", 1050.5)]
            assert len(rows_of(waiting.result())) == 3
        assert server.ask("revenue by month", "late")["status"] == "answered"
        assert server.conversations("late")["conversations"][0]["message_count"] == 2


def test_a_callers_many_questions_do_not_hold_up_anothers(querent, sales):
    """Counted, not timed, so that a loaded machine changes nothing: while another's question waits,
    only a few of the many are answered."""
    many = 120
    answered = []
    with Server(querent, sales, QUERENT_LOOPS=1, QUERENT_RUNS_MAX=4) as server:
        server.ask("total revenue", "other", use_cache=False)
        # Words that no two have in common, so that none shares another's answer.
        questions = [f"revenue of the {number} largest by product and region and month" for number in range(1, many + 1)]

        def ask(question):
            response = server.post(QUERY, request_of(question, "greedy", use_cache=False))
            assert response.status_code == 200, response.text
            answered.append(question)

        with concurrent.futures.ThreadPoolExecutor(many) as pool:
            futures = [pool.submit(ask, question) for question in questions]
            wait_for(lambda: len(answered) >= 5, PATIENCE_S)
            meanwhile = []
            while len(answered) < many // 2 and len(meanwhile) < 5:
                before = len(answered)
                assert rows_of(server.ask("total revenue", "other", use_cache=False)) == [(1725.75,)]
                meanwhile.append(len(answered) - before)
            for future in futures:
                future.result()
        print(meanwhile)
        assert meanwhile and sorted(meanwhile)[len(meanwhile) // 2] < many // 5


def test_at_default_settings_anothers_question_takes_a_few_times_its_own_time(querent, sales):
    """A thousand questions of one caller, two hundred of them waiting at any time. The bounds are far above what is measured:
    who had to wait behind them would wait as long as they do."""
    callers, asked = 200, 15
    alone, meanwhile, greedy = [], [], []
    stop = threading.Event()
    with Server(querent, sales) as server:
        def ask(client, durations, question, user):
            begun = time.monotonic()
            client.request("POST", QUERY, json.dumps(request_of(question, user, use_cache=False)),
                           {"Content-Type": "application/json"})
            reply = client.getresponse()
            body = reply.read()
            durations.append(time.monotonic() - begun)
            assert reply.status == 200, body

        def ask_on(caller):
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
            with contextlib.closing(client):
                for number in range(caller, 1000, callers):
                    if not stop.is_set():
                        ask(client, greedy, f"revenue of the {number + 1} largest by product and region and month", "greedy")

        other = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        for _ in range(asked):
            ask(other, alone, "total revenue", "other")
        with concurrent.futures.ThreadPoolExecutor(callers) as pool:
            futures = [pool.submit(ask_on, caller) for caller in range(callers)]
            wait_for(lambda: len(greedy) >= 20, PATIENCE_S)
            while len(meanwhile) < asked and len(greedy) < 1000 - callers:
                ask(other, meanwhile, "total revenue", "other")
            stop.set()
            for future in futures:
                future.result()
        other.close()
    alone, meanwhile, greedy = (sorted(times)[len(times) // 2] for times in (alone, meanwhile, greedy))
    print(f"alone {alone * 1000:.1f} ms, meanwhile {meanwhile * 1000:.1f}, the greedy caller's {greedy * 1000:.1f}")
    assert meanwhile < max(20 * alone, 0.25)
    assert meanwhile < greedy / 4


def test_no_descriptors_left_is_told_and_over_when_they_are_back(querent, sales):
    with Server(querent, sales, descriptors=100, QUERENT_LOOPS=1) as server:
        server.ask("total revenue")
        held, refused = [], 0
        for _ in range(150):
            connection = server.connect()
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            start = connection.recv(4096)
            assert start.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 503 ")), start
            if start.startswith(b"HTTP/1.1 503 "):
                assert b"\r\nretry-after: " in start.lower()
                assert read_all(connection) is not None
                connection.close()
                refused += 1
            else:
                held.append(connection)
        assert 20 < len(held) < 100 and refused > 20
        held[0].sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")  # those inside are served
        assert held[0].recv(4096).startswith(b"HTTP/1.1 200 ")
        for connection in held:
            connection.close()

        def is_served():
            try:
                return rows_of(server.ask("revenue by region", use_cache=False)) == [("North", 675.25), ("South", 1050.5)]
            except (AssertionError, httpx.HTTPError):
                time.sleep(0.05)
        wait_for(is_served, PATIENCE_S)
        assert server.get("/health/ready").status_code == 200


def test_callers_that_leave_free_their_places(querent, sales):
    """Questions go on when their callers leave; afterwards every place is free again."""
    with Server(querent, sales, QUERENT_LOOPS=1, QUERENT_RUNS_MAX=2, QUERENT_QUEUE_MAX=100) as server:
        def leave(number):
            with pytest.raises(httpx.TimeoutException):
                httpx.post(server.url + QUERY, timeout=httpx.Timeout(PATIENCE_S, read=0.05),
                           json=request_of(f"top {number + 1} regions by revenue", "leaver", use_cache=False))
        frozen = server.freeze()
        threads = [threading.Thread(target=leave, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        server.thaw(frozen)

        def are_saved():
            listed = server.conversations("leaver")["conversations"]
            return listed and all(item["message_count"] == 2 for item in listed)
        wait_for(are_saved, PATIENCE_S)
        assert server.ask("total revenue", use_cache=False)["status"] == "answered"
