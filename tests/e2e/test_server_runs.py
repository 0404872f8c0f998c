# SPDX-License-Identifier: Apache-2.0
"""Runs that are left, found again and stopped: re-attached streams, states, cancels; also at another process."""
import concurrent.futures
import os
import random
import re
import signal
import sqlite3
import threading
import time

import httpx
import pytest

from conftest import wait_for
from server_support import PATIENCE_S, QUERY, SANITIZED, STREAM, OpenStream, Server, request_of

UNKNOWN = "query_0123456789abcdef"


def run_path(run, what=""):
    return f"/api/v1/query/{run}{what}"


def read_events(server, run, after=None, expect=200, client=None):
    """The whole stream as text, to its end."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    response = (client or server.http).get(server.url + run_path(run, "/events"), headers=headers)
    assert response.status_code == expect, response.text
    if expect == 200:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    return response.text


def numbers(text):
    return [int(number) for number in re.findall(r"^id: (\d+)$", text, re.M)]


def events_in(text):
    """The stream's events without its comments."""
    return "".join(part + "\n\n" for part in text.split("\n\n") if part.startswith("id: "))


def run_of(stream):
    return re.search(r"query_[0-9a-f]{16}", "\n".join(stream.lines))[0]


def last_number(stream):
    return max(numbers("\n".join(stream.lines)))


class Reader(threading.Thread):
    """Re-attaches on a connection of its own and reads to the end."""

    def __init__(self, server, run, after=None):
        super().__init__(daemon=True)
        self.server, self.run_id, self.after, self.text, self.status = server, run, after, "", None
        self.failure = None
        self.start()

    def run(self):
        headers = {} if self.after is None else {"Last-Event-ID": str(self.after)}
        try:
            with httpx.stream("GET", self.server.url + run_path(self.run_id, "/events"), headers=headers,
                              timeout=PATIENCE_S) as response:
                self.status = response.status_code
                for text in response.iter_text():
                    self.text += text
        except httpx.HTTPError as failure:
            self.failure = failure

    def result(self):
        self.join(PATIENCE_S)
        assert not self.is_alive() and not self.failure and self.status == 200, (self.failure, self.status)
        return self.text


def state_of(server, run, expect=200):
    response = server.get(run_path(run))
    assert response.status_code == expect, response.text
    return response.json()


def cancel(server, run, expect=202):
    response = server.http.delete(run_path(run))
    assert response.status_code == expect, response.text
    return response.json()


@pytest.fixture
def server(querent, sales):
    with Server(querent, sales, QUERENT_LOOPS=2, QUERENT_WORKERS=2) as server:
        yield server


@pytest.fixture
def narrow(querent, sales):
    """One question at a time."""
    with Server(querent, sales, QUERENT_LOOPS=1, QUERENT_WORKERS=1, QUERENT_RUNS_MAX=1) as server:
        yield server


@pytest.fixture
def narrow_pair(querent, sales):
    """One loop with two workers: when one is lost, the other answers."""
    with Server(querent, sales, QUERENT_LOOPS=1, QUERENT_WORKERS=2) as server:
        yield server


def wait_for_both_loops(server):
    """Until each has a worker: a new connection lands on one or the other."""
    def both_work():
        httpx.post(server.url + QUERY, json=request_of("total units", use_cache=False), timeout=PATIENCE_S)
        return len(server.workers()) == 2

    wait_for(both_work, PATIENCE_S)


def test_a_cut_stream_is_taken_up_where_it_was(server):
    """On whatever loop the new connection lands, the bytes are those that the first reader gets; who left does not
    stop the run."""
    wait_for_both_loops(server)
    frozen = server.freeze()
    with httpx.stream("POST", server.url + STREAM, json=request_of("revenue by region", use_cache=False),
                      timeout=PATIENCE_S) as cut:
        seen = ""
        for text in cut.iter_text():
            seen += text
            if "execute_query" in seen or "generate_sql" in seen:
                break
    run, last = re.search(r"query_[0-9a-f]{16}", seen)[0], numbers(seen)[-1]
    readers = [Reader(server, run, after) for after in [None, 0, 1, last] * 6]
    wait_for(lambda: all(reader.status for reader in readers), PATIENCE_S)
    state = state_of(server, run)
    assert state["state"] == "active" and state["result"] is None and state["error"] is None
    assert state["steps"][-1]["status"] == "started" and state["question"] == "revenue by region"
    server.thaw(frozen)
    texts = [events_in(reader.result()) for reader in readers]
    whole = texts[0]
    assert numbers(whole) == list(range(1, len(numbers(whole)) + 1)) and '"event":"complete"' in whole
    assert whole.startswith(events_in(seen))
    for reader, text in zip(readers, texts):
        assert text == whole[whole.index(f"id: {(reader.after or 0) + 1}\n"):]
    assert events_in(read_events(server, run)) == whole
    assert state_of(server, run)["state"] == "complete"


def test_the_events_of_an_ended_run(server):
    """Also of an answer that was cached, which keeps no events."""
    for question in ("total revenue", "total revenue"):
        with httpx.stream("POST", server.url + STREAM, json=request_of(question)) as response:
            whole = response.read().decode()
        run, last = re.search(r"query_[0-9a-f]{16}", whole)[0], numbers(whole)[-1]
        assert numbers(read_events(server, run)) == list(range(1, last + 1))
        assert events_in(read_events(server, run)) == events_in(whole)
        rest = read_events(server, run, after=last - 1)
        assert numbers(rest) == [last] and '"event":"complete"' in rest
        # An EventSource that comes back after the end is told to stop.
        assert read_events(server, run, after=last, expect=204) == ""
        assert read_events(server, run, after=999, expect=204) == ""
        state = state_of(server, run)
        assert state["state"] == "complete" and state["error"] is None and state["ended_at"]
        assert state["result"]["query_id"] == run and len(state["steps"]) == len(state["result"]["steps"])
        assert state["user_id"] == "ana" and state["conversation_id"] == state["result"]["conversation_id"]


def test_ids_that_are_unknown_or_broken(server):
    for run in (UNKNOWN, "query_1", "x" * 3000, "stream", "query_0123456789ABCDEF", "%00", "..%2f..", "%F0%9F%92%A9"):
        for method, what in (("GET", ""), ("GET", "/events"), ("DELETE", "")):
            response = server.http.request(method, run_path(run, what))
            assert response.status_code in (404, 405, 422), (method, run, response.text)
            assert response.json()["detail"]
    run = server.ask("total revenue")["query_id"]
    for broken in ("x", "-1", "1.5", "1e3", "99999999999999999999", "1;2", "query_1"):
        response = server.get(run_path(run, "/events"), headers={"Last-Event-ID": broken})
        assert response.status_code == 422, broken
        [error] = response.json()["detail"]
        assert error["loc"] == ["header", "Last-Event-ID"] and error["input"] == broken
    assert numbers(read_events(server, run, after=""))[0] == 1
    assert server.http.post(run_path(run)).status_code == 405


def test_events_are_gone_after_their_time(querent, sales):
    with Server(querent, sales, QUERENT_REATTACH_S=5, QUERENT_NOW="") as server:
        begun = time.monotonic()
        runs = [server.ask("total revenue")["query_id"] for _ in range(2)]  # worked on, and cached
        for run in runs:
            if time.monotonic() < begun + 4:  # else the machine was too slow to ask in time
                assert numbers(read_events(server, run))
        time.sleep(5.2)
        for run in runs:
            assert "gone" in read_events(server, run, expect=410)
            assert state_of(server, run)["state"] == "complete"


def test_a_deleted_conversation_takes_its_runs_along(server):
    reply = server.ask("total revenue")
    assert server.http.delete(f"/api/v1/conversations/{reply['conversation_id']}").status_code == 200
    state_of(server, reply["query_id"], expect=404)
    cancel(server, reply["query_id"], expect=404)
    read_events(server, reply["query_id"], expect=404)


# ---- cancel


def heavy_statement(folder):
    """A dataset with a metric that takes long, in pieces that can be interrupted."""
    folder.mkdir()
    choice = random.Random(1).choices
    rows = [f"{place},{''.join(choice('abcdefghij ', k=1000))}" for place in ["North", "South"] * 4000]
    (folder / "notes.csv").write_text("\n".join(["place,note", *rows]))
    parts = [f"length(regexp_replace(note, '({a}|{b})[^{c}]*({b}|{a})+?', 'x', 'g'))"
             for a in "abcd" for b in "efgh" for c in "ij"]
    (folder / "notes.yaml").write_text(f"""dataset_id: notes
table_name: notes
source: {{engine: duckdb, file: notes.csv}}
columns:
  - {{name: place, type: varchar}}
  - {{name: note, type: varchar}}
metrics:
  - name: effort
    synonyms: [total effort]
    expression: "sum({' + '.join(parts)})"
""")
    return folder


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rsplit(") ", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(fields[11]) + int(fields[12])
    return total / 100


def cancel_at_work(server):
    """Cancels a statement that runs: the run, how long until its asker was told, and the CPU time that workers use
    after a second."""
    workers = server.workers()
    before = cpu_seconds(workers)
    stream = OpenStream(server, "total effort by place")
    run = run_of(stream)
    wait_for(lambda: cpu_seconds(workers) > before + 0.5, PATIENCE_S)
    assert state_of(server, run)["state"] == "active"
    begin = time.monotonic()
    assert cancel(server, run) == {"query_id": run, "state": "cancelling"}
    assert stream.events()[-1].data["code"] == "cancelled"
    told = time.monotonic() - begin
    time.sleep(max(0.0, begin + 1 - time.monotonic()))
    working = server.workers()
    at_rest = cpu_seconds(working)
    time.sleep(0.5)
    return run, told, cpu_seconds(working) - at_rest


def test_a_long_statement_stops_within_a_second(querent, tmp_path):
    """Seen from outside: the workers' CPU time stands still; the next question is answered. A busy machine has some
    attempts."""
    with Server(querent, QUERENT_METADATA_DIR=heavy_statement(tmp_path / "heavy"), QUERENT_LOOPS=1,
                QUERENT_WORKERS=1) as server:
        for _ in range(5):
            server.ask("how many notes are there", use_cache=False)
            run, told, used = cancel_at_work(server)
            if told < 1 and used < 0.1:
                break
        assert used < 0.1 and told < (10 if SANITIZED else 1)
        state = state_of(server, run)
        assert state["state"] == "cancelled" and state["error"]["code"] == "cancelled" and state["result"] is None
        question, answer = server.messages(state["conversation_id"])
        assert "cancelled" in answer["content"] and answer["metadata"]["status"] == "cancelled"
        assert server.ask("how many notes are there", use_cache=False)["status"] == "answered"
        assert cancel(server, run, expect=200)["state"] == "cancelled"


def test_a_question_that_waits_for_its_turn_is_cancelled(narrow):
    """And the caller of a reply that is no stream is told; who runs goes on."""
    frozen = narrow.freeze()
    running = OpenStream(narrow, "revenue by region")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(narrow.post, QUERY, request_of("revenue by product", "waiting", use_cache=False))
        wait_for(lambda: narrow.conversations("waiting")["conversations"], PATIENCE_S)
        with sqlite3.connect(narrow.querent.home / "store.sqlite") as store:
            [(run,)] = store.execute("SELECT id FROM runs WHERE user_id = 'waiting'")
        assert cancel(narrow, run)["state"] == "cancelling"
        assert waiting.result(PATIENCE_S).status_code == 499
        assert cancel(narrow, run, expect=200)["state"] == "cancelled"
        assert state_of(narrow, run_of(running))["state"] == "active"
        narrow.thaw(frozen)
        assert running.events()[-1].name == "complete"
        response = narrow.http.delete(run_path(run_of(running)))
        assert response.status_code == 409 and "complete" in response.json()["detail"]


# ---- equal questions at the same time


class SharedStream(OpenStream):
    """A stream whose answer may be shared; not checked for steps that begin and end in turn."""

    def __init__(self, server, question, user):
        self.lines, self.failure = [], None
        self.body = request_of(question, user)
        self.thread = threading.Thread(target=self.read, args=(server.url,), daemon=True)
        self.thread.start()
        wait_for(lambda: self.failure or self.has("generate_sql"), PATIENCE_S)

    def has(self, text):
        return any(text in line for line in self.lines)

    def end(self):
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive() and not self.failure, self.failure
        return events_in("\n".join(self.lines) + "\n\n")


def test_equal_questions_share_one_run_and_see_its_events(server):
    """On both loops, while the engine stands still: each has its own run, whose events come as they happen."""
    wait_for_both_loops(server)
    frozen = server.freeze()
    streams = [SharedStream(server, "revenue by region", f"user{i}") for i in range(8)]
    assert len({run_of(stream) for stream in streams}) == 8
    assert all(stream.has("select_dataset") for stream in streams)
    server.thaw(frozen)
    texts = [stream.end() for stream in streams]
    assert all('"event":"complete"' in text for text in texts)
    steps = [re.sub(r"query_[0-9a-f]{16}|conv_[0-9a-f]{16}", "", text.split('data: {"event":"complete"')[0])
             for text in texts]
    assert len(set(steps)) == 1 and steps[0].count("step_update") == 6
    assert sum('"response":"shared"' in text for text in texts) == 7
    for stream, text in zip(streams, texts):
        assert events_in(read_events(server, run_of(stream))) == text


def test_who_is_cancelled_takes_nobody_along(narrow_pair):
    """Neither the leader of equal questions nor a follower: another takes the lead."""
    server = narrow_pair
    frozen = server.freeze()
    streams = [SharedStream(server, "revenue by region", f"user{i}") for i in range(4)]
    for stream in (streams[2], streams[0]):  # the leader at last: who takes over may be quick
        cancel(server, run_of(stream))
        assert '"code":"cancelled"' in stream.end()
    assert all(state_of(server, run_of(streams[i]))["state"] in ("active", "complete") for i in (1, 3))
    server.thaw(frozen)
    for i in (1, 3):
        text = streams[i].end()
        assert '"event":"complete"' in text and "675.25" in text and "cancelled" not in text
        assert state_of(server, run_of(streams[i]))["state"] == "complete"


# ---- the command line


def test_ctrl_c_cancels_what_was_asked(querent, tmp_path):
    """`querent ask` says so, and the store and the conversation do."""
    process = querent.start("ask", "--metadata", str(heavy_statement(tmp_path / "heavy")), "total effort by place")
    for line in process.stderr:
        if "select_dataset" in line:  # its statement comes next
            process.send_signal(signal.SIGINT)
            break
    said = process.stderr.read()
    assert process.wait(PATIENCE_S) == 1 and "the question was cancelled" in said, said
    with sqlite3.connect(querent.home / "store.sqlite") as store:
        assert store.execute("SELECT state FROM runs").fetchall() == [("cancelled",)]
        [(content,)] = store.execute("SELECT content FROM messages WHERE role = 'assistant'")
        assert "could not be answered" in content


# ---- two processes on one store


@pytest.fixture
def pair(querent, sales):
    with Server(querent, sales, QUERENT_LOOPS=1, QUERENT_WORKERS=1, QUERENT_RUNS_MAX=1) as first, \
            Server(querent, sales, QUERENT_LOOPS=1, QUERENT_WORKERS=1) as second:
        yield first, second


def test_a_run_is_found_at_the_other_process(pair):
    """Its state, and its events as they happen; from the beginning and from anywhere."""
    first, second = pair
    frozen = first.freeze()
    stream = OpenStream(first, "revenue by region")
    run, last = run_of(stream), last_number(stream)
    readers = [Reader(second, run), Reader(second, run, after=last), Reader(second, run, after=last - 2)]
    wait_for(lambda: "generate_sql" in readers[0].text and f"id: {last}\n" in readers[2].text, PATIENCE_S)
    assert events_in(readers[1].text) == "" and state_of(second, run)["state"] == "active"
    assert state_of(second, run)["steps"][-1]["status"] == "started"
    first.thaw(frozen)
    whole = events_in("\n".join(stream.lines) + "\n\n") if stream.events() else ""
    assert '"event":"complete"' in whole
    for reader in readers:
        assert events_in(reader.result()) == whole[whole.index(f"id: {(reader.after or 0) + 1}\n"):]
    assert events_in(read_events(second, run)) == whole
    assert state_of(second, run)["result"] == state_of(first, run)["result"]
    # Also a quick one, and one whose answer was cached.
    for _ in range(2):
        quick = first.ask("total units")["query_id"]
        assert state_of(second, quick)["state"] == "complete"
        assert events_in(read_events(second, quick)) == events_in(read_events(first, quick))
    response = second.http.delete(run_path(run))
    assert response.status_code == 409


def test_what_is_deleted_at_one_process_is_gone_at_the_other(pair):
    """Also what the other one has in memory: of a run that has ended, and of one that goes on."""
    first, second = pair
    ended = first.ask("total units")
    assert numbers(read_events(second, ended["query_id"]))
    first.freeze()
    stream = OpenStream(first, "revenue by region")
    run = run_of(stream)
    reader = Reader(second, run)
    wait_for(lambda: reader.text, PATIENCE_S)
    for conversation in (ended["conversation_id"], state_of(second, run)["conversation_id"]):
        assert first.http.delete(f"/api/v1/conversations/{conversation}").status_code == 200
    assert '"code":"not_found"' in reader.result()
    for gone in (ended["query_id"], run):
        state_of(second, gone, expect=404)
        read_events(second, gone, expect=404)
    read_events(first, ended["query_id"], expect=404)
    cancel(first, run)
    assert stream.events()[-1].data["code"] == "cancelled"


def test_a_run_is_cancelled_at_the_other_process(pair):
    first, second = pair
    first.freeze()
    stream = OpenStream(first, "revenue by region")
    reader = Reader(second, run_of(stream))
    wait_for(lambda: reader.text, PATIENCE_S)
    begin = time.monotonic()
    cancel(second, run_of(stream))
    cancel(second, run_of(stream))
    assert stream.events()[-1].data["code"] == "cancelled"
    assert time.monotonic() - begin < 10
    assert '"code":"cancelled"' in reader.result()
    assert cancel(second, run_of(stream), expect=200)["state"] == "cancelled"


def test_a_reader_at_a_process_that_stops(pair):
    """The run goes on at its own; the reader is told so, at once, and can be taken up there."""
    first, second = pair
    frozen = first.freeze()
    stream = OpenStream(first, "revenue by region")
    run, last = run_of(stream), last_number(stream)
    reader = Reader(second, run)
    wait_for(lambda: f"id: {last}\n" in reader.text, PATIENCE_S)
    second.signal()
    text = reader.result()
    assert text.endswith(": the server is stopping; this question goes on at another one\n\n")
    assert second.process.wait(PATIENCE_S) == 0 and state_of(first, run)["state"] == "active"
    again = Reader(first, run, after=numbers(text)[-1])
    wait_for(lambda: again.status, PATIENCE_S)
    first.thaw(frozen)
    whole = events_in("\n".join(stream.lines) + "\n\n") if stream.events() else ""
    assert events_in(text) + events_in(again.result()) == whole


def post_until_cut(server, request):
    with pytest.raises(httpx.HTTPError):
        httpx.post(server.url + QUERY, json=request, timeout=PATIENCE_S)


def test_a_reader_of_a_run_whose_process_died(pair):
    """The other process marks the run as cut, and its reader is told; so it does with one that waited for its turn,
    of which nothing was kept."""
    first, second = pair
    first.freeze()
    stream = OpenStream(first, "revenue by region")
    run, last = run_of(stream), last_number(stream)
    reader = Reader(second, run, after=last)
    wait_for(lambda: reader.status, PATIENCE_S)
    begun = threading.Thread(target=post_until_cut, args=(first, request_of("revenue by product", "waiting")))
    begun.start()
    wait_for(lambda: first.conversations("waiting")["conversations"], PATIENCE_S)
    with sqlite3.connect(first.querent.home / "store.sqlite") as store:
        [(waiting,)] = store.execute("SELECT id FROM runs WHERE user_id = 'waiting'")
        # As if it were marked just after its row was read.
        store.execute("INSERT INTO run_events VALUES (?, 1, '{\"event\":\"error\",\"data\":{}}')", [waiting])
    early = Reader(second, waiting)
    wait_for(lambda: early.text, PATIENCE_S)
    for pid in first.workers():
        os.kill(pid, signal.SIGKILL)
    first.process.kill()
    first.stopping = True
    text = reader.result()
    [number] = numbers(text)
    assert '"code":"interrupted"' in text and number > last
    assert read_events(second, run, after=number, expect=204) == ""
    state = state_of(second, run)
    assert state["state"] == "cut" and state["error"]["code"] == "interrupted"
    wait_for(lambda: state_of(second, waiting)["state"] == "cut", PATIENCE_S)
    text = read_events(second, waiting)
    assert events_in(early.result()) == text
    assert numbers(text) == [1, number] and '"event":"run_start"' in text and text.count('"event":"error"') == 1
    begun.join(PATIENCE_S)
    first.process.wait()
    first.process.returncode = 0


# ---- stop, and many


def test_readers_are_told_of_a_stop_and_served_to_the_end(server):
    """On whatever loop: that of the run, or the other."""
    wait_for_both_loops(server)
    frozen = server.freeze()
    stream = OpenStream(server, "revenue by region")
    readers = [Reader(server, run_of(stream)) for _ in range(6)]
    wait_for(lambda: all("generate_sql" in reader.text for reader in readers), PATIENCE_S)
    server.signal()
    wait_for(lambda: all(": the server is stopping" in reader.text for reader in readers), PATIENCE_S)
    server.thaw(frozen)
    assert all('"event":"complete"' in reader.result() for reader in readers)
    assert stream.events()[-1].name == "complete"
    assert server.process.wait(PATIENCE_S) == 0


def memory_kb(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def attach_many(server, run, count):
    connections = []
    request = f"GET {run_path(run, '/events')} HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 2\r\n\r\n".encode()
    for _ in range(count):
        connection = server.connect()
        connection.sendall(request)
        connections.append(connection)
    return connections


def test_a_thousand_come_back(server):
    """To one run, while it goes on: all get the rest; afterwards the server holds what it held before."""
    count = 100 if SANITIZED else 1000
    folder = f"/proc/{server.process.pid}/fd"
    wait_for_both_loops(server)
    descriptors = len(os.listdir(folder))
    for turn in range(2):
        frozen = server.freeze()
        stream = OpenStream(server, "revenue by region")
        connections = attach_many(server, run_of(stream), count)
        heads = [connection.recv(65536) for connection in connections]
        assert all(head.startswith(b"HTTP/1.1 200 ") for head in heads)
        for connection in connections[::2]:
            connection.close()
        server.thaw(frozen)
        for connection in connections[1::2]:
            text = b""
            while b"0\r\n\r\n" not in text[-16:]:
                part = connection.recv(1 << 20)
                assert part, text[-100:]
                text += part
            assert b'"event":"complete"' in text
            connection.close()
        assert stream.events()[-1].name == "complete"
        wait_for(lambda: len(os.listdir(folder)) < descriptors + 10, PATIENCE_S)
        if turn == 0:
            memory = memory_kb(server.process.pid)
    assert SANITIZED or memory_kb(server.process.pid) < memory + 4096


def test_too_many_readers_of_one_run(querent, sales):
    with Server(querent, sales, QUERENT_LOOPS=1, QUERENT_WORKERS=1, descriptors=8192) as server:
        frozen = server.freeze()
        stream = OpenStream(server, "revenue by region")
        connections = attach_many(server, run_of(stream), 2000)
        assert all(connection.recv(15).startswith(b"HTTP/1.1 ") for connection in connections)
        response = server.get(run_path(run_of(stream), "/events"))
        assert response.status_code == 503 and "retry-after" in response.headers
        for connection in connections:
            connection.close()
        server.thaw(frozen)
        assert stream.events()[-1].name == "complete"
        assert numbers(read_events(server, run_of(stream)))
