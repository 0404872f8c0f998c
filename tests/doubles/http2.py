# SPDX-License-Identifier: Apache-2.0
"""A double behind HTTP/2 over TLS, with the faults that only HTTP/2 has: a connection that is given up (GOAWAY), streams that
are reset, frames that break the protocol. A thread a connection, and one a request."""
import struct
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from doubles.server import Gone, Request, Response, Server

CODES = h2.errors.ErrorCodes
FAULTS = {}


def fault(name):
    def add(function):
        FAULTS[name] = function
        return function
    return add


class Connection:
    """The frames of one connection; its lock is held for each of them."""

    def __init__(self, wire):
        self.wire, self.lock = wire, threading.Condition()
        self.frames = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.bodies, self.heads, self.closed = {}, {}, False

    def flush(self):
        if data := self.frames.data_to_send():
            self.wire.send(data)

    def head(self, stream, response):
        with self.lock:
            headers = [(":status", str(response.status)), *((name, str(value)) for name, value in response.headers.items())]
            self.frames.send_headers(stream, headers)
            self.flush()

    def data(self, stream, data, end=False):
        """As fast as the client lets us."""
        with self.lock:
            while data:
                while not (room := min(self.frames.local_flow_control_window(stream), self.frames.max_outbound_frame_size)):
                    if self.closed or not self.lock.wait(30):
                        raise Gone
                self.frames.send_data(stream, data[:room])
                data = data[room:]
                self.flush()
            if end:
                self.frames.end_stream(stream)
                self.flush()

    def reset(self, stream, code):
        with self.lock:
            self.frames.reset_stream(stream, code)
            self.flush()

    def go_away(self, code, last_stream):
        with self.lock:
            self.frames.close_connection(code, last_stream_id=last_stream)
            self.flush()

    def raw(self, kind, flags, stream, payload):
        with self.lock:
            self.wire.send(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)


class Frames(Server):
    """Hands connections to Http2."""

    def __init__(self, owner, tls):
        self.owner = owner
        super().__init__(None, tls=tls)

    def serve_wire(self, wire, number):
        self.owner.serve(wire, number)


class Http2:
    """`double` was made with serve=False; `tls` is a context that offers h2."""

    def __init__(self, double, tls):
        self.double = double
        self.server = Frames(self, tls)

    @property
    def origin(self):
        return self.server.origin

    def serve(self, wire, number):
        connection = Connection(wire)
        with connection.lock:
            connection.frames.initiate_connection()
            connection.flush()
        try:
            while not wire.stopping.is_set() and (data := self.server.receive(wire.socket)):
                with connection.lock:
                    events = connection.frames.receive_data(data)
                    connection.flush()
                    connection.lock.notify_all()
                for event in events:
                    self.take(connection, event, number)
        except (h2.exceptions.ProtocolError, Gone, OSError):
            pass
        finally:
            with connection.lock:
                connection.closed = True
                connection.lock.notify_all()

    def take(self, connection, event, number):
        if isinstance(event, h2.events.RequestReceived):
            connection.heads[event.stream_id] = dict(event.headers)
            connection.bodies[event.stream_id] = b""
        elif isinstance(event, h2.events.DataReceived):
            connection.bodies[event.stream_id] += event.data
            with connection.lock:
                connection.frames.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                connection.flush()
        if isinstance(event, h2.events.StreamEnded):
            head, body = connection.heads.pop(event.stream_id), connection.bodies.pop(event.stream_id)
            request = Request(head[":method"], head[":path"], {name: value for name, value in head.items() if name[0] != ":"},
                              body, number, "HTTP/2")
            threading.Thread(target=self.respond, args=(connection, event.stream_id, request), daemon=True).start()

    def respond(self, connection, stream, request):
        exchange = self.double.exchange(request)
        try:
            if isinstance(exchange, Response):
                self.send(connection, stream, exchange)
            elif exchange.reply.fault:
                FAULTS[exchange.reply.fault](connection, stream, self.double.answer(exchange))
            else:
                self.send(connection, stream, self.double.answer(exchange))
        except (Gone, OSError, h2.exceptions.ProtocolError):
            pass

    @staticmethod
    def send(connection, stream, response):
        connection.head(stream, response)
        for piece in response.pieces:
            connection.data(stream, piece)
        connection.data(stream, b"", end=True)

    def close(self):
        self.server.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@fault("GOAWAY before the answer")
def _(connection, stream, response):
    """The connection is given up, and the request was not looked at: it may be sent again."""
    connection.go_away(CODES.NO_ERROR, 0)
    connection.wire.close()


@fault("GOAWAY with an error")
def _(connection, stream, response):
    connection.go_away(CODES.ENHANCE_YOUR_CALM, 0)
    connection.wire.close()


@fault("GOAWAY within the answer")
def _(connection, stream, response):
    connection.head(stream, response)
    connection.data(stream, response.body[:len(response.body) // 2])
    connection.go_away(CODES.INTERNAL_ERROR, stream)
    connection.wire.close()


@fault("GOAWAY after which the answer comes")
def _(connection, stream, response):
    """No fault of the answer: only the next one needs another connection. (h2 would not let us: its bytes.)"""
    connection.raw(7, 0, 0, struct.pack(">II", stream, 0))
    Http2.send(connection, stream, response)


@fault("stream refused")
def _(connection, stream, response):
    connection.reset(stream, CODES.REFUSED_STREAM)


@fault("stream reset before headers")
def _(connection, stream, response):
    connection.reset(stream, CODES.INTERNAL_ERROR)


@fault("stream reset after headers")
def _(connection, stream, response):
    connection.head(stream, response)
    connection.reset(stream, CODES.INTERNAL_ERROR)


@fault("stream reset within the answer")
def _(connection, stream, response):
    connection.head(stream, response)
    connection.data(stream, response.body[:len(response.body) // 2])
    connection.reset(stream, CODES.CANCEL)


@fault("frame of no kind at all")
def _(connection, stream, response):
    """No fault of the answer: unknown frames are ignored."""
    connection.raw(0xfa, 0, 0, b"what is this")
    Http2.send(connection, stream, response)


@fault("data before headers")
def _(connection, stream, response):
    connection.raw(0, 0, stream, b"data without headers")


@fault("broken header block")
def _(connection, stream, response):
    connection.raw(1, 4, stream, b"\xff" * 40)


@fault("frame over the limit")
def _(connection, stream, response):
    connection.head(stream, response)
    connection.raw(0, 0, stream, b" " * (1024 * 1024))


@fault("endless header block")
def _(connection, stream, response):
    connection.raw(1, 0, stream, b"\x88")
    while True:
        connection.raw(9, 0, stream, b"\x00\x01a\x7f\x80\x7f" + b"b" * 254 + b"\x00\x01a\x01b")


@fault("flood of pings")
def _(connection, stream, response):
    """No fault of the answer: it comes after them."""
    for _ in range(200):
        connection.raw(6, 0, 0, b"12345678")
    Http2.send(connection, stream, response)


@fault("stalled stream")
def _(connection, stream, response):
    connection.head(stream, response)
    connection.data(stream, response.body[:len(response.body) // 2])
