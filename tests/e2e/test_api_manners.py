# SPDX-License-Identifier: Apache-2.0
"""Clients of the plan's service rely on what FastAPI answers, to good and to bad requests: Querent answers the same.

fastapi_oracle/app.py is the plan's service, run with uvicorn; fastapi_oracle/requests.jsonl has the requests, one a
line (keys: see REQUEST); fastapi_oracle/DIFFERENCES.md says what is meant to differ, and why. QUERENT_URL, if set, is
a server that runs already (127.0.0.1:PORT), with QUERENT_CORS_ORIGINS=*.
"""
import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from conftest import Querent
from server_support import Server

FOLDER = Path(__file__).with_name("fastapi_oracle")
# What a line may have: its defaults. `body` is text in `encoding`; `hex` bytes; `parts` [text, times] pairs. `compare`:
# exact; shape (status, headers, and the oracle's fields with the same kinds of values); head (status and headers).
# `differs` names a section of DIFFERENCES.md and `ours` what Querent answers: status, body, headers.
REQUEST = {"id": None, "method": "POST", "path": "/api/v1/query", "type": "application/json", "headers": {}, "body": None,
           "encoding": "utf-8", "hex": None, "parts": None, "compare": "exact", "differs": None, "ours": None}
# Headers that clients rely on; Date, Server, X-Request-ID and the like are each server's own.
HEADERS = ["content-type", "allow", "location", "access-control-allow-origin", "access-control-allow-methods",
           "access-control-allow-headers", "access-control-allow-credentials", "access-control-max-age", "vary"]


def load_requests():
    rows = []
    for line in (FOLDER / "requests.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert set(row) <= set(REQUEST), row
        rows.append({**REQUEST, **row})
    assert len({row["id"] for row in rows}) == len(rows)
    return rows


REQUESTS = load_requests()


class Sender:
    """Where to send requests, over one connection as long as the server keeps it."""

    def __init__(self, port):
        self.port = port
        self.connection = None

    def send(self, row):
        for fresh in (False, True):  # a kept connection may have been closed meanwhile
            if fresh or not self.connection:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                return self.send_once(row)
            except (http.client.BadStatusLine, ConnectionError):
                if fresh:
                    raise
        return None

    def send_once(self, row):
        body = body_of(row)
        headers = {"Host": "127.0.0.1", **row["headers"]}
        self.connection.putrequest(row["method"], row["path"], skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            self.connection.putheader(name, value.encode("latin-1"))
        if body is not None and row["type"] is not None:
            self.connection.putheader("Content-Type", row["type"])
        if body is not None:
            self.connection.putheader("Content-Length", str(len(body)))
        try:
            self.connection.endheaders(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a refused body; the reply may be there all the same
        reply = self.connection.getresponse()
        content = reply.read()
        if reply.will_close:
            self.connection = None
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, content


def body_of(row):
    if row["hex"] is not None:
        return bytes.fromhex(row["hex"])
    if row["parts"] is not None:
        return "".join(text * times for text, times in row["parts"]).encode()
    return None if row["body"] is None else row["body"].encode(row["encoding"])


@pytest.fixture(scope="module")
def oracle():
    """It takes a socket that listens already: what is sent before it is up waits there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        with subprocess.Popen([sys.executable, "-m", "uvicorn", "--app-dir", FOLDER, "--fd", str(listener.fileno()),
                               "--log-level", "critical", "app:app"], pass_fds=[listener.fileno()]) as process:
            yield Sender(listener.getsockname()[1])
            process.terminate()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if url := os.environ.get("QUERENT_URL"):
        yield Sender(int(url.rsplit(":", 1)[1]))
        return
    folder = tmp_path_factory.mktemp("manners")
    data = folder / "sales.csv"
    data.write_text("day,region,revenue\n2024-01-10,North,500.00\n2024-01-20,South,300.50\n")
    with Server(Querent(folder / "home"), data, QUERENT_CORS_ORIGINS="*") as running:
        yield Sender(running.port)


def kind(value):
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def content_of(reply):
    """JSON as values, other text as it is."""
    status, headers, content = reply
    text = content.decode("utf-8", "replace")
    return json.loads(text) if headers.get("content-type", "").startswith("application/json") and text else text


def head_of(reply):
    status, headers, content = reply
    return {"status": status, **{name: headers[name] for name in HEADERS if name in headers}}


def shape_of(content, wanted=None):
    """The kinds of an object's values, of the keys of `wanted` alone."""
    if not isinstance(content, dict):
        return kind(content)
    return {key: kind(value) for key, value in content.items() if wanted is None or key in wanted}


def difference(row, ours, theirs):
    """None, or the two that are not the same."""
    left, right = [head_of(ours)], [head_of(theirs)]
    mine, other = content_of(ours), content_of(theirs)
    if "Illegal trailing comma" in str(other):  # said by newer Pythons than Debian 12's
        return None
    if row["compare"] == "exact":
        left.append(mine), right.append(other)
    elif row["compare"] == "shape":
        left.append(shape_of(mine, other)), right.append(shape_of(other))
    return None if left == right else (left, right)


def subset(wanted, found):
    """Whether all that is wanted is there; lists and other values are equal."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(key in found and subset(value, found[key]) for key, value in wanted.items())
    return wanted == found


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row["id"])
def test_same_as_fastapi(row, server, oracle):
    ours, theirs = server.send(row), oracle.send(row)
    found = difference(row, ours, theirs)
    if row["differs"] is None:
        assert not found, f"ours {found[0]}\ntheirs {found[1]}"
        return
    assert found, f"no difference any more: {row['differs']}"
    wanted, (status, headers, _) = row["ours"], ours
    assert status == wanted["status"], (ours, theirs)
    assert subset(wanted.get("headers", {}), headers), (ours, theirs)
    if "body" in wanted:
        assert content_of(ours) == wanted["body"]


def test_each_difference_has_its_reason():
    reasons = re.findall(r"^## (\S+)$", (FOLDER / "DIFFERENCES.md").read_text(encoding="utf-8"), re.M)
    assert sorted(reasons) == sorted({row["differs"] for row in REQUESTS if row["differs"]})


SEEDS = [
    b'{"query":"What is it?","user_id":1,"agent_config":{"dataset_filter":["a"],"temperature":0.5,"use_cache":true}}',
    '{"query": "caf\u00e9 \\u00e9 \\ud83d\\ude00 \\n", "user_id":7}'.encode(),
    b'[1,2.5e3,-0,"a",{"b":[null,true,false]}]', '{"\u00e9":"\U0001F600"}'.encode("utf-16"),
]
PIECES = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"null", b"-", b"0", b".", b"e", b" ", b"\n", b"\\u", b"\\ud800",
          b"\0", b"\x1f", b"\xff", b"\xc3", b"\xf0\x9f\x98\x80", b"9" * 25, b"true", b"_"]


def broken_bodies(count):
    generator = random.Random(20261122)
    for _ in range(count):
        body = bytearray(generator.choice(SEEDS))
        for _ in range(generator.choice([1, 1, 1, 2, 3])):
            at = generator.randint(0, len(body))
            if generator.random() < 0.5:
                body[at:at] = generator.choice(PIECES)
            elif generator.random() < 0.8:
                del body[at:at + generator.choice([1, 1, 2, 5])]
            else:
                body = body[:at]
        yield bytes(body)


def can_be_told(body):
    """Not what a reply of the oracle could not hold (DIFFERENCES.md: surrogate, not-finite, nul)."""
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False, allow_nan=False)
        return "\\u0000" not in text and bool(text.encode())
    except json.JSONDecodeError:
        return True
    except ValueError:
        return False


def test_broken_bodies_are_refused_alike(server, oracle):
    """A thousand texts, each a JSON text with a few bytes changed: the same words, at the same place."""
    seen = Counter()
    for body in filter(can_be_told, broken_bodies(1000)):
        row = {**REQUEST, "id": "broken", "hex": body.hex()}
        ours, theirs = server.send(row), oracle.send(row)
        assert not difference(row, ours, theirs), (body, ours, theirs)
        seen[str(content_of(theirs))[:60]] += 1
    assert len(seen) > 10


def test_the_document_has_fastapis_names(server, oracle):
    """What generated clients are made of: operations, bodies, models and their fields are called as FastAPI calls them."""
    ours, theirs = (json.loads(sender.send({**REQUEST, "method": "GET", "path": "/openapi.json"})[2])
                    for sender in (server, oracle))

    def operations(document):
        # Of two paths that differ in nothing but a parameter's name OpenAPI takes one.
        return {(re.sub(r"\{[a-z_]+\}$", "{id}", path), method): operation
                for path, methods in document["paths"].items() for method, operation in methods.items()}

    mine = operations(ours)
    for key, operation in operations(theirs).items():
        assert mine[key]["operationId"] == operation["operationId"], key
        if "$ref" in str(operation.get("requestBody")):
            assert "$ref" in str(mine[key]["requestBody"]["content"]["application/json"]["schema"])
    models = ours["components"]["schemas"]
    for name, model in theirs["components"]["schemas"].items():
        assert model.get("properties", {}).keys() <= models[name].get("properties", {}).keys(), name
        assert set(model.get("required", [])) <= set(models[name].get("required", [])), name
