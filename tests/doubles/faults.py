# SPDX-License-Identifier: Apache-2.0
"""What goes wrong between a client and a model, by name. A fault takes the exchange and spoils on the wire what would have
been a good answer; so it fits any vendor, streamed or whole. What no server can do (nobody listens, a name that is not
known, certificates) is for the test to set up."""
import email.utils
import time

from doubles.server import Response, send_response

FAULTS = {}
HTML = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"
MEGABYTE = b" " * (1024 * 1024)


def fault(name):
    def add(function):
        assert name not in FAULTS, name
        FAULTS[name] = function
        return function
    return add


def run(exchange):
    name, parameters = exchange.reply.fault if isinstance(exchange.reply.fault, (tuple, list)) \
        else (exchange.reply.fault, {})
    FAULTS[name](exchange, **parameters)


def cut(response, share=0.5):
    """The first part of a response's bytes."""
    body = response.body
    return body[:max(1, int(len(body) * share))]


def send_head(exchange, response=None, **headers):
    """The headers of a good response, with some in place of others; None leaves one out."""
    response = response or exchange.good()
    merged = {**response.headers, "transfer-encoding" if response.stream else "content-length":
              "chunked" if response.stream else str(len(response.body))}
    merged.update({name.replace("_", "-"): value for name, value in headers.items()})
    exchange.wire.head(response.status, {name: value for name, value in merged.items() if value is not None})
    return response


# ---- the connection ------------------------------------------------------------------------------------------

@fault("reset before headers")
def _(exchange):
    exchange.wire.reset()


@fault("closed before headers")
def _(exchange):
    exchange.wire.close()


@fault("reset within headers")
def _(exchange):
    exchange.wire.send(b"HTTP/1.1 200 OK\r\ncontent-type: appl")
    exchange.wire.reset()


@fault("reset after headers")
def _(exchange):
    send_head(exchange)
    exchange.wire.reset()


@fault("silence before headers")
def _(exchange):
    exchange.wire.hold()


@fault("dripping headers")
def _(exchange, gap_s=0.05):
    exchange.wire.send(b"HTTP/1.1 200 OK\r\nx-slow: ")
    while True:
        exchange.wire.send(b"a")
        exchange.wire.hold(gap_s)


@fault("stalled body")
def _(exchange):
    response = send_head(exchange)
    part = cut(response)
    exchange.wire.chunk(part) if response.stream else exchange.wire.send(part)
    exchange.wire.hold()


@fault("slow but steady")
def _(exchange, gap_s=0.02, pieces=20):
    """No fault of the answer: it comes whole."""
    response = exchange.good()
    body = response.body
    size = len(body) // pieces + 1
    response.pieces = [body[at:at + size] for at in range(0, len(body), size)]
    response.gap_s = gap_s
    send_response(exchange.wire, response)


@fault("keep-alive that is closed")
def _(exchange):
    """No fault of the answer, but the connection is gone when the client wants to use it again."""
    send_response(exchange.wire, exchange.good())
    exchange.wire.close()


@fault("not HTTP")
def _(exchange):
    exchange.wire.send(b"SSH-2.0-OpenSSH_9.2p1\r\n" + bytes(range(256)))
    exchange.wire.close()


# ---- lengths and forms of HTTP ---------------------------------------------------------------------------------

@fault("shorter than its length")
def _(exchange):
    response = exchange.good()
    exchange.wire.head(200, {**response.headers, "content-length": str(len(response.body) + 100)})
    exchange.wire.send(response.body)
    exchange.wire.close()


@fault("longer than its length")
def _(exchange):
    response = exchange.good()
    exchange.wire.head(200, {**response.headers, "content-length": str(len(response.body) // 2)})
    exchange.wire.send(response.body)
    exchange.wire.close()


@fault("two lengths")
def _(exchange):
    response = exchange.good()
    exchange.wire.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\ncontent-length: 99\r\n\r\n")
    exchange.wire.send(response.body)
    exchange.wire.close()


@fault("a length that is no number")
def _(exchange):
    exchange.wire.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: many\r\n\r\n{}")
    exchange.wire.close()


@fault("chunk size that is no number")
def _(exchange):
    response = exchange.good()
    exchange.wire.head(200, {**response.headers, "transfer-encoding": "chunked"})
    exchange.wire.chunk(cut(response))
    exchange.wire.send(b"zz\r\nrest\r\n0\r\n\r\n")
    exchange.wire.close()


@fault("no last chunk")
def _(exchange):
    response = exchange.good()
    exchange.wire.head(200, {**response.headers, "transfer-encoding": "chunked"})
    exchange.wire.chunk(cut(response, 0.7))
    exchange.wire.close()


@fault("HTTP/1.0")
def _(exchange):
    """No fault of the answer: it ends with the connection."""
    response = exchange.good()
    exchange.wire.head(200, response.headers, version="HTTP/1.0")
    exchange.wire.send(response.body)
    exchange.wire.close()


@fault("flood of headers")
def _(exchange):
    exchange.wire.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(1_000_000):
        exchange.wire.send(b"x-flood-%d: %b\r\n" % (number, b"a" * 200))


@fault("huge header")
def _(exchange):
    exchange.wire.send(b"HTTP/1.1 200 OK\r\nx-huge: ")
    for _ in range(64):
        exchange.wire.send(b"a" * 1024 * 1024)
    exchange.wire.close()


@fault("endless 100 Continue")
def _(exchange):
    while True:
        exchange.wire.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


@fault("204")
def _(exchange):
    exchange.wire.head(204, {})


@fault("empty body")
def _(exchange):
    exchange.wire.head(200, {"content-type": exchange.good().headers["content-type"], "content-length": "0"})


@fault("redirect")
def _(exchange, to="http://127.0.0.1:1/", status=307):
    exchange.wire.head(status, {"location": to, "content-length": "0"})


@fault("compressed garbage")
def _(exchange):
    response = exchange.good()
    garbage = bytes((7 * at + 13) % 256 for at in range(300))
    send_response(exchange.wire, Response(200, {**response.headers, "content-encoding": "gzip"}, [garbage]))


@fault("HTML in place of JSON")
def _(exchange):
    send_response(exchange.wire, Response(200, {"content-type": "text/html"}, [HTML]))


@fault("endless body")
def _(exchange):
    """A body without an end, of bytes that mean nothing."""
    response = exchange.good()
    exchange.wire.head(200, {**response.headers, "transfer-encoding": "chunked"})
    while True:
        exchange.wire.chunk(MEGABYTE)


@fault("100 MB")
def _(exchange):
    response = exchange.good()
    exchange.wire.head(200, {**response.headers, "content-length": str(100 * len(MEGABYTE))})
    for _ in range(100):
        exchange.wire.send(MEGABYTE)


# ---- statuses --------------------------------------------------------------------------------------------------

@fault("status")
def _(exchange, code, kind=None, message="scripted", headers=None, **more):
    """In the vendor's own form. `headers` may hold {"retry-after": "date"}: a second from now, as a date."""
    headers = dict(headers or {})
    if headers.get("retry-after") == "date":
        headers["retry-after"] = email.utils.formatdate(time.time() + 1, usegmt=True)
    send_response(exchange.wire, exchange.error(code, kind, message, headers, **more))


@fault("status with HTML")
def _(exchange, code):
    send_response(exchange.wire, Response(code, {"content-type": "text/html"}, [HTML]))


@fault("status with nothing")
def _(exchange, code):
    send_response(exchange.wire, Response(code, {}, []))


@fault("status with an endless body")
def _(exchange, code):
    exchange.wire.head(code, {"content-type": "application/json", "transfer-encoding": "chunked"})
    while True:
        exchange.wire.chunk(MEGABYTE)


@fault("error that tells the key")
def _(exchange, code=401):
    """A vendor that repeats what it was sent: nothing of it may be told on."""
    headers = exchange.call.request.headers
    key = headers.get("x-api-key") or headers.get("api-key") or headers.get("authorization", "")
    send_response(exchange.wire, exchange.error(code, None, f"Incorrect API key provided: {key}", {"x-echo": key}))


# ---- bodies ----------------------------------------------------------------------------------------------------

def whole(exchange, body):
    """The same as JSON and, where a stream was asked for, as one event of it."""
    if exchange.call.stream:
        body = b"data: " + body.replace(b"\n", b"") + b"\n\n"
    response = exchange.good()
    send_response(exchange.wire, Response(200, response.headers, [body], stream=exchange.call.stream))


@fault("malformed JSON")
def _(exchange):
    whole(exchange, b'{"id": "x", "content": [{"type": "text", "text": "oh')


@fault("body")
def _(exchange, json_text):
    """Valid JSON that is not what the protocol says."""
    whole(exchange, json_text.encode() if isinstance(json_text, str) else json_text)


@fault("deep JSON")
def _(exchange, depth=50_000):
    whole(exchange, b'{"content":' * depth + b"1" + b"}" * depth)


@fault("bytes that are no UTF-8")
def _(exchange):
    response = exchange.good()
    body = response.body
    middle = body.find(b'"text"') if b'"text"' in body else body.find(b'"content"')
    spoiled = body[:middle + 10] + b"\xff\xfe\xc3\x28" + body[middle + 10:]
    send_response(exchange.wire, Response(200, response.headers, [spoiled], stream=response.stream))


# ---- streams ---------------------------------------------------------------------------------------------------

def start_stream(exchange):
    response = exchange.good()
    exchange.wire.head(200, {**response.headers, "transfer-encoding": "chunked"})
    return response.pieces


@fault("cut within an event")
def _(exchange):
    pieces = start_stream(exchange)
    half = len(pieces) // 2
    for piece in pieces[:half]:
        exchange.wire.chunk(piece)
    exchange.wire.chunk(pieces[half][:len(pieces[half]) // 2] or b"d")
    exchange.wire.reset()


@fault("ends early but cleanly")
def _(exchange):
    pieces = start_stream(exchange)
    for piece in pieces[:max(1, len(pieces) // 2)]:
        exchange.wire.chunk(piece)
    exchange.wire.last_chunk()


@fault("reset before the first event")
def _(exchange):
    start_stream(exchange)
    exchange.wire.reset()


@fault("stalls in the stream")
def _(exchange):
    pieces = start_stream(exchange)
    for piece in pieces[:max(1, len(pieces) // 2)]:
        exchange.wire.chunk(piece)
    exchange.wire.hold()


@fault("error event")
def _(exchange, after=0.0, kind="overloaded_error", message="Overloaded"):
    """Within a stream that began well; `after`: the share of it that came before."""
    pieces = start_stream(exchange)
    for piece in pieces[:int(len(pieces) * after)]:
        exchange.wire.chunk(piece)
    exchange.wire.chunk(exchange.double.error_event(kind, message))
    exchange.wire.last_chunk()


@fault("malformed event")
def _(exchange):
    pieces = start_stream(exchange)
    half = len(pieces) // 2
    for piece in pieces[:half]:
        exchange.wire.chunk(piece)
    exchange.wire.chunk(b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"ty\n\n')
    for piece in pieces[half:]:
        exchange.wire.chunk(piece)
    exchange.wire.last_chunk()


@fault("events in reverse")
def _(exchange):
    pieces = start_stream(exchange)
    for piece in reversed(pieces):
        exchange.wire.chunk(piece)
    exchange.wire.last_chunk()


@fault("events twice")
def _(exchange):
    for piece in (pieces := start_stream(exchange)) + pieces:
        exchange.wire.chunk(piece)
    exchange.wire.last_chunk()


@fault("huge event")
def _(exchange, size=32 * 1024 * 1024):
    start_stream(exchange)
    exchange.wire.chunk(b'event: content_block_delta\ndata: {"type":"content_block_delta","text":"')
    for _ in range(size // len(MEGABYTE)):
        exchange.wire.chunk(b"x" * len(MEGABYTE))
    exchange.wire.chunk(b'"}\n\n')
    exchange.wire.last_chunk()


@fault("endless text")
def _(exchange):
    """A model that never stops: deltas for ever."""
    pieces = start_stream(exchange)
    delta = next((piece for piece in pieces if b"_delta" in piece or b'"content"' in piece), pieces[0])
    for piece in pieces[:pieces.index(delta)]:
        exchange.wire.chunk(piece)
    block = delta * 1000
    while True:
        exchange.wire.chunk(block)


@fault("endless pings")
def _(exchange, gap_s=0.01):
    """A server that lives and says nothing: bytes come, so that nobody's patience with silence ends it."""
    pieces = start_stream(exchange)
    exchange.wire.chunk(pieces[0])
    while True:
        exchange.wire.chunk(exchange.double.ping_event())
        exchange.wire.hold(gap_s)


@fault("JSON in place of a stream")
def _(exchange):
    """A server that does not stream though it was asked to."""
    call = exchange.call
    was, call.stream = call.stream, False
    try:
        send_response(exchange.wire, exchange.good())
    finally:
        call.stream = was
