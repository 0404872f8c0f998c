# SPDX-License-Identifier: Apache-2.0
"""The program against a double of language models that we did not write (PyPI llmock, in deps/llmock-venv). It breaks
replies by script, watches what the client does, and gives a verdict: were waits kept, was nothing repeated that can't
succeed, was a cut stream noticed?"""
import json

import pytest

from conftest import ROOT, Querent
from embedding_support import QUESTION, make_tables
from embedding_support import environment_of as embedding_environment
from mock_support import MockServer
from model_support import TOTAL, Home, ask, decision, settings_of
from server_support import SANITIZED

VENV = ROOT / "deps/llmock-venv/bin"
REPLIES = [{"type": "reply", "text": json.dumps(decision())}, {"type": "reply", "text": "Revenue was 1,725.75."}]


class Llmock(MockServer):
    def __init__(self):
        super().__init__([VENV / "python", VENV / "llmock", "serve", "--host", "127.0.0.1", "--port", "PORT", "--log-level", "error"],
                         environment={"HOME": "/nonexistent"})

    def script(self, behaviours):
        self.post("/_llmock/reset")
        self.post("/_llmock/scenario", {"behaviors": behaviours})


@pytest.fixture(scope="module")
def mock():
    running = Llmock()
    yield running
    running.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("llmock"))


@pytest.fixture
def run(mock, home):
    """run(behaviours) -> the program's answer and the verdict."""
    def call(behaviours, vendor="anthropic", **settings):
        broken = [one for one in behaviours if one["type"] == "stream_fault"]  # each takes a reply with it
        mock.script([*behaviours, *REPLIES[:1] * len(broken), *REPLIES])
        path = {"anthropic": "/anthropic", "openai": "/v1"}[vendor]
        environment = settings_of(vendor.upper(), mock.url + path, **settings)
        answer = ask(home.copy(), home.data, environment=environment, limit_s=60)
        return answer, mock.get("/_llmock/verdict")
    return call


def check(answer, verdict, calls=2):
    """The model's answer, and no fault of ours."""
    assert answer.code == 0 and answer.by_model and answer.rows == [[TOTAL]], (answer.out, answer.errors)
    assert verdict["passed"] and verdict["findings"] == [], verdict
    assert verdict["calls"] == calls, verdict


@pytest.mark.parametrize("vendor", ["anthropic", "openai"])
def test_nothing_is_wrong(run, vendor):
    check(*run([], vendor))


def fault(kind, **more):
    return {"type": "stream_fault", "kind": kind, **more}


def status(code, **more):
    return {"type": "fail", "status": code, **more}


@pytest.mark.parametrize("vendor, behaviour", [
    ("anthropic", status(429, retry_after=1, times=2)), ("anthropic", status(529)), ("anthropic", status(503, times=2)),
    ("anthropic", fault("disconnect", after_chunks=3)), ("anthropic", fault("truncate", after_chunks=3)),
    ("anthropic", {"type": "slow_first_token", "seconds": 0.5}),
    ("openai", status(429, retry_after=1)), ("openai", status(500)), ("openai", status(408)),
    ("openai", fault("disconnect", after_chunks=3)), ("openai", fault("truncate", after_chunks=3)),
], ids=lambda value: value if isinstance(value, str) else " ".join(map(str, list(value.values())[1:3])))
def test_a_passing_fault_is_waited_out(run, vendor, behaviour):
    check(*run([behaviour], vendor))


def test_an_event_that_makes_no_sense_is_no_reply(run):
    """Asked again. (Whether llmock takes that for a repeat depends on how much it had sent when we hung up.)"""
    answer, verdict = run([fault("malformed", after_chunks=2)])
    assert answer.by_model and answer.rows == [[TOTAL]] and verdict["passed"] and verdict["attempts"] == 3, verdict


def test_a_stall_is_noticed(run):
    check(*run([fault("stall", after_chunks=2, stall_seconds=30)],
               QUERENT_MODEL_IDLE_S=2 if SANITIZED else 1))


@pytest.mark.parametrize("vendor, code", [("anthropic", 400), ("anthropic", 401), ("openai", 401), ("openai", 403),
                                          ("openai", 404), ("anthropic", 422)])
def test_what_can_not_succeed_is_not_repeated(run, vendor, code):
    answer, verdict = run([status(code, times=5)], vendor, QUERENT_MODEL_FALLBACK="none")
    assert answer.code == 1 and answer.reply["code"] == "model", answer.out
    assert verdict["passed"] and verdict["findings"] == [], verdict


def test_a_lasting_fault_ends(run):
    answer, verdict = run([status(503, times=50)])
    assert answer.code == 0 and not answer.by_model and answer.rows == [[TOTAL]], (answer.out, answer.errors)
    assert verdict["passed"] and verdict["attempts"] <= 6, verdict


def test_embeddings_that_are_no_unit_vectors_and_numbers_whatever_is_asked_for(mock, tmp_path):
    mock.script(REPLIES)
    tables, program = make_tables(tmp_path / "tables"), Querent(tmp_path / "home")
    environment = embedding_environment(mock.url, QUERENT_EMBED_DIMENSIONS=1536)
    made = program.run("index", "--data", tables, environment=environment)
    assert made.returncode == 0 and "2 embedded with text-embedding-3-small" in made.stdout, made.stderr
    reply = program.ask(QUESTION, "--data", tables, environment=environment)
    assert "notice" not in reply["metadata"] and reply["metadata"]["embedding"]["tokens"] > 0
    assert max(hit["score"] for hit in reply["metadata"]["candidates"]) <= 1
