# SPDX-License-Identifier: Apache-2.0
"""/metrics, read by Prometheus' own client library, and the access log."""
import json
import os
import re
import socket
import subprocess
import time

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest import Querent, wait_for
from server_support import Server

NAME = re.compile(r"(querent|process)_[a-z_]+")
STEPS = {"vector_search", "load_metadata", "select_dataset", "generate_sql", "execute_query", "generate_response"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("metrics")
    file = folder / "sales.csv"
    file.write_text("region,revenue\nnorth,10\nsouth,20\n")
    with Server(Querent(folder / "home"), file, QUERENT_LOG_FORMAT="json", QUERENT_LOOPS=2) as server:
        yield server


def scrape(server):
    reply = server.get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return reply.text


def samples(text):
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def value(text, name, **labels):
    return samples(text).get((name, tuple(sorted(labels.items()))), 0)


def access_lines(server):
    lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] == "request"]


def line_of(server, request_id):
    def find():
        return [line for line in access_lines(server) if line.get("request") == request_id]
    wait_for(find)
    assert len(find()) == 1
    return find()[0]


def test_the_text_is_well_formed(server):
    """What promtool checks: HELP and TYPE once and before the samples, names and units, whole histograms, no series twice."""
    server.ask("revenue by region")
    text = scrape(server)
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    for family in families:
        assert NAME.fullmatch(family.name) and family.documentation
        assert family.type in ("counter", "gauge", "histogram"), family.name
        assert not re.search(r"_(milli|micro)?seconds_|_(kilo|mega)bytes|_ms$|_us$", family.name)
        series = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
        assert len(set(series)) == len(series), family.name
        if family.type == "histogram":
            check_histogram(family)
    lines = text.splitlines()
    for kind in ("HELP", "TYPE"):
        named = [line.split()[2] for line in lines if line.startswith(f"# {kind} ")]
        assert len(set(named)) == len(named)
    counters = [line.split()[2] for line in lines if line.startswith("# TYPE ") and line.endswith(" counter")]
    others = [line.split()[2] for line in lines if line.startswith("# TYPE ") and not line.endswith(" counter")]
    assert all(name.endswith("_total") for name in counters)
    assert not any(name.endswith(("_total", "_count", "_sum", "_bucket")) for name in others)
    assert text.endswith("\n")


def check_histogram(family):
    buckets = {}
    for sample in family.samples:
        key = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
        buckets.setdefault(key, {}).setdefault(sample.name.removeprefix(family.name), []).append(sample)
    for parts in buckets.values():
        bounds = [float(sample.labels["le"]) for sample in parts["_bucket"]]
        counts = [sample.value for sample in parts["_bucket"]]
        assert bounds == sorted(bounds) and bounds[-1] == float("inf")
        assert counts == sorted(counts) and counts[-1] == parts["_count"][0].value
        assert len(parts["_sum"]) == 1


def test_what_happens_is_counted(server):
    before = scrape(server)
    server.ask("total revenue", user="ana")
    server.ask("total revenue", user="ana")
    server.stream("total revenue by region", user="ana")
    server.get("/no/such/thing?a=1")
    server.http.request("BREW", "/no/such/thing")
    assert server.post("/api/v1/query", {"query": 5}).status_code == 422
    after = scrape(server)

    def grown(name, **labels):
        return value(after, name, **labels) - value(before, name, **labels)

    query = {"route": "/api/v1/query", "method": "POST"}
    assert grown("querent_http_requests_total", status="2xx", **query) == 2
    assert grown("querent_http_requests_total", status="4xx", **query) == 1
    assert grown("querent_http_request_duration_seconds_count", **query) == 3
    assert grown("querent_http_request_duration_seconds_count", route="/api/v1/query/stream", method="POST") == 1
    assert grown("querent_http_requests_total", status="4xx", route="none", method="GET") == 1
    assert grown("querent_http_requests_total", status="4xx", route="none", method="other") == 1
    assert "such" not in after and "BREW" not in after
    assert grown("querent_runs_total", outcome="answered", code="") == 3
    assert grown("querent_run_duration_seconds_count", reply="cached") == 1
    assert grown("querent_run_duration_seconds_count", reply="new") == 2
    assert grown("querent_cache_lookups_total", type="response", level="memory") == 1
    assert grown("querent_run_step_duration_seconds_count", step="execute_query") >= 2
    assert {labels[0][1] for name, labels in samples(after)
            if name == "querent_run_step_duration_seconds_count"} == STEPS
    assert grown("querent_engine_statements_total", engine="duckdb", code="ok") >= 1
    assert grown("querent_store_write_duration_seconds_count") >= 3
    assert value(after, "querent_engine_workers") == len(server.workers()) >= 1
    assert value(after, "querent_http_connections") >= 1
    assert value(after, "querent_http_streams") == 0
    assert value(after, "querent_runs_running") == value(after, "querent_runs_waiting") == 0
    assert value(after, "querent_datasets") == 1
    status = open(f"/proc/{server.process.pid}/status").read()
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024
    assert 0.5 < value(after, "process_resident_memory_bytes") / resident < 2
    assert time.time() - 600 < value(after, "process_start_time_seconds") <= time.time()
    assert grown("process_cpu_seconds_total") > 0


def test_a_killed_worker_is_counted(server):
    server.ask("how many rows are there", use_cache=False)
    before = scrape(server)
    for pid in server.workers():
        os.kill(pid, 9)
    wait_for(lambda: not server.workers(), 30)
    server.ask("how many rows are there", use_cache=False)
    after = scrape(server)
    assert value(after, "querent_engine_worker_ends_total", how="died") > \
        value(before, "querent_engine_worker_ends_total", how="died")
    assert value(after, "querent_engine_worker_starts_total") > value(before, "querent_engine_worker_starts_total")


def test_a_refusal_is_no_failure_of_the_store(server):
    conversation = server.ask("how many rows are there")["conversation_id"]
    before = value(scrape(server), "querent_store_write_failures_total")
    server.ask("total revenue", "somebody else", conversation, expect=404)
    assert value(scrape(server), "querent_store_write_failures_total") == before


def test_only_get(server):
    assert server.http.head("/metrics").status_code == 405
    assert server.post("/metrics", {}).status_code == 405


def test_a_line_for_each_request(server):
    reply = server.post("/api/v1/query", {"query": "total revenue", "user_id": "ana"},
                        headers={"X-Request-ID": "first-1", "X-Forwarded-For": "203.0.113.9"})
    line = line_of(server, "first-1")
    assert line["level"] == "info" and line["status"] == 200 and line["user"] == "ana"
    assert line["run"] == reply.json()["query_id"]
    assert line["method"] == "POST" and line["path"] == line["route"] == "/api/v1/query"
    assert line["bytes"] == len(reply.content) and line["duration_us"] > 0
    assert line["peer"] == "127.0.0.1" and line["forwarded_for"] == "203.0.113.9"


def test_a_line_for_a_stream_at_its_end(server):
    with server.http.stream("POST", "/api/v1/query/stream", headers={"X-Request-ID": "stream-1"},
                            json={"query": "total revenue", "user_id": "ana"}) as reply:
        text = reply.read()
    line = line_of(server, "stream-1")
    assert line["stream"] == "finished" and line["run"] in text.decode() and line["bytes"] >= len(text)


def test_nothing_can_be_put_into_the_log(server):
    """Control characters, quotes and line breaks in path, user id and headers; what is behind '?' is not told."""
    user = 'x"\n{"message":"request","status":200}\r\x1b[2J\u0085\u2028é'
    server.post("/api/v1/query", {"query": "total revenue", "user_id": user}, headers={"X-Request-ID": "odd-1"})
    assert line_of(server, "odd-1")["user"] == user
    server.get("/%0a%1b[2J%22?secret=tell-nobody", headers={"X-Request-ID": "odd-2"})
    assert line_of(server, "odd-2")["path"] == "/%0a%1b[2J%22"
    server.post("/api/v1/query", {"query": "total revenue", "user_id": "é" * 250}, headers={"X-Request-ID": "odd-3"})
    assert len(line_of(server, "odd-3")["user"].encode()) < 140
    server.get("/" + "p" * 5000, headers={"X-Request-ID": "odd-4"})
    assert len(line_of(server, "odd-4")["path"]) < 520
    assert "tell-nobody" not in server.log() and "total revenue" not in server.log()
    assert "\x1b" not in server.log() and "\u0085" not in server.log()


def test_a_line_for_what_is_no_request(server):
    """It has neither method nor path; QUERENT=build-asan/querent sees more here than this does."""
    def told():
        return [line for line in access_lines(server) if line["status"] == 400 and line["method"] == ""]
    before = len(told())
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(b"GARBAGE\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    wait_for(lambda: len(told()) == before + 1)
    assert told()[-1]["path"] == "" and told()[-1]["route"] == "none" and "runtime error" not in server.log()


def test_health_is_not_told(server):
    server.get("/health", headers={"X-Request-ID": "quiet-1"})
    server.get("/metrics", headers={"X-Request-ID": "quiet-2"})
    server.get("/nothing", headers={"X-Request-ID": "loud-1"})
    line_of(server, "loud-1")
    assert "quiet-" not in server.log()


def test_switched_off(querent, tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    with Server(querent, tmp_path / "a.csv", QUERENT_ACCESS_LOG="off", QUERENT_LOG_LEVEL="debug") as server:
        server.get("/health")
        server.stream("how many rows are there")
        assert "health" not in server.log() and '"request"' not in server.log()


def send_many(port, count):
    request = b"GET /" + b"p" * 400 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        for _ in range(count // 20):
            connection.sendall(request * 20)
            received = b""
            while received.count(b"Not Found\"}") < 20:
                received += connection.recv(65536)


def test_a_reader_of_the_log_that_takes_nothing(querent, tmp_path):
    """A full pipe holds up no request; once it is read again, a line says how many were lost; at the end it doesn't
    hold up the stop either."""
    (tmp_path / "a.csv").write_text("x\n1\n")
    command = querent.command("serve", "--port", "0", "--data", str(tmp_path / "a.csv"))
    environment = {**querent.environment, "QUERENT_LOG_FORMAT": "text"}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        port = int(re.search(rb"http://\S+:(\d+) ", process.stderr.readline())[1])
        send_many(port, 4000)  # 0.7 KB a line: the pipe, what is being written, and a buffer of 1 MiB are full
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
        assert value(text, "querent_log_dropped_lines_total") > 0
        told = b""
        while b"lines of the log were lost" not in told:
            told += process.stderr.read1(65536)
        send_many(port, 2500)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
