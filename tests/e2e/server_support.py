# SPDX-License-Identifier: Apache-2.0
"""A running `querent serve` and clients for it: httpx, httpx-sse, sockets. (serving.py is smaller, for tests that kill
servers by the hundred.)"""
import json
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass

import httpx
import httpx_sse
from httpx_sse._decoders import SSEDecoder

from conftest import ROOT, children, is_alive, unread_by, wait_for

# A sanitized program on a loaded machine is many times slower.
SANITIZED = any(name.endswith("SAN_OPTIONS") for name in os.environ)
PATIENCE_S = 60
QUERY, STREAM = "/api/v1/query", "/api/v1/query/stream"


@dataclass
class Event:
    id: int
    name: str
    data: dict


def read_event(sse):
    """An event as the API wraps it: the SSE fields carry only id and data."""
    assert sse.event == "message" and sse.retry is None
    wrapped = json.loads(sse.data)
    assert wrapped.keys() == {"event", "data"}
    return Event(int(sse.id), wrapped["event"], wrapped["data"])


def events_of(stream):
    """httpx-sse makes an event without data of a comment, which the standard does not."""
    return [read_event(sse) for sse in stream if sse and sse.data]


def check_events(events):
    """What holds for every stream: numbered from 1, one start, one end, steps that end only after they began; an
    answer that is there already tells only how its steps ended. A model's answer is told piece by piece in its step."""
    names = [event.name for event in events]
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert names[0] == "run_start"
    assert [name for name in names if name in ("complete", "error")] == names[-1:]
    steps = [event for event in events[1:-1] if event.name != "answer_delta"]
    assert {event.name for event in steps} <= {"step_start", "step_update"}
    if "step_start" in names:
        assert [event.name for event in steps] == ["step_start", "step_update"] * (len(steps) // 2), names
        assert all(begin.data["step"] == end.data["step"] for begin, end in zip(steps[::2], steps[1::2]))
    return events


def request_of(question, user="ana", conversation=None, **config):
    body = {"query": question, "user_id": user}
    if conversation:
        body["conversation_id"] = conversation
    if config:
        body["agent_config"] = config
    return body


def rows_of(reply):
    return sorted(tuple(row.values()) for row in reply["data_sample"])


class Server:
    """`with Server(querent, file) as server:` starts it and, at the end, stops it and looks at how it ended."""

    def __init__(self, querent, *data, descriptors=None, **settings):
        self.querent, self.data, self.settings, self.descriptors = querent, data, settings, descriptors
        self.settings.setdefault("QUERENT_STOP_GRACE_S", 30)
        self.stopping = False

    def __enter__(self):
        self.log_path = self.querent.home.parent / f"serve-{time.monotonic_ns()}.log"
        self.querent.home.mkdir(parents=True, exist_ok=True)
        command = self.querent.command("serve", "--port", "0")
        for path in self.data:
            command += ["--data", str(path)]
        environment = {**self.querent.environment, **{name: str(value) for name, value in self.settings.items()}}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, preexec_fn=self.limit if self.descriptors else None)
        wait_for(lambda: self.ready_line() or self.process.poll() is not None, PATIENCE_S)
        assert self.ready_line(), self.log()
        self.port = int(self.ready_line().group(1))
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE_S)
        return self

    def limit(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

    def log(self):
        return self.log_path.read_text(errors="replace")

    def ready_line(self):
        return re.search(r"ready at http://\S+:(\d+) ", self.log())

    def __exit__(self, kind, value, traceback):
        self.http.close()
        if not self.stopping:
            self.signal()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if kind is None:
            assert self.process.returncode == 0, self.log()
            assert "Sanitizer" not in self.log() and "runtime error" not in self.log(), self.log()

    def signal(self, number=signal.SIGTERM):
        self.stopping |= number != signal.SIGHUP
        self.process.send_signal(number)

    def workers(self):
        return [pid for pid in children(self.process.pid) if is_alive(pid)]

    def freeze(self):
        """Stops the DuckDB workers, so that a question waits; returns them for thaw(). With one loop and one
        worker that is all of them; they start with the first question."""
        self.ask("how many rows are there", user="warm", use_cache=False)
        frozen = self.workers()
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        return frozen

    @staticmethod
    def thaw(frozen):
        for pid in frozen:
            if is_alive(pid):
                os.kill(pid, signal.SIGCONT)

    def post(self, path, body, **options):
        return self.http.post(path, json=body, **options)

    def get(self, path, **options):
        return self.http.get(path, **options)

    def ask(self, question, user="ana", conversation=None, expect=200, **config):
        response = self.post(QUERY, request_of(question, user, conversation, **config))
        assert response.status_code == expect, response.text
        return response.json()

    def stream(self, question, user="ana", conversation=None, **config):
        """All events of a stream, checked."""
        with httpx_sse.connect_sse(self.http, "POST", STREAM,
                                   json=request_of(question, user, conversation, **config)) as source:
            assert source.response.status_code == 200
            return check_events(events_of(source.iter_sse()))

    def messages(self, conversation):
        response = self.get(f"/api/v1/conversations/{conversation}/messages")
        assert response.status_code == 200, response.text
        return response.json()["messages"]

    def conversations(self, user, **parameters):
        response = self.get(f"/api/v1/conversations/{user}", params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def wait_until_read(self, connection):
        """Until the server has read all that was sent to it."""
        wait_for(lambda: unread_by(self.process.pid, connection) == 0, PATIENCE_S)

    def exchange(self, data, shut=False):
        """Sends bytes and reads until the server closes: the bytes."""
        with self.connect() as connection:
            connection.sendall(data)
            if shut:
                connection.shutdown(socket.SHUT_WR)
            return read_all(connection)


def read_all(connection):
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


class OpenStream:
    """A stream read in a thread: its lines as they come, its events at the end."""

    def __init__(self, server, question, user="ana"):
        self.lines, self.failure = [], None
        self.body = request_of(question, user, use_cache=False)
        self.thread = threading.Thread(target=self.read, args=(server.url,), daemon=True)
        self.thread.start()
        wait_for(lambda: self.failure or any("generate_sql" in line for line in self.lines), PATIENCE_S)

    def read(self, url):
        try:
            with httpx.stream("POST", url + STREAM, json=self.body, timeout=PATIENCE_S) as response:
                assert response.status_code == 200
                for line in response.iter_lines():
                    self.lines.append(line)
        except (httpx.HTTPError, AssertionError) as failure:
            self.failure = failure

    def events(self):
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive() and not self.failure, self.failure
        decoder = SSEDecoder()
        return check_events(events_of(map(decoder.decode, self.lines)))

    def comments(self):
        return [line for line in self.lines if line.startswith(":")]
