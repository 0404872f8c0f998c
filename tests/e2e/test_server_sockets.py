# SPDX-License-Identifier: Apache-2.0
"""Bytes on a socket: what no well-behaved client sends, and what slow ones do."""
import concurrent.futures
import contextlib
import json
import os
import re
import socket
import struct
import time

import pytest

from conftest import Querent, wait_for
from server_support import PATIENCE_S, QUERY, SANITIZED, STREAM, OpenStream, Server, read_all, request_of

QUESTION = json.dumps(request_of("total revenue")).encode()
HEAD = b"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(QUESTION), QUESTION)
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
ESTABLISHED = b"\x01"  # the state at the start of TCP_INFO
LAST = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def seconds_until_closed(server, data):
    """Sends half of something and waits: what came back, and after how long."""
    begin = time.monotonic()
    return server.exchange(data), time.monotonic() - begin


def drip(server, data, pause):
    """A sender who never stops for long and never gets there."""
    begin = time.monotonic()
    with server.connect() as connection:
        connection.settimeout(0.01)
        for byte in data:
            with contextlib.suppress(OSError):  # it may be closed already: what it said is still to be read
                connection.sendall(bytes([byte]))
            time.sleep(pause)
            with contextlib.suppress(TimeoutError):
                return connection.recv(4096), time.monotonic() - begin
    return b"", time.monotonic() - begin


def read_nothing(server):
    """Asks for a large answer as a stream and reads nothing of it, until the server lets go."""
    body = json.dumps(request_of("list number and letter", "sleeper", use_cache=False, sample_rows=1000)).encode()
    begin = time.monotonic()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(PATIENCE_S)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (STREAM.encode(), len(body), body))
        wait_for(lambda: connection.getsockopt(socket.SOL_TCP, socket.TCP_INFO, 1) != ESTABLISHED, PATIENCE_S)
        seconds = time.monotonic() - begin
        return read_all(connection), seconds


def quiet_stream(server):
    """A stream with nothing to tell for more than a heart-beat."""
    frozen = server.freeze()
    stream = OpenStream(server, "revenue by region")
    wait_for(stream.comments, PATIENCE_S)
    server.thaw(frozen)
    return stream


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sockets")
    (folder / "sales.csv").write_text("region,revenue\nNorth,100\nSouth,250.5\n")
    wide = "\n".join(f"{number},{'note ' * 2000}" for number in range(1000))
    (folder / "letters.csv").write_text("number,letter\n" + wide + "\n")
    with Server(Querent(folder / "home"), folder / "sales.csv", folder / "letters.csv", QUERENT_LOOPS=1,
                QUERENT_WORKERS=1, QUERENT_STATEMENT_TIMEOUT_S=60) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def slow_ones(server, tmp_path_factory):
    """What takes long by nature runs beside the other tests; the last ones of this file look at it."""
    folder = tmp_path_factory.mktemp("quiet")
    (folder / "sales.csv").write_text("region,revenue\nNorth,100\nSouth,250.5\n")
    with Server(Querent(folder / "home"), folder / "sales.csv", QUERENT_LOOPS=1, QUERENT_WORKERS=1) as other, \
            concurrent.futures.ThreadPoolExecutor(8) as pool:
        yield {
            "head": pool.submit(seconds_until_closed, server, b"GET /health HTTP/1.1\r\nHost: localhost\r\n"),
            "body": pool.submit(seconds_until_closed, server, WHOLE[:-1]),
            "drip": pool.submit(drip, server, b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * 1000, 0.1),
            "reader": pool.submit(read_nothing, server),
            "quiet": pool.submit(quiet_stream, other),
        }


ONE_REQUEST = [
    (b"\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),  # empty lines before a request
    (b"GET /health HTTP/1.0\r\n\r\n", 200),
    (b"GET http://localhost/health HTTP/1.1\r\nHost: x\r\n\r\n", 200),  # as to a proxy: its host counts
    (b"GET http://x/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
    (b"GET http://x/health HTTP/1.0\r\n\r\n", 421),
    (b"GET http://ana:secret@localhost/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    (b"GET /health HTTP/1.1\r\n\r\n", 400),  # no Host
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
    (b"GET /health HTTP/1.1\nHost: localhost\n\n", 400),  # bare LF
    (b"GET /health HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n", 400),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n", 400),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n", 400),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n", 400),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n", 400),  # folded
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\n: y\r\n\r\n", 400),
    (b"GET  /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    (b"GET /heal th HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    (b"GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n", (400, 505)),
    (b"GET /health HTTP/1.x\r\nHost: localhost\r\n\r\n", 400),
    (b"GET /health\r\n\r\n", 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 405, 505)),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n", 400),  # TLS
    (b"\x00" * 100 + b"\r\n\r\n", 400),
    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 101 + b"\r\n", 431),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 17000 + b"\r\n\r\n", 431),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 200000, 431),  # never ends
    (HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
    (HEAD + b"Content-Length: 5, 6\r\n\r\nhello!", 400),
    (HEAD + b"Content-Length: +5\r\n\r\nhello", 400),
    (HEAD + b"Content-Length: -1\r\n\r\n", 400),
    (HEAD + b"Content-Length: 0x5\r\n\r\nhello", 400),
    (HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", (400, 413)),
    (HEAD + b"Content-Length: 2000000\r\n\r\n", 413),
    (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", (400, 501)),
    (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", (400, 501)),
    (HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, 501)),
    (HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", (400, 501)),
    (HEAD.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, 501)),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", (400, 413)),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n", 400),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n", 400),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n", 400),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536 + b"\r\n10000\r\n" + b"x" * 9, 400),
    (HEAD + b"Expect: miracles\r\nContent-Length: 2\r\n\r\n{}", (417, 422)),
]


@pytest.mark.parametrize("data, status", ONE_REQUEST)
def test_one_request(server, data, status):
    """Answered once with that status; what was refused ends the connection, and the rest is not read as another."""
    reply = server.exchange(data, shut=True)
    first = int(reply.split(b" ", 2)[1])
    assert first in (status if isinstance(status, tuple) else (status,)), reply[:200]
    assert len(re.findall(rb"HTTP/1\.1 \d", reply)) == 1
    head, body = reply.split(b"\r\n\r\n", 1)
    if first >= 400:
        assert json.loads(body)["detail"]
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")]
    assert length == [b"content-length: %d" % len(body)]
    assert server.get("/health").status_code == 200


@pytest.mark.parametrize("path", [QUERY, STREAM])
@pytest.mark.parametrize("kind", [None, "", "text/plain", "text/plain;application/json", "application/x-www-form-urlencoded",
                                  "multipart/form-data"])
def test_a_foreign_page_can_not_ask(server, path, kind):
    """What a browser sends for any page without asking us first (a preflight, which is refused) is not taken for JSON."""
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    if kind is not None:
        headers["Content-Type"] = kind
    reply = server.http.post(path, content=json.dumps(request_of("total revenue", "foreign")).encode(), headers=headers)
    assert reply.status_code == 422 and "access-control-allow-origin" not in reply.headers
    preflight = server.http.options(path, headers={**headers, "Access-Control-Request-Method": "POST",
                                                   "Access-Control-Request-Headers": "content-type"})
    assert "access-control-allow-origin" not in preflight.headers
    assert server.conversations("foreign")["conversations"] == []


def test_bytes_one_by_one_are_a_request_too(server):
    with server.connect() as connection:
        for byte in WHOLE.replace(b"Host: localhost", b"Host: localhost\r\nConnection: close"):
            connection.sendall(bytes([byte]))
        reply = read_all(connection)
    assert reply.startswith(b"HTTP/1.1 200 ") and b"350.5" in reply


def test_a_body_in_chunks(server):
    chunks = b"".join(b"%x;name=value\r\n%c\r\n" % (1, byte) for byte in QUESTION)
    reply = server.exchange(HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nX: y\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 200 ") and b"350.5" in reply


def test_pipelined_requests_are_answered_in_their_order(server):
    reply = server.exchange((HEALTH + WHOLE + b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n") * 20 + LAST)
    statuses = [int(part.split(b" ", 1)[0]) for part in reply.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 200, 404] * 20 + [200]
    assert reply.count(b"350.5") >= 20


def test_a_bad_request_ends_the_pipeline(server):
    reply = server.exchange(HEALTH + b"GET /health HTTP/1.1\r\n\r\n" + HEALTH * 5)
    assert [part[:3] for part in reply.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400"]


def test_continue_is_said_before_the_body(server):
    head = WHOLE.replace(b"Host: localhost", b"Host: localhost\r\nConnection: close\r\nExpect: 100-continue").split(QUESTION)[0]
    with server.connect() as connection:
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(QUESTION)
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")
    with server.connect() as connection:
        connection.sendall(head.replace(b"Content-Length: ", b"Content-Length: 99999"))
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("cut", [1, 20, 60, len(WHOLE) - 1])
def test_half_requests_are_told_when_the_sender_ends(server, cut):
    assert server.exchange(WHOLE[:cut], shut=True).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("reset", [False, True])
def test_callers_who_leave_at_any_moment_do_no_harm(server, reset):
    for cut in [*range(0, len(WHOLE), 7), len(WHOLE)] * 2:
        connection = server.connect()
        connection.sendall(WHOLE[:cut])
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert server.get("/health/ready").status_code == 200


def test_a_reader_who_leaves_a_stream_does_not_end_the_run(server):
    body = json.dumps(request_of("revenue by region", "leaver", use_cache=False)).encode()
    with server.connect() as connection:
        connection.sendall(b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (STREAM.encode(), len(body), body))
        assert b"run_start" in connection.recv(4096)
    wait_for(lambda: server.conversations("leaver")["conversations"][0]["message_count"] == 2, PATIENCE_S)
    conversation = server.conversations("leaver")["conversations"][0]["conversation_id"]
    assert "250.50" in server.messages(conversation)[1]["content"]


def test_a_stream_for_an_old_client_ends_with_the_connection(server):
    reply = server.exchange(WHOLE.replace(b"/query", b"/query/stream").replace(b"1.1", b"1.0"))
    head, body = reply.split(b"\r\n\r\n", 1)
    assert b"transfer-encoding" not in head.lower() and b"text/event-stream" in head
    events = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
    assert events[0]["event"] == "run_start" and events[-1]["event"] == "complete"


def test_streams_and_requests_share_a_connection(server):
    reply = server.exchange(WHOLE.replace(b"/query", b"/query/stream") + HEALTH + LAST)
    assert reply.count(b"HTTP/1.1 200 ") == 3 and reply.endswith(b"}")
    assert b"\r\n0\r\n\r\nHTTP/1.1 200 " in reply


@pytest.mark.parametrize("what, least, most", [("head", 9, 25), ("drip", 9, 25), ("body", 28, 50)])
def test_slow_senders_are_sent_away(slow_ones, what, least, most):
    reply, seconds = slow_ones[what].result()
    assert reply.startswith(b"HTTP/1.1 408 ") and least < seconds < most


def test_a_quiet_stream_has_a_heart_beat(slow_ones):
    stream = slow_ones["quiet"].result()
    assert stream.events()[-1].name == "complete"
    assert stream.comments()[0] == ": ping"


def test_a_slow_reader_is_dropped_and_the_answer_is_kept(server, slow_ones):
    reply, seconds = slow_ones["reader"].result()
    assert seconds > 20
    assert b'"run_start"' in reply and b"\r\n0\r\n\r\n" not in reply
    (conversation,) = server.conversations("sleeper")["conversations"]
    assert conversation["message_count"] == 2
    assert server.messages(conversation["conversation_id"])[1]["metadata"]["status"] == "answered"


def resident_kib(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def send_all_that_is_bad(server):
    for data, _ in ONE_REQUEST:
        server.exchange(data, shut=True)
    for cut in range(1, len(WHOLE), 20):
        server.exchange(WHOLE[:cut], shut=True)
    with contextlib.suppress(OSError):  # it may be refused before all of it is sent
        server.exchange(HEAD + b"Content-Length: 2000000\r\n\r\n" + b"x" * 2_000_000, shut=True)
    server.exchange(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536 + b"\r\n" * 40)
    server.exchange(HEALTH * 500 + LAST)


def test_nothing_stays_of_bad_requests(server, slow_ones):
    """Descriptors and memory are after twenty rounds what they were after two, but for what malloc keeps."""
    concurrent.futures.wait(slow_ones.values())
    folder = f"/proc/{server.process.pid}/fd"
    for _ in range(2):
        send_all_that_is_bad(server)
    server.get("/health")  # the client's own connection
    wait_for(lambda: server.get("/metrics").text.count("\nquerent_http_connections 1\n") == 1, PATIENCE_S)
    descriptors, memory = len(os.listdir(folder)), resident_kib(server)
    for _ in range(20):
        send_all_that_is_bad(server)
    wait_for(lambda: len(os.listdir(folder)) <= descriptors, PATIENCE_S)
    assert SANITIZED or resident_kib(server) < memory + 16384  # the twenty rounds send more than that
