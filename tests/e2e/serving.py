# SPDX-License-Identifier: Apache-2.0
"""`querent serve` as a test sees it: a process, and what is said to it over HTTP."""
import http.client
import json
import os
import re
import subprocess
import threading

from conftest import PROGRAM, ROOT

SANITIZED = "ASAN_OPTIONS" in os.environ
READY = re.compile(r"ready at http://127\.0\.0\.1:(\d+)")


class Refused(Exception):
    """A reply that is no 200: its status and body."""

    def __init__(self, status, headers, body):
        super().__init__(f"{status}: {body}")
        self.status, self.headers, self.body = status, headers, body


class Server:
    """A serving process. What it prints is read by a thread, so that it never waits for us."""

    def __init__(self, querent, *arguments, environment=None, **options):
        command = [PROGRAM, "serve", "--port", "0", *map(str, arguments)]
        self.process = subprocess.Popen(command, env={**querent.environment, **(environment or {})}, cwd=ROOT,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, **options)
        self.lines = []
        self.port = None
        self.told = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            if not self.port and (found := READY.search(line)):
                self.port = int(found[1])
                self.told.set()
        self.told.set()

    def wait_until_ready(self, seconds=60):
        assert self.told.wait(seconds), "the server does not start"
        assert self.port, f"the server ended: {self.said()}"
        return self

    def said(self):
        return "".join(self.lines)

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=30)
        self.reader.join(timeout=30)

    def stop(self, seconds=60):
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=seconds)
        self.reader.join(timeout=30)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def client(self, timeout=60):
        return Client(self.port, timeout)


class Client:
    """One keep-alive connection."""

    def __init__(self, port, timeout=60):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def begin(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
        response = self.connection.getresponse()
        if response.status != 200:
            raise Refused(response.status, dict(response.getheaders()), response.read().decode())
        return response

    def call(self, method, path, body=None):
        return json.loads(self.begin(method, path, body).read())

    def body(self, question, conversation=None, user="ana", **config):
        body = {"query": question, "user_id": user}
        if conversation:
            body["conversation_id"] = conversation
        if config:
            body["agent_config"] = config
        return body

    def ask(self, question, conversation=None, **options):
        return self.call("POST", "/api/v1/query", self.body(question, conversation, **options))

    def stream(self, question, conversation=None, **options):
        """The events' names and data, each as soon as all of it is there."""
        response = self.begin("POST", "/api/v1/query/stream", self.body(question, conversation, **options))
        while line := response.readline():
            if line.startswith(b"data: ") and line.endswith(b"\n"):
                event = json.loads(line[6:])
                yield event["event"], event["data"]

    def messages(self, conversation):
        return self.call("GET", f"/api/v1/conversations/{conversation}/messages?limit=1000")
