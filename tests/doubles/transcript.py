# SPDX-License-Identifier: Apache-2.0
"""Two questions to `querent serve` with the stand-in for Claude behind it, as a transcript: each event with its time, what the
model was sent, what it cost, and how much of the second question's prompt was that of the first. From tests/, or by
`make transcript`:

    python3 -m doubles.transcript [PROGRAM] [--slow SECONDS]
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from doubles.claude import Claude
from doubles.script import Reply

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "tests/cases/shop"
MODEL = "claude-sonnet-5"
KEY = "sk-ant-api03-no-key-of-anybody"

# A question; what the model decides; what it says of the rows. One number of the second is wrong.
QUESTIONS = [
    ("Which channel brings in most?", "SELECT channel, sum(amount) AS amount FROM orders GROUP BY channel ORDER BY amount DESC",
     "The web brings in most: 28,697.80, well before the stores with 13,690.75. By phone it is 6,173.57."),
    ("How many orders are there by status?", "SELECT status, count(*) AS orders FROM orders GROUP BY status ORDER BY orders DESC",
     "Most orders are shipped. In all there are 612 of them. The fewest were cancelled."),
]


class Model:
    """Answers both calls of a question as QUESTIONS says; `slow`: seconds between the pieces of an answer."""

    def __init__(self, slow):
        self.slow = slow

    def __call__(self, call):
        sql, said = next((sql, said) for question, sql, said in QUESTIONS if question in call.question)
        if not call.schema:
            return Reply(text=said, pieces=6, gap_s=self.slow)
        return Reply(json={"dataset": "orders", "reason": "a row is an order", "assumptions": [], "periods": [], "sql": sql,
                           "question_back": None, "no_answer": None})


class Program:
    """`with Program(path, double) as program:` runs `querent serve` in a home of its own."""

    def __init__(self, path, double):
        self.home = tempfile.TemporaryDirectory(prefix="querent-transcript-")
        environment = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
        environment.update(QUERENT_HOME=self.home.name, HOME=self.home.name, LANG="C.UTF-8", NO_PROXY="127.0.0.1",
                           QUERENT_LLM="anthropic", ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=double.origin,
                           QUERENT_MODEL=MODEL, QUERENT_EMBED="builtin", QUERENT_ACCESS_LOG="false")
        self.process = subprocess.Popen([path, "serve", "--port", "0", "--data", str(SHOP)], env=environment, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in self.process.stderr:
            if ready := re.search(r"ready at (http://\S+)", line):
                self.url = ready[1]
                return
        raise SystemExit("transcript: querent serve has not started")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=60)
        self.home.cleanup()

    def stream(self, question):
        """(seconds since the question, id, name, data) of each event."""
        body = json.dumps({"query": question, "user_id": "ana"}).encode()
        request = urllib.request.Request(self.url + "/api/v1/query/stream", body, {"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        began, number = time.monotonic(), 0
        with opener.open(request, timeout=120) as lines:
            for line in lines:
                if line.startswith(b"id: "):
                    number = int(line[4:])
                elif line.startswith(b"data: "):
                    event = json.loads(line[6:])
                    yield time.monotonic() - began, number, event["event"], event["data"]


def words_of(name, data):
    """An event in one line."""
    if name == "run_start":
        return data["query_id"]
    if name == "step_start":
        return data["step"]
    if name == "step_update":
        return f"{data['step']}: {data['status']}, {data['duration_ms']:.1f} ms"
    if name == "answer_delta":
        return ("in place of all: " if data.get("replace") else "") + json.dumps(data["text"], ensure_ascii=False)
    if name == "complete":
        told = data["metadata"]["tokens"]
        return (f"{data['status']}; tokens: {told['input']} in, {told['cache_written']} written to the provider's cache, "
                f"{told['cached']} read from it, {told['output']} out; ${data['metadata']['cost']:.6f}")
    return json.dumps(data)


def sent(request, call):
    marks = request.body.count(b'"cache_control"')
    return (f"POST {request.path}, {len(request.body)} bytes, {call.model}, {'streamed, ' if call.stream else ''}"
            f"{'reply by schema' if call.schema else 'reply in words'}, {marks} cache {'mark' if marks == 1 else 'marks'}")


def common_prefix(one, other):
    """How many bytes are the same from the beginning on."""
    return next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def prefix_words(one, other):
    same = common_prefix(one, other)
    return f"{same} of {len(other)} bytes of the second question's prompt are the first's: {100 * same / len(other):.1f} %"


def transcript(program, out, slow=0.0):
    """Prints it; returns the replies, and the requests that asked for decisions."""
    replies, decisions = [], []
    with Claude(Model(slow), keys=(KEY,)) as double, Program(program, double) as running:
        for question, _, said in QUESTIONS:
            double.forget()
            print(f"{question}\n(the model will say: {said})\n", file=out)
            for seconds, number, name, data in running.stream(question):
                print(f"{1000 * seconds:9.1f} ms  {number:3}  {name:12} {words_of(name, data)}", file=out)
            replies.append(data)
            print(f"\n{data.get('final_response')}\n", file=out)
            for request, call in zip(double.requests, double.calls):
                print(sent(request, call), file=out)
                if call.schema:
                    decisions.append(request.body)
            print(file=out)
    print(prefix_words(*decisions), file=out)
    return replies, decisions


def run():
    parser = argparse.ArgumentParser(description="two questions with a stand-in for Claude, as a transcript")
    parser.add_argument("program", nargs="?", default=str(ROOT / "build/querent"))
    parser.add_argument("--slow", type=float, default=0.02, help="seconds between the pieces of an answer (0.02)")
    options = parser.parse_args()
    transcript(options.program, sys.stdout, options.slow)


if __name__ == "__main__":
    run()
