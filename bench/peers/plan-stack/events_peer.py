# SPDX-License-Identifier: Apache-2.0
"""events_peer.py: what bench/streams_bench.c's server does with events, on uvicorn and FastAPI.

POST /readers opens a stream fed by a queue of its own; POST /send gives 50 events to each. For each line
on the standard input it prints its port and its process.
"""

import asyncio
import json
import os
import socket
import sys
import threading

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

EVENTS = 50
STEP = {
    "step": "execute_query", "status": "completed", "started_at": "2026-11-15T12:00:00.000Z",
    "duration_ms": 12.34, "cache_hit": False, "message": "4 rows in 12 ms",
    "detail": {"sql": "SELECT region, sum(revenue) FROM orders GROUP BY region", "rows": 4},
}
app = FastAPI()
queues = []


def event(number, name, data):
    return f"id: {number}\ndata: " + json.dumps({"event": name, "data": data},
                                                separators=(",", ":")) + "\n\n"


@app.post("/readers")
async def readers():
    queue = asyncio.Queue()
    queues.append(queue)

    async def stream():
        number = 1
        yield event(number, "run_start", {})
        while True:
            number += 1
            yield event(number, "step_update", await queue.get())

    # The client looks for the separators that Querent writes.
    return StreamingResponse(stream(), media_type="text/event-stream")


@app.post("/send")
async def send():
    for _ in range(EVENTS):
        for queue in queues:
            queue.put_nowait(STEP)
    return {}


def main():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(4096)
    config = uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False,
                            log_level="critical", backlog=4096)
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True).start()
    for _ in sys.stdin:
        print(sock.getsockname()[1], os.getpid(), flush=True)


if __name__ == "__main__":
    main()
