# SPDX-License-Identifier: Apache-2.0
"""A language model asked for real: every answer is a right one or an honest failure, numbers are those of the rows, and what
is streamed is what is answered. Which models: QUERENT_TEST_OPENAI_URL names a running OpenAI-compatible server
(QUERENT_TEST_OPENAI_MODEL its model, "local" without it); `make test-live` also asks Anthropic and OpenAI where
ANTHROPIC_API_KEY and OPENAI_API_KEY are set. A model may be wrong; the program may not be."""
import datetime
import json
import os
import re

import httpx_sse
import pytest

from conftest import ROOT, Querent, wait_for
from server_support import STREAM, Server, request_of

LIVE = os.environ.get("QUERENT_TEST_LIVE") == "1"  # a key alone is no wish to spend money
SHOP = ROOT / "tests/cases/shop"
NOW = "2024-04-10T12:00:00Z"
# A question, and what is in one row of a right result.
QUESTIONS = [("total sales amount", 48562.12), ("how many orders do we have?", 60), ("amount by channel", 28697.8),
             ("sales amount last month", 4677.85), ("how many orders were shipped", 27),
             ("top 3 customers by amount", "Ole Madsen"), ("which customers are from Portugal", "Casa Verde"), ("which planets have rings?", None)]
OUTCOMES = {"answered", "needs_clarification", "no_answer", "failed"}
FAILURES = {"sql_failed", "sql_refused", "model", "deadline"}  # what a model can bring about

MODELS = {
    "a server": (os.environ.get("QUERENT_TEST_OPENAI_URL"), "QUERENT_TEST_OPENAI_URL is not set", {
        "QUERENT_LLM": "openai", "OPENAI_BASE_URL": os.environ.get("QUERENT_TEST_OPENAI_URL"), "QUERENT_EMBED": "builtin",
        "QUERENT_MODEL": os.environ.get("QUERENT_TEST_OPENAI_MODEL", "local"), "QUERENT_MODEL_CALLS_MAX": 1,
        "QUERENT_MODEL_IDLE_S": 300}),
    "Anthropic": (LIVE and os.environ.get("ANTHROPIC_API_KEY"), "make test-live with ANTHROPIC_API_KEY asks Anthropic", {
        "QUERENT_LLM": "anthropic", "ANTHROPIC_API_KEY": os.environ.get("ANTHROPIC_API_KEY")}),
    "OpenAI": (LIVE and os.environ.get("OPENAI_API_KEY"), "make test-live with OPENAI_API_KEY asks OpenAI", {
        "QUERENT_LLM": "openai", "OPENAI_API_KEY": os.environ.get("OPENAI_API_KEY")}),
}
if not LIVE and not any(there for there, _, _ in MODELS.values()):
    pytest.skip("QUERENT_TEST_OPENAI_URL is not set, and this is not make test-live", allow_module_level=True)


@pytest.fixture(scope="module", params=MODELS)
def server(request, tmp_path_factory):
    there, words, settings = MODELS[request.param]
    if not there:
        pytest.skip(words)
    querent = Querent(tmp_path_factory.mktemp("live") / "home")
    querent.environment["QUERENT_NOW"] = NOW
    names = [name for name in ("HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE") if name in os.environ]
    querent.environment.update({name: os.environ[name] for name in names})
    with Server(querent, SHOP, QUERENT_DEADLINE_S=600, QUERENT_MODEL_FALLBACK="none", QUERENT_PLANNER_FIRST="off", **settings) as running:
        running.http.timeout = 700
        running.told = []
        yield running
        right = sum(1 for _, _, fits in running.told if fits)
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{request.param}: {right} of {len(running.told)} as expected")
            for question, reply, fits in running.told:
                print(f"  {'+' if fits else '-'} {question}: {reply['final_response'][:150]!r}")
    secrets = [value for name, value in settings.items() if name.endswith("_KEY")]
    for path in [running.log_path, *(path for path in querent.home.rglob("*") if path.is_file())]:
        assert not any(secret.encode() in path.read_bytes() for secret in secrets), f"the key is in {path.name}"


def ask(server, question, conversation=None):
    """The reply of a streamed question, with what was streamed of the answer."""
    told, reply = "", None
    body = request_of(question, conversation=conversation, use_cache=False)
    with httpx_sse.connect_sse(server.http, "POST", STREAM, json=body) as source:
        for sse in source.iter_sse():
            if not sse.data:
                continue
            event = json.loads(sse.data)
            if event["event"] == "answer_delta":
                told = event["data"]["text"] if event["data"].get("replace") else told + event["data"]["text"]
            if event["event"] == "error":
                assert event["data"]["code"] in FAILURES, f"{question}: {event['data']}"
                reply = {**event["data"], "status": "failed", "final_response": event["data"]["error"], "data_sample": []}
            if event["event"] == "complete":
                reply = event["data"]
    return reply, told


def numbers_of(text):
    return {float(number.replace(",", "")) for number in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", text)}


def is_grounded(number, reply):
    """It is a cell, the number of rows, a number of the question, the periods or the metadata of the answer, or one of the facts
    that are computed for the model: sums, means, shares, differences, ratios."""
    cells = [cell for row in reply["data_sample"] for cell in row.values() if isinstance(cell, (int, float))]
    known = numbers_of(json.dumps([reply["data_sample"], reply["metadata"].get("periods"), reply.get("facts"),
                                   reply["metadata"].get("assumptions")], ensure_ascii=False))
    # "1 to 31 March": code tells the last day of a period, which ends before the next.
    ends = [period["to"] for period in reply["metadata"].get("periods") or [] if period.get("to")]
    known |= {(datetime.date.fromisoformat(end[:10]) - datetime.timedelta(days=1)).day for end in ends}
    known |= {sum(cells), sum(cells) / max(1, len(cells))}
    if reply["row_count"] != 1 or any(len(cells) < len(row) for row in reply["data_sample"]):
        known |= {reply["row_count"], len(reply["data_sample"])}  # that a number has one row is told of nothing
    known |= {a - b for a in cells for b in cells} | {a / b for a in cells for b in cells if b}
    shares = {100 * cell / sum(cells) for cell in cells} if sum(cells) else set()
    whole = number == int(number)
    return (any(abs(number - other) <= max(0.006, 0.005 * abs(other)) for other in known | shares) or
            whole and any(abs(number - share) <= 0.5 for share in shares))


def holds(reply, wanted):
    if wanted is None:
        return reply["status"] not in ("answered", "failed")
    cells = [cell for row in reply["data_sample"] for cell in row.values()]
    if isinstance(wanted, str):
        return wanted in cells
    return any(isinstance(cell, (int, float)) and abs(cell - wanted) < 0.006 for cell in cells)


@pytest.mark.parametrize("question, wanted", QUESTIONS, ids=[question for question, _ in QUESTIONS])
def test_an_answer_is_right_or_an_honest_failure(server, question, wanted):
    reply, told = ask(server, question)
    server.told.append((question, reply, holds(reply, wanted)))
    assert reply["status"] in OUTCOMES and reply["final_response"], reply
    if reply["status"] == "answered":
        assert told in ("", reply["final_response"]), "what was streamed is not what was answered"
        said = numbers_of(reply["final_response"]) - numbers_of(question)
        invented = [number for number in said if not is_grounded(number, reply)]
        assert invented == [], f"{reply['final_response']}: {reply['data_sample']}"
    assert reply["status"] == "failed" or reply["metadata"]["tokens"]["total"] > 0, "the model was asked"


def test_a_conversation_goes_on(server):
    first, _ = ask(server, "amount by channel")
    second, _ = ask(server, "and only for shipped orders?", first["conversation_id"])
    assert second["status"] in OUTCOMES and second["conversation_id"] == first["conversation_id"]


def test_the_model_answers_most(server):
    """Of a model that is worth its price; a small one on one's own machine is only reported."""
    right = sum(1 for _, _, fits in server.told if fits)
    assert server.settings["QUERENT_LLM"] == "openai" and "OPENAI_BASE_URL" in server.settings or right >= len(server.told) - 2


def test_all_tables_get_embeddings_where_a_server_makes_them(server):
    def check():
        return server.http.get("/health/ready").json()["checks"].get("embeddings")
    if not check():
        pytest.skip("the built-in embeddings are in use")
    wait_for(lambda: check()["status"] == "ok", 120)
