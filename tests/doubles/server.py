# SPDX-License-Identifier: Apache-2.0
"""An HTTP/1.1 server on raw sockets, a thread a connection. It reads requests as any server does, but what it
sends is written byte by byte by the one who answers: wrong lengths, cuts and resets are possible."""
import http.client
import json
import select
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

HEAD_MAX = 256 * 1024
BODY_MAX = 64 * 1024 * 1024
STEP_S = 0.05  # how often a held connection looks whether its server closes


class Gone(Exception):
    """The client has left, or the server closes."""


@dataclass
class Request:
    method: str
    target: str
    headers: dict  # names in lower case
    body: bytes
    connection: int  # counts from 1
    version: str = "HTTP/1.1"
    began: float = field(default_factory=time.monotonic)

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def query(self):
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def json(self):
        return json.loads(self.body)


@dataclass
class Response:
    """What a well-behaved server would send: faults take it and spoil it."""
    status: int
    headers: dict
    pieces: list  # bytes, sent apart from each other
    stream: bool = False  # chunked, or by Content-Length
    first_delay_s: float = 0  # before the headers
    gap_s: float = 0  # before each piece but the first

    @property
    def body(self):
        return b"".join(self.pieces)


class Wire:
    """One connection, from the server's side."""

    def __init__(self, raw, stopping):
        self.socket, self.stopping, self.open = raw, stopping, True
        self.bytes_sent = 0

    def send(self, data):
        view = memoryview(data)
        while view:
            if self.stopping.is_set():
                raise Gone
            try:
                sent = self.socket.send(view[:65536])
            except (TimeoutError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue
            except (OSError, ValueError):
                raise Gone from None
            self.bytes_sent += sent
            view = view[sent:]

    def head(self, status, headers, version="HTTP/1.1"):
        reason = http.client.responses.get(status, "Unknown")
        lines = [f"{version} {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
        self.send("".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n")

    def chunk(self, data):
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def last_chunk(self):
        self.send(b"0\r\n\r\n")

    def pause(self, seconds):
        if self.stopping.wait(seconds):
            raise Gone

    def hold(self, seconds=None):
        """Says nothing until the client leaves (Gone), the server closes (Gone), or the time is over."""
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or time.monotonic() < end:
            if self.stopping.is_set():
                raise Gone
            if select.select([self.socket], [], [], STEP_S)[0]:
                try:
                    if not self.socket.recv(4096):
                        raise Gone
                except (TimeoutError, ssl.SSLWantReadError):
                    continue
                except OSError:
                    raise Gone from None

    def reset(self):
        """Ends the connection with RST: the client learns that something was lost."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        if self.open:
            self.open = False
            try:
                if isinstance(self.socket, ssl.SSLSocket):
                    self.socket.shutdown(socket.SHUT_WR)  # as most servers: no close_notify is waited for
            except OSError:
                pass
            self.socket.close()


def send_response(wire, response, keep_alive=True):
    if response.first_delay_s:
        wire.pause(response.first_delay_s)
    headers = dict(response.headers)
    if response.stream:
        headers["transfer-encoding"] = "chunked"
    else:
        headers["content-length"] = str(len(response.body))
    if not keep_alive:
        headers["connection"] = "close"
    wire.head(response.status, headers)
    for number, piece in enumerate(response.pieces):
        if number and response.gap_s:
            wire.pause(response.gap_s)
        wire.chunk(piece) if response.stream else wire.send(piece)
    if response.stream:
        wire.last_chunk()


class Server:
    """Calls handle(request, wire) in the connection's thread; what it leaves open is kept alive. `with` closes it."""

    def __init__(self, handle, *, tls=None, port=0, address="127.0.0.1"):
        self.handle, self.tls = handle, tls
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.connections = 0
        self.handshakes_failed = []  # what clients that refuse the certificate leave behind
        self.threads, self.wires = [], set()
        self.listener = socket.create_server((address, port), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    @property
    def origin(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                thread = threading.Thread(target=self.serve, args=(raw, self.connections), daemon=True)
                self.threads = [other for other in self.threads if other.is_alive()] + [thread]
            thread.start()

    def serve(self, raw, number):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is sent apart arrives apart
        raw.settimeout(30)
        if self.tls:
            try:
                raw = self.tls.wrap_socket(raw, server_side=True)
            except (ssl.SSLError, OSError) as failure:
                self.handshakes_failed.append(str(failure))
                raw.close()
                return
        raw.settimeout(1)
        wire = Wire(raw, self.stopping)
        self.wires.add(wire)
        try:
            self.serve_wire(wire, number)
        except (Gone, OSError):
            pass
        finally:
            self.wires.discard(wire)
            wire.close()

    def serve_wire(self, wire, number):
        """One connection to its end; http2.py has another one."""
        while wire.open and not self.stopping.is_set():
            request = self.read_request(wire.socket, number)
            if not request or not self.answer(request, wire):
                break

    def answer(self, request, wire):
        """Whether the connection is kept."""
        self.handle(request, wire)
        return wire.open and request.version == "HTTP/1.1" and request.headers.get("connection", "").lower() != "close"

    def receive(self, raw):
        while not self.stopping.is_set():
            try:
                return raw.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                continue
        return b""

    def read_request(self, raw, number):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.receive(raw)
            if not piece or len(data) > HEAD_MAX:
                return None
            data += piece
            if not data[:1].isalpha():  # somebody speaks TLS to us
                raw.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                return None
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, version = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("expect", "").lower() == "100-continue":
            raw.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(headers.get("content-length", "0"))
        if length > BODY_MAX:
            return None
        body = bytearray(rest)
        while len(body) < length:
            piece = self.receive(raw)
            if not piece:
                return None
            body += piece
        return Request(method, target, headers, bytes(body[:length]), number, version)

    def close(self):
        self.stopping.set()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for wire in list(self.wires):
            try:
                wire.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.acceptor.join(10)
        for thread in self.threads:
            thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
