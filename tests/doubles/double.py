# SPDX-License-Identifier: Apache-2.0
"""What the doubles of all vendors share: keys, a log of requests, the script, faults."""
import argparse
import json
import sys
import threading
from dataclasses import dataclass

from doubles import faults, script
from doubles.server import Gone, Response, Server, send_response


class Refused(Exception):
    """A request that the vendor would answer with an error; `response` says which."""

    def __init__(self, response):
        super().__init__(response.status)
        self.response = response


@dataclass
class Exchange:
    """One request with what a good answer would be; a fault spoils it on the wire."""
    double: object
    call: script.Call
    reply: script.Reply
    wire: object = None

    def good(self):
        return self.double.respond(self.call, self.reply)

    def error(self, status, kind=None, message="scripted", headers=None, **more):
        return self.double.error(status, kind, message, headers or {}, **more)


def events_of(events, newline="\n", split=0):
    """A Server-Sent Events body as pieces of bytes: (name, data) each, a comment as (":", text)."""
    pieces = []
    for name, data in events:
        lines = [f": {data}"] if name == ":" else [*([f"event: {name}"] if name else []), f"data: {data}"]
        pieces.append("".join(line + newline for line in [*lines, ""]).encode())
    if split:
        whole = b"".join(pieces)
        pieces = [whole[at:at + split] for at in range(0, len(whole), split)]
    return pieces


def parts_of(text, size):
    """The deltas in which a text comes."""
    return [text[at:at + size] for at in range(0, len(text), size)] if size else [text] if text else []


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def tokens_of(data):
    """How many tokens a text or bytes have, roughly; the same for the same bytes."""
    size = len(data.encode()) if isinstance(data, str) else len(data)
    return (size + 3) // 4


def held(pieces, until):
    """The second half comes when the event is set."""
    half = max(1, len(pieces) // 2)
    yield from pieces[:half]
    until.wait(120)
    yield from pieces[half:]


class Double:
    """A vendor gives: read(request) -> Call, or raises Refused; respond(call, reply) -> Response; error(...) -> Response.
    `keys`: those that are let in; empty: everybody. serve=False: somebody else listens (http2.py)."""

    def __init__(self, source="Understood.", *, keys=("test-key",), tls=None, port=0, serve=True):
        self.script = source if isinstance(source, script.Script) else script.Script(source)
        self.keys = tuple(keys)
        self.lock = threading.Lock()
        self.requests, self.calls = [], []
        self.server = Server(self.handle, tls=tls, port=port) if serve else None

    @property
    def origin(self):
        return self.server.origin

    def exchange(self, request):
        """What a request comes to: an Exchange, or the Response that refuses it."""
        with self.lock:
            self.requests.append(request)
        try:
            call = self.read(request)
        except Refused as refused:
            return refused.response
        with self.lock:
            self.calls.append(call)
        return Exchange(self, call, self.script.next(call) or script.Reply())

    def handle(self, request, wire):
        exchange = self.exchange(request)
        if isinstance(exchange, Response):
            send_response(wire, exchange)
        elif exchange.reply.fault:
            exchange.wire = wire
            faults.run(exchange)
        else:
            send_response(wire, self.answer(exchange))

    def answer(self, exchange):
        """The Response without a fault: a scripted error, or what the vendor says."""
        reply = exchange.reply
        if reply.status:
            return exchange.error(reply.status, reply.kind, reply.message, reply.headers)
        response = exchange.good()
        response.headers.update(reply.headers)
        response.first_delay_s, response.gap_s = reply.first_delay_s, reply.gap_s
        if reply.until and response.stream:
            response.pieces = held(response.pieces, reply.until)
        return response

    def chats(self):
        """The calls that asked the model something."""
        return [call for call in self.calls if call.kind == "chat"]

    def forget(self, source=None):
        """An empty log, and a new script where one is given."""
        with self.lock:
            self.requests, self.calls = [], []
        if source is not None:
            self.script = source if isinstance(source, script.Script) else script.Script(source)

    def close(self):
        if self.server:
            self.server.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main(make, words):
    """`python -m doubles.NAME`: serves until it is interrupted, and prints each request as a line."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", help="a JSON list of replies, or a Python file with answer(call); script.py says more")
    parser.add_argument("--key", action="append", default=[], help="a key that is let in; without any, all are")
    options = parser.parse_args()
    source = script.load(options.script) if options.script else script.Script()
    with make(source, keys=options.key, port=options.port) as double:
        print(f"ready at {double.origin}", file=sys.stderr, flush=True)
        told = 0
        try:
            while True:
                threading.Event().wait(0.2)
                for request in double.requests[told:]:
                    told += 1
                    print(f"{request.method} {request.target} {len(request.body)} bytes", flush=True)
        except (KeyboardInterrupt, Gone):
            pass
