# SPDX-License-Identifier: Apache-2.0
"""One fast stand-in for Claude, OpenAI embeddings and Domo: raw asyncio protocol, uvloop, httptools.

usage: stub.py PORT      environment: STUB_DELAY_MS (model calls only, default 0)
Control: POST /_ctl?delay_ms=N, POST /_ctl?gate=1 (hold every model reply), gate=0 (release), GET /_stat.
"""
import array
import asyncio
import base64
import json
import os
import random
import re
import sys
import time
import zlib

import httptools
import uvloop

delay_ms = float(os.getenv("STUB_DELAY_MS", "0"))
gate = False
held = []
peak_held = 0
calls = {"select": 0, "sql": 0, "answer": 0, "embed": 0, "token": 0, "list": 0, "query": 0}
sql_counter = 0
DATASET = re.compile(rb'dataset_id\\": \\"([0-9a-f-]{36})')
ANSWER = "Revenue was 1,234,567.89 in total; the North region led with 410,000.00, ahead of South and West."


def http(body: bytes, kind=b"application/json", status=b"200 OK") -> bytes:
    return (b"HTTP/1.1 " + status + b"\r\ncontent-type: " + kind + b"\r\nrequest-id: req_1\r\ncontent-length: " +
            str(len(body)).encode() + b"\r\n\r\n" + body)


def message(block, stop):
    return {"id": "msg_stub", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
            "content": [block], "stop_reason": stop, "stop_sequence": None, "stop_details": None,
            "container": None, "diagnostics": None,
            "usage": {"input_tokens": 1200, "output_tokens": 60, "cache_creation_input_tokens": 0,
                      "cache_read_input_tokens": 0,
                      "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
                      "output_tokens_details": {"thinking_tokens": 0}, "server_tool_use": None,
                      "service_tier": "standard", "inference_geo": None, "speed": None}}


def as_events(msg):
    block = msg["content"][0]
    start = dict(msg, content=[], stop_reason=None)
    out = [("message_start", {"message": start})]
    if block["type"] == "text":
        out.append(("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}))
        out += [("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": word + " "}})
                for word in block["text"].split()]
    else:
        out.append(("content_block_start", {"index": 0, "content_block": dict(block, input={})}))
        out.append(("content_block_delta", {"index": 0, "delta": {
            "type": "input_json_delta", "partial_json": json.dumps(block["input"])}}))
    out += [("content_block_stop", {"index": 0}),
            ("message_delta", {"delta": {"stop_reason": msg["stop_reason"], "stop_sequence": None},
                               "usage": {"output_tokens": 60}}),
            ("message_stop", {})]
    return "".join(f"event: {n}\ndata: {json.dumps({'type': n, **d})}\n\n" for n, d in out).encode()


def tool(name, value):
    return message({"type": "tool_use", "id": "toolu_stub", "name": name, "input": value,
                    "caller": {"type": "direct"}}, "tool_use")


def model_reply(body: bytes) -> bytes:
    global sql_counter
    if b'"name":"choose_dataset"' in body:
        calls["select"] += 1
        found = DATASET.search(body)
        msg = tool("choose_dataset", {"dataset_id": found.group(1).decode() if found else "",
                                      "reasoning": "It holds revenue by region."})
    elif b'"name":"write_sql"' in body:
        calls["sql"] += 1
        sql_counter += 1  # every generated statement is new, so that its result is not cached
        msg = tool("write_sql", {"sql": "SELECT region, SUM(revenue) AS revenue FROM table WHERE order_id > "
                                        f"{sql_counter} GROUP BY region ORDER BY revenue DESC LIMIT 20",
                                 "reasoning": "Sum of revenue by region."})
    else:
        calls["answer"] += 1
        msg = message({"type": "text", "text": ANSWER, "citations": None}, "end_turn")
    if b'"stream":true' in body:
        return http(as_events(msg), b"text/event-stream")
    return http(json.dumps(msg, separators=(",", ":")).encode())


random.seed(7)
VECTORS = []
for _ in range(64):
    vector = array.array("f", (random.gauss(0, 0.025) for _ in range(1536)))
    VECTORS.append(http(json.dumps({"object": "list", "model": "text-embedding-3-small", "data": [
        {"object": "embedding", "index": 0, "embedding": base64.b64encode(vector.tobytes()).decode()}],
        "usage": {"prompt_tokens": 8, "total_tokens": 8}}, separators=(",", ":")).encode()))


def b64(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


TOKEN = http(json.dumps({"access_token": ".".join([b64({"alg": "none"}), b64({"exp": int(time.time()) + 86400}), "x"]),
                         "token_type": "bearer", "expires_in": 3599, "scope": "data user", "customer": "stub",
                         "userId": 1, "role": "Admin", "jti": "x"}).encode())
ROWS = [[f"Region {i}", round(410000.0 / (i + 1), 2)] for i in range(20)]
QUERY = http(json.dumps({"datasource": "stub", "columns": ["region", "revenue"], "metadata": [
    {"type": t, "dataSourceId": "stub", "maxLength": -1, "minLength": -1, "periodIndex": 0}
    for t in ("STRING", "DOUBLE")], "rows": ROWS, "numRows": 20, "numColumns": 2, "fromcache": False}).encode())
LIST = http(json.dumps([{"id": "stub", "name": "sales", "rows": 1000, "columns": 20}]).encode())


class Protocol(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.parser = transport, httptools.HttpRequestParser(self)
        self.url, self.body = b"", []

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_url(self, url):
        self.url += url

    def on_body(self, body):
        self.body.append(body)

    def on_message_complete(self):
        url, body = self.url, b"".join(self.body)
        self.url, self.body = b"", []
        path = url.partition(b"?")[0]
        if path == b"/v1/messages":
            reply = model_reply(body)
            if gate:
                global peak_held
                held.append((self.transport, reply))
                peak_held = max(peak_held, len(held))
            elif delay_ms:
                loop.call_later(delay_ms / 1000, self.send, reply)
            else:
                self.transport.write(reply)
        elif path == b"/v1/embeddings":
            calls["embed"] += 1
            self.transport.write(VECTORS[zlib.crc32(body) % 64])
        elif path == b"/oauth/token":
            calls["token"] += 1
            self.transport.write(TOKEN)
        elif path == b"/v1/datasets":
            calls["list"] += 1
            self.transport.write(LIST if b"offset=0" in url or b"offset" not in url else http(b"[]"))
        elif path.startswith(b"/v1/datasets/query/execute/"):
            calls["query"] += 1
            self.transport.write(QUERY)
        elif path == b"/_ctl":
            control(url)
            self.transport.write(http(b"{}"))
        elif path == b"/_stat":
            self.transport.write(http(json.dumps({
                "held": len(held), "peak_held": peak_held, "calls": calls}).encode()))
        else:
            self.transport.write(http(b"{}", status=b"404 Not Found"))

    def send(self, reply):
        if not self.transport.is_closing():
            self.transport.write(reply)


def control(url):
    global gate, delay_ms, held, peak_held
    for key, value in re.findall(rb"(\w+)=([\d.]+)", url):
        if key == b"delay_ms":
            delay_ms = float(value)
        if key == b"gate":
            gate = value == b"1"
            if gate:
                peak_held = 0
            else:
                waiting, held = held, []
                for transport, reply in waiting:
                    if not transport.is_closing():
                        transport.write(reply)


async def main():
    global loop
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Protocol, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()


uvloop.run(main())
