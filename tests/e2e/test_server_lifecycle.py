# SPDX-License-Identifier: Apache-2.0
"""How the server starts, stops and takes in new data while it serves."""
import signal
import socket
import sqlite3
import time

import httpx
import pytest

from conftest import wait_for
from server_support import PATIENCE_S, OpenStream, Server, read_all, rows_of


@pytest.fixture
def server(querent, sales):
    with Server(querent, sales, QUERENT_LOOPS=1, QUERENT_WORKERS=1) as server:
        yield server


def is_refused(server):
    try:
        server.connect().close()
    except ConnectionError:
        return True
    return False


def half_a_request(server):
    """A connection that the server can't close as idle: its request goes on when the server stops."""
    connection = server.connect()
    connection.sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n")
    server.wait_until_read(connection)
    return connection


def seconds_to_stop(server):
    with server.connect() as idle:
        server.ask("total revenue")
        begin = time.monotonic()
        server.signal()
        assert server.process.wait(PATIENCE_S) == 0
        assert idle.recv(1) == b""
    return time.monotonic() - begin


def test_an_idle_server_stops_at_once(querent, sales):
    """A busy machine has some attempts."""
    for _ in range(5):
        with Server(querent, sales, QUERENT_LOOPS=1, QUERENT_WORKERS=1) as server:
            seconds = seconds_to_stop(server)
        if seconds < 1.5:
            break
    assert seconds < 1.5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_finished(server, number):
    frozen = server.freeze()
    stream = OpenStream(server, "revenue by region")
    half = half_a_request(server)
    server.signal(number)
    wait_for(lambda: is_refused(server))
    wait_for(stream.comments)
    half.sendall(b"\r\n")
    reply = read_all(half)
    assert reply.startswith(b"HTTP/1.1 503 ") and b'"not_ready"' in reply and b"stopping" in reply
    assert b"\r\nconnection: close\r\n" in reply.lower()
    server.thaw(frozen)
    assert rows_of(stream.events()[-1].data) == [("North", 675.25), ("South", 1050.5)]
    assert "stopping" in stream.comments()[0]
    assert server.process.wait(PATIENCE_S) == 0


def test_new_questions_are_refused_while_it_stops(server):
    frozen = server.freeze()
    stream = OpenStream(server, "revenue by region")
    with server.connect() as late:
        body = b'{"query":"total units","user_id":"late"}'
        late.sendall(b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body))
        server.wait_until_read(late)
        server.signal()
        wait_for(lambda: is_refused(server))
        late.sendall(body)
        reply = read_all(late).lower()
    assert reply.startswith(b"http/1.1 503 ") and b"\r\nretry-after: " in reply and b"stopping" in reply
    server.thaw(frozen)
    assert stream.events()[-1].name == "complete"


@pytest.mark.parametrize("hurry", [False, True])
def test_after_the_grace_runs_are_told_and_marked(querent, sales, hurry):
    """The grace ends by itself, or with a second signal."""
    with Server(querent, sales, QUERENT_LOOPS=1, QUERENT_WORKERS=1,
                QUERENT_STOP_GRACE_S=30 if hurry else 1) as server:
        server.freeze()
        stream = OpenStream(server, "revenue by region")
        begin = time.monotonic()
        server.signal()
        wait_for(lambda: is_refused(server))
        if hurry:
            server.signal()
        events = stream.events()
        assert events[-1].name == "error" and events[-1].data["code"] == "cancelled"
        assert server.process.wait(PATIENCE_S) == 0
        assert time.monotonic() - begin < 20
    with Server(querent, sales, QUERENT_LOOPS=1) as server:
        question, answer = server.messages(events[0].data["conversation_id"])
        assert question["content"] == "revenue by region"
        assert "could not be answered" in answer["content"]
        again = server.ask("total revenue", conversation=events[0].data["conversation_id"])
        assert rows_of(again) == [(1725.75,)]


@pytest.mark.parametrize("late", [False, True])
def test_requests_that_are_no_runs_do_not_outlive_the_server(server, late):
    """A store that another program has locked makes them slow; they are answered before all ends. Also when
    their last byte comes only when the server stops."""
    server.ask("total revenue")
    store = sqlite3.connect(server.querent.home / "store.sqlite", isolation_level=None, check_same_thread=False)
    store.execute("BEGIN IMMEDIATE")
    body = b'{"user_id":"ana"}'
    with server.connect() as creating:
        creating.sendall(b"POST /api/v1/conversations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (len(body), body[:-1] if late else body))
        server.wait_until_read(creating)
        server.signal()
        wait_for(lambda: is_refused(server))
        creating.sendall(body[-1:] if late else b"")
        time.sleep(2)
        assert server.process.poll() is None
        store.rollback()
        reply = read_all(creating)
    assert reply.startswith(b"HTTP/1.1 200 ") and b"conv_" in reply
    assert server.process.wait(PATIENCE_S) == 0
    store.close()


def test_a_request_that_never_ends_does_not_hold_the_server(server):
    with half_a_request(server) as half:
        begin = time.monotonic()
        server.signal()
        assert server.process.wait(PATIENCE_S) == 0
        assert time.monotonic() - begin < 8  # less than the time that a request may take to come
        assert read_all(half) == b""


def test_readiness_does_not_wait_for_busy_workers(server):
    frozen = server.freeze()
    stream = OpenStream(server, "revenue by region")
    begin = time.monotonic()
    assert server.get("/health/ready").json()["status"] == "ready"
    assert time.monotonic() - begin < 5
    server.thaw(frozen)
    assert stream.events()[-1].name == "complete"


@pytest.mark.parametrize("hangup", [False, True])
def test_changed_data_is_served(server, sales, hangup):
    assert rows_of(server.ask("total revenue")) == [(1725.75,)]
    sales.write_text(sales.read_text() + "2024-03-02,South,Lamp,1,1000.00\n")
    if hangup:
        server.signal(signal.SIGHUP)
    wait_for(lambda: rows_of(server.ask("total revenue")) == [(2725.75,)], PATIENCE_S)
    assert server.process.poll() is None


def test_many_hangups_under_load_do_no_harm(server, sales):
    for number in range(20):
        server.signal(signal.SIGHUP)
        assert rows_of(server.ask("total revenue", use_cache=number % 2 == 0)) == [(1725.75,)]


@pytest.mark.parametrize("loops", [1, 3])
def test_a_port_in_use_is_told(querent, sales, loops):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = querent.run("serve", "--data", sales, "--port", port, environment={"QUERENT_LOOPS": str(loops)})
    assert result.returncode == 2
    assert f"port {port}" in result.stderr and "another program listens there" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_two_servers_do_not_share_a_port(querent, sales, server):
    result = querent.run("serve", "--data", sales, "--port", server.port)
    assert result.returncode == 2 and "another program listens there" in result.stderr


@pytest.mark.parametrize("options, words", [
    (["--host", "0.0.0.0"], "loopback"),
    (["--host", "::"], "loopback"),
    (["--host", "192.0.2.1"], "loopback"),
    (["--host", "no such host"], "loopback"),
    (["--host", "127.0.0.1.example"], "loopback"),
    (["--port", "65536"], "65535"),
    (["--port", "-1"], "-1"),
    (["--port", "http"], "http"),
    (["--set", "QUERENT_AUTH=keys"], "QUERENT_AUTH"),
    (["--set", "QUERENT_LOOPS=65"], "QUERENT_LOOPS"),
    (["--bogus"], "bogus"),
])
def test_what_can_not_be_served_is_told(querent, sales, options, words):
    result = querent.run("serve", "--data", sales, *options)
    assert result.returncode == 2
    assert words in result.stderr and "querent" in result.stderr
    assert "Sanitizer" not in result.stderr


@pytest.mark.parametrize("host, url", [("::1", "http://[::1]"), ("localhost", "http://localhost"),
                                       ("127.0.0.2", "http://127.0.0.2")])
def test_loopback_addresses_are_served(querent, sales, host, url):
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with Server(querent, sales, API_HOST=host, QUERENT_LOOPS=2) as server:
        assert httpx.get(f"{url}:{server.port}/health").json()["status"] == "healthy"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
