# SPDX-License-Identifier: Apache-2.0
"""The doubles of language models, proven by the vendors' own clients (deps/sdk-venv): what they accept as their vendor's
protocol is what the tests of the program then rely on. Their responses are validated against the clients' own types."""
import http.client
import json
import math
import os
import subprocess

import pytest

from conftest import ROOT
from doubles.claude import Claude
from doubles.openai_server import OpenAI
from doubles.script import Reply

PYTHON = ROOT / "deps/sdk-venv/bin/python"
SAID = "Grüße aus Zürich: 1,725.75 € 🎉 total."
SCHEMA = {"type": "object", "properties": {"dataset": {"type": "string"}, "sql": {"type": "string"}},
          "required": ["dataset", "sql"], "additionalProperties": False}
HELLO = [{"role": "user", "content": "Wie hoch?"}]


class Clients:
    """The process in which the vendors' clients run; one call at a time."""

    def __init__(self):
        assert PYTHON.exists(), "deps/sdk-venv is missing: tools/setup/setup.sh test makes it"
        self.process = subprocess.Popen([PYTHON, ROOT / "tests/doubles/sdk_driver.py"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True,
                                        env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"})

    def call(self, client, options, do, **arguments):
        line = json.dumps({"client": client, "options": options, "do": do, "arguments": arguments})
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def clients():
    running = Clients()
    yield running
    running.close()


@pytest.fixture(scope="module")
def claude_server():
    with Claude() as double:
        yield double


@pytest.fixture
def claude(clients, claude_server):
    """ask(do, script, ...) -> what the client made of it; ask.double is the server."""
    def ask(do, script=None, key="test-key", retries=0, lenient=False, **arguments):
        claude_server.forget(Reply(text=SAID) if script is None else script)
        options = {"api_key": key, "base_url": claude_server.base_url, "max_retries": retries,
                   "_strict_response_validation": not lenient}
        if do not in ("models", "model"):
            arguments = {"model": "claude-sonnet-4-6", "messages": HELLO, **arguments}
            if do != "count":
                arguments = {"max_tokens": 1000, **arguments}
        return clients.call("anthropic", options, do, **arguments)
    ask.double = claude_server
    return ask


def good(answer):
    assert "ok" in answer, answer
    return answer["ok"]


def failed(answer):
    assert "error" in answer, answer
    return answer["error"]


def text_of(message):
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


# ---- Claude ----------------------------------------------------------------------------------------------------

def test_claude_answers(claude):
    message = good(claude("create"))
    assert text_of(message) == SAID and message["stop_reason"] == "end_turn"
    assert message["usage"]["input_tokens"] > 0 and message["usage"]["output_tokens"] > 0
    assert claude.double.requests[0].headers["authorization"] == "Bearer test-key"


def test_claude_thinks_before_it_speaks(claude):
    message = good(claude("create", model="claude-sonnet-5"))
    assert [block["type"] for block in message["content"]] == ["thinking", "text"]
    message = good(claude("create", model="claude-sonnet-5", thinking={"type": "disabled"}))
    assert [block["type"] for block in message["content"]] == ["text"]


@pytest.mark.parametrize("newline, split", [("\n", 0), ("\n", 1), ("\n", 7), ("\n", 4096), ("\r\n", 0), ("\r\n", 1),
                                            ("\r\n", 7), ("\r\n", 4096), ("\r", 0)])
def test_claude_streams_however_it_is_cut(claude, newline, split):
    """Pings, events and deltas that no client knows, cuts within events, lines and characters."""
    for unknown in (False, True):  # which validation would refuse
        told = good(claude("stream", Reply(text=SAID, newline=newline, split=split, unknown=unknown), lenient=unknown,
                           model="claude-sonnet-5"))
        assert "".join(told["texts"]) == SAID and len(told["texts"]) > 3
        assert text_of(told["message"]) == SAID and told["message"]["usage"]["output_tokens"] > 1


def test_claude_calls_tools(claude):
    tools = [{"name": "run_sql", "description": "Runs SQL", "input_schema": SCHEMA, "strict": True}]
    script = Reply(text="Let me look.", tools=(("run_sql", {"dataset": "sales", "sql": "select 'é'"}),))
    for do in ("create", "stream"):
        answer = good(claude(do, script, tools=tools, tool_choice={"type": "tool", "name": "run_sql"}))
        message = answer if do == "create" else answer["message"]
        assert message["stop_reason"] == "tool_use"
        assert message["content"][-1]["input"] == {"dataset": "sales", "sql": "select 'é'"}
    asked = claude.double.calls[0]
    assert asked.tools == ["run_sql"] and asked.question == "Wie hoch?"
    history = [*HELLO, {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_01", "name": "run_sql",
                                                          "input": {}}]},
               {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_01", "content": "3 rows"}]}]
    assert text_of(good(claude("create", messages=history, tools=tools))) == SAID


def test_claude_gives_structured_output(claude):
    script = Reply(json={"dataset": "sales", "sql": "select 1"})
    answer = good(claude("parse", script))
    assert answer["parsed"] == {"dataset": "sales", "sql": "select 1"}
    assert claude.double.calls[0].schema["additionalProperties"] is False
    assert json.loads(text_of(good(claude("create", script, output_config={
        "format": {"type": "json_schema", "schema": SCHEMA}})))) == {"dataset": "sales", "sql": "select 1"}


def test_claude_stops_for_other_reasons(claude):
    refused = good(claude("create", Reply(refusal="not that")))
    assert refused["stop_reason"] == "refusal" and refused["stop_details"]["explanation"] == "not that"
    streamed = good(claude("stream", Reply(refusal="not that")))["message"]
    assert streamed["stop_reason"] == "refusal" and streamed["stop_details"]["explanation"] == "not that"
    assert good(claude("create", Reply(text="half of", cut=True)))["stop_reason"] == "max_tokens"
    cut = good(claude("create", Reply(text="x" * 400), max_tokens=10))
    assert cut["stop_reason"] == "max_tokens" and text_of(cut) == "x" * 40


def test_claude_counts_tokens_as_it_charges_them(claude):
    counted = good(claude("count", system="Be brief."))["input_tokens"]
    assert good(claude("create", system="Be brief."))["usage"]["input_tokens"] == counted > 5


def test_claude_tells_its_models(claude):
    cards = good(claude("models"))
    assert {"claude-sonnet-4-6", "claude-sonnet-4-5-20250929"} <= {card["id"] for card in cards}
    card = good(claude("model", model_id="claude-sonnet-4-5"))
    assert card["lifecycle"] == "deprecated" and card["retires_at"].startswith("2026-11-30")
    assert failed(claude("model", model_id="claude-2"))["class"] == "NotFoundError"


LONG = "All that there is to know about the data. " * 200  # over the shortest prefix that is cached


def cached_usage(claude, system, messages=HELLO, **more):
    """The usage of a call after those before it; nothing of the cache is forgotten between."""
    usage = good(claude("create", system=system, messages=messages, **more))["usage"]
    return usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"], usage["input_tokens"]


def test_claude_reads_from_its_cache_what_it_wrote(claude):
    mark = {"cache_control": {"type": "ephemeral"}}
    stable = [{"type": "text", "text": LONG, **mark}]
    other = [{"role": "user", "content": "Something else"}]
    first = cached_usage(claude, stable)
    second = cached_usage(claude, stable, other)
    assert first[0] == 0 and first[1] > 1024 and second[0] == first[1] and second[1] == 0
    changed = [{"type": "text", "text": "." + LONG[1:], **mark}]
    assert cached_usage(claude, changed, other)[0] == 0, "one byte differs"
    two = [*stable, {"type": "text", "text": LONG, **mark}]
    grown = cached_usage(claude, two)
    assert grown[0] == first[1] and grown[1] > 1024, "the first part is read, the second written"
    assert cached_usage(claude, two, model="claude-sonnet-5")[0] == 0, "each model has its own"
    assert cached_usage(claude, two, output_config={"format": {"type": "json_schema", "schema": SCHEMA}})[0] == 0
    short = [{"type": "text", "text": "Be brief.", **mark}]
    assert cached_usage(claude, short)[:2] == (0, 0) == cached_usage(claude, short)[:2], "too short"
    assert cached_usage(claude, LONG)[:2] == (0, 0), "nothing was marked"


def test_claude_forgets_its_cache():
    now = [0.0]
    with Claude(clock=lambda: now[0]) as double:
        def ask():
            body = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": HELLO,
                    "system": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]}
            return json.loads(raw_post(double, body)[2])["usage"]["cache_read_input_tokens"]
        assert ask() == 0
        now[0] = 299
        assert ask() > 1024, "read, and kept for as long again"
        now[0] = 299 + 299
        assert ask() > 1024
        now[0] = 299 + 299 + 301
        assert ask() == 0


TOOL = {"name": "t", "input_schema": {"type": "object"}}
MARKED = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}


def schema_of(**more):
    return {"output_config": {"format": {"type": "json_schema", "schema": {**SCHEMA, **more}}}}


@pytest.mark.parametrize("more, words", [
    ({"weather": "fine"}, "weather: Extra inputs"),
    ({"max_tokens": 10_000_000}, "max_tokens"),
    ({"max_tokens": None}, "max_tokens"),
    ({"model": "claude-sonnet-5", "temperature": 0}, "temperature"),
    ({"model": "claude-sonnet-5", "top_k": 3}, "top_k"),
    ({"temperature": 0.5, "top_p": 0.5}, "cannot both"),
    ({"temperature": 2}, "temperature"),
    ({"model": "claude-sonnet-5", "thinking": {"type": "enabled", "budget_tokens": 1024}}, "thinking.type"),
    ({"thinking": {"type": "enabled", "budget_tokens": 5}}, "budget_tokens"),
    ({"messages": []}, "at least one message"),
    ({"messages": [*HELLO, {"role": "assistant", "content": "{"}]}, "prefill"),
    ({"messages": [{"role": "assistant", "content": "hi"}, *HELLO]}, "first message"),
    ({"messages": [{"role": "robot", "content": "hi"}]}, "role"),
    ({"messages": [{"role": "user", "content": ""}]}, "non-empty"),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "non-empty"),
    ({"messages": [{"role": "user", "content": [{"type": "smell", "smell": "rose"}]}]}, "expected tags"),
    ({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "nobody"}]}]}, "tool_use_id"),
    ({"system": [MARKED] * 5}, "maximum of 4 blocks"),
    ({"system": [MARKED] * 4, "cache_control": {"type": "ephemeral"}}, "maximum of 4 blocks"),
    ({"system": [MARKED, {**MARKED, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}, "ttl"),
    ({"system": [{**MARKED, "cache_control": {"type": "eternal"}}]}, "cache_control"),
    ({"system": [{**MARKED, "text": ""}]}, "empty text blocks"),
    ({"tools": [TOOL, TOOL]}, "unique"),
    ({"tools": [{"name": "t"}]}, "input_schema"),
    ({"tools": [{**TOOL, "strict": True}]}, "additionalProperties"),
    ({"tool_choice": {"type": "auto"}}, "tool_choice"),
    ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "u"}}, "not found in provided tools"),
    (schema_of(additionalProperties=True), "additionalProperties"),
    (schema_of(properties={"a": {"type": "object", "properties": {}}}), "additionalProperties"),
    (schema_of(properties={"a": {"type": "integer", "minimum": 1}}), "minimum"),
    (schema_of(properties={"a": {"oneOf": [{"type": "string"}]}}), "oneOf"),
    (schema_of(properties={"a": {"type": "array", "minItems": 2}}), "minItems"),
    (schema_of(**{"$defs": {"a": {"$ref": "#/$defs/a"}}}), "recursive"),
    ({"output_config": {"effort": "heroic"}}, "effort"),
])
def test_claude_refuses_what_is_not_its_protocol(claude, more, words):
    """Sent as it is: `extra_body` goes past the client's own checks."""
    error = failed(claude("create", extra_body=more))
    assert error["class"] == "BadRequestError" and error["status"] == 400, error
    assert error["body"]["error"]["type"] == "invalid_request_error" and words in error["body"]["error"]["message"]
    assert error["request_id"] == error["body"]["request_id"]


def test_claude_knows_keys_and_models(claude):
    assert failed(claude("create", key="wrong"))["class"] == "AuthenticationError"
    assert failed(claude("create", model="claude-3-opus"))["class"] == "NotFoundError"
    assert text_of(good(claude("create", extra_body={"temperature": 0}))) == SAID


def raw_post(double, body, path="/v1/messages", **headers):
    """As a client without a library: (status, headers, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", double.server.port, timeout=20)
    sent = {"content-type": "application/json", "x-api-key": "test-key", "anthropic-version": "2023-06-01"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", path, data, {name: value for name, value in sent.items() if value})
    response = connection.getresponse()
    answer = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    connection.close()
    return answer


def test_claude_checks_headers(claude_server):
    body = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": HELLO}
    claude_server.forget(SAID)
    status, headers, _ = raw_post(claude_server, body)
    assert status == 200 and headers["request-id"].startswith("req_")
    assert {f"anthropic-ratelimit-{what}-{part}" for what in ("requests", "tokens", "input-tokens", "output-tokens")
            for part in ("limit", "remaining", "reset")} <= headers.keys()
    for change, expected in (({"x_api_key": None}, 401), ({"authorization": "Bearer test-key"}, 400),
                             ({"anthropic_version": None}, 400), ({"anthropic_version": "2020-01-01"}, 400),
                             ({"content_type": "text/plain"}, 400),
                             ({"x_api_key": None, "authorization": "Bearer test-key"}, 200)):
        status, _, told = raw_post(claude_server, body, **change)
        assert status == expected, (change, told)
        assert expected == 200 or json.loads(told)["type"] == "error"
    assert raw_post(claude_server, b"{")[0] == 400
    assert raw_post(claude_server, body, "/v1/nothing")[0] == 404
    assert raw_post(claude_server, b'{"a":"' + b"x" * (32 * 1024 * 1024) + b'"}')[0] == 413


@pytest.mark.parametrize("status, name", [
    (400, "BadRequestError"), (401, "AuthenticationError"), (402, "PaymentRequiredError"), (403, "PermissionDeniedError"),
    (404, "NotFoundError"), (408, "RequestTimeoutError"), (409, "ConflictError"), (413, "ContentTooLargeError"),
    (422, "UnprocessableEntityError"), (429, "RateLimitError"), (500, "InternalServerError"),
    (503, "ServiceUnavailableError"), (504, "GatewayTimeoutError"), (529, "OverloadedError")])
def test_claude_errors_are_its_clients_errors(claude, status, name):
    error = failed(claude("create", Reply(status=status)))
    assert (error["class"], error["status"]) == (name, status)


def test_claude_is_asked_again(claude):
    """The client's own retries get through: 429 with a wait, overload, resets and closed connections."""
    good_one = Reply(text=SAID)
    for script in ([Reply(status=429, headers={"retry-after": "0.01"}), Reply(status=529, headers={"retry-after-ms": "5"})],
                   [Reply(fault="reset before headers"), Reply(fault="closed before headers")],
                   [Reply(fault=("status with HTML", {"code": 502}))]):
        assert text_of(good(claude("create", [*script, good_one], retries=len(script)))) == SAID
        counts = [request.headers["x-stainless-retry-count"] for request in claude.double.requests]
        assert counts == [str(number) for number in range(len(script) + 1)]
    failed(claude("create", [Reply(status=500, headers={"x-should-retry": "false"}), good_one], retries=2))
    assert len(claude.double.requests) == 1


def test_claude_streams_break(claude):
    assert failed(claude("stream", Reply(text=SAID, fault=("error event", {"after": 0.5}))))["class"].endswith("Error")
    assert failed(claude("stream", Reply(text=SAID, fault="cut within an event")))["class"] == "ReadError"
    assert failed(claude("stream", Reply(text=SAID, fault="malformed event")))["class"] == "JSONDecodeError"
    short = good(claude("stream", Reply(text=SAID, fault="ends early but cleanly")))
    assert short["message"]["stop_reason"] is None, "the client does not notice; ours must"


# ---- OpenAI ----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def openai_servers():
    """One of each flavour, and one that has nothing but text."""
    servers = {name: OpenAI(flavour=name) for name in ("openai", "azure")}
    servers |= {name: OpenAI(flavour=name, keys=(), models=("local",)) for name in ("vllm", "ollama", "llama.cpp")}
    servers["plain"] = OpenAI(flavour="llama.cpp", json_schema=False, json_object=False, tools=False, keys=())
    servers["shuffled"] = OpenAI(shuffle=True)
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture
def openai(clients, openai_servers):
    def ask(do, script=None, server="openai", client="openai", key="test-key", retries=0, lenient=False, **arguments):
        double = openai_servers[server]
        double.forget(Reply(text=SAID) if script is None else script)
        ask.double = double
        options = {"api_key": key, "max_retries": retries, "_strict_response_validation": not lenient}
        options |= {"azure_endpoint": double.origin, "api_version": "2024-10-21"} if client == "azure" else \
            {"base_url": double.base_url}
        if do == "embed":
            arguments = {"model": "text-embedding-3-small", **arguments}
        elif do not in ("models", "model"):
            local = server in ("vllm", "ollama", "llama.cpp", "plain")
            arguments = {"model": "local" if local else "gpt-4o-mini", "messages": HELLO, **arguments}
        return clients.call(client, options, do, **arguments)
    return ask


SERVERS = ["openai", "azure", "vllm", "ollama", "llama.cpp"]


@pytest.mark.parametrize("server", SERVERS)
def test_openai_answers(openai, server):
    completion = good(openai("create", server=server))
    assert completion["choices"][0]["message"]["content"] == SAID and completion["choices"][0]["finish_reason"] == "stop"
    assert completion["usage"]["total_tokens"] > 0


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("newline, split", [("\n", 0), ("\r\n", 1), ("\n", 7)])
def test_openai_streams_however_it_is_cut(openai, server, newline, split):
    for unknown in (False, True):
        script = Reply(text=SAID, newline=newline, split=split, unknown=unknown, thinking="hm hm hm")
        chunks = good(openai("events", script, server=server, lenient=unknown, stream_options={"include_usage": True}))
        told = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
        assert told == SAID and chunks[-1]["choices"] == [] and chunks[-1]["usage"]["total_tokens"] > 0
        assert len({chunk.get("id") for chunk in chunks if chunk["choices"]}) == 1


def test_openai_streams_without_usage_unless_asked(openai):
    chunks = good(openai("events"))
    assert all(chunk["choices"] and not chunk.get("usage") for chunk in chunks)
    whole = good(openai("stream", Reply(text=SAID, done=False)))
    assert whole["completion"]["choices"][0]["message"]["content"] == SAID


def test_openai_reasons(openai):
    for server, name in (("llama.cpp", "reasoning_content"), ("ollama", "reasoning")):
        message = good(openai("create", Reply(text=SAID, thinking="hm"), server=server))["choices"][0]["message"]
        assert message[name] == "hm" and message["content"] == SAID


@pytest.mark.parametrize("whole", [False, True], ids=["in pieces", "in one"])
def test_openai_calls_tools(openai, whole):
    tools = [{"type": "function", "function": {"name": "run_sql", "parameters": SCHEMA, "strict": True}}]
    script = Reply(tools=(("run_sql", {"dataset": "a", "sql": "é"}), ("run_sql", {"dataset": "b", "sql": ""})), tools_whole=whole)
    created = good(openai("create", script, tools=tools))
    streamed = good(openai("stream", script, tools=tools))["completion"]
    for completion in (created, streamed):
        choice = completion["choices"][0]
        assert choice["finish_reason"] == "tool_calls" and not choice["message"]["content"]
        assert [json.loads(call["function"]["arguments"])["dataset"] for call in choice["message"]["tool_calls"]] == ["a", "b"]


def test_openai_gives_structured_output(openai):
    script = Reply(json={"dataset": "sales", "sql": "select 1"})
    assert good(openai("parse", script))["parsed"] == {"dataset": "sales", "sql": "select 1"}
    assert openai.double.calls[0].schema["additionalProperties"] is False
    form = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}}
    error = failed(openai("create", script, server="plain", response_format=form))
    assert error["status"] == 400 and "response_format" in error["message"]
    assert failed(openai("create", server="plain", response_format={"type": "json_object"}))["status"] == 400
    assert good(openai("create", server="plain"))["choices"][0]["message"]["content"] == SAID


def test_openai_stops_for_other_reasons(openai):
    refused = good(openai("create", Reply(refusal="not that")))["choices"][0]["message"]
    assert refused["refusal"] == "not that" and refused["content"] is None
    streamed = good(openai("stream", Reply(refusal="not that")))["completion"]["choices"][0]["message"]
    assert streamed["refusal"] == "not that"
    assert good(openai("create", Reply(text="x" * 400), max_tokens=10))["choices"][0]["finish_reason"] == "length"
    limited = good(openai("create", Reply(text="x" * 400), server="ollama", max_completion_tokens=10))
    assert limited["choices"][0]["finish_reason"] == "stop", "it knows only max_tokens"
    filtered = good(openai("create", Reply(text="", stop="content_filter"), server="azure"))
    assert filtered["choices"][0]["finish_reason"] == "content_filter"


@pytest.mark.parametrize("more, words", [
    ({"weather": "fine"}, "weather"),
    ({"temperature": "hot"}, "temperature"),
    ({"model": "gpt-6-luna", "temperature": 0}, "temperature"),
    ({"model": "gpt-6-luna", "max_tokens": 9}, "max_completion_tokens"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "robot", "content": "hi"}]}, "role"),
    ({"messages": [{"role": "user", "content": None}]}, "null"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"response_format": {"type": "json_object"}}, "json"),
    ({"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": SCHEMA}}}, "name"),
    ({"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {
        **SCHEMA, "required": []}}}}, "required"),
    ({"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {
        **SCHEMA, "additionalProperties": True}}}}, "additionalProperties"),
])
def test_openai_refuses_what_is_not_its_protocol(openai, more, words):
    error = failed(openai("create", extra_body=more))
    assert error["class"] == "BadRequestError" and words in error["message"], error
    assert error["body"]["type"] == "invalid_request_error"


def test_openai_knows_keys_models_and_whose_errors(openai):
    assert failed(openai("create", key="wrong"))["body"]["code"] == "invalid_api_key"
    assert failed(openai("create", model="gpt-1"))["body"]["code"] == "model_not_found"
    assert failed(openai("create", server="vllm", model="gpt-1"))["body"]["code"] == 404, "a number"
    assert failed(openai("create", server="ollama", model="gpt-1"))["body"]["code"] is None
    assert good(openai("create", server="vllm", extra_body={"guided_json": {}}))["choices"], "what it doesn't know is ignored"
    assert {card["id"] for card in good(openai("models"))} >= {"gpt-4o-mini", "text-embedding-3-small"}
    assert good(openai("model", model="gpt-4o-mini"))["id"] == "gpt-4o-mini"


@pytest.mark.parametrize("status, name", [
    (400, "BadRequestError"), (401, "AuthenticationError"), (403, "PermissionDeniedError"), (404, "NotFoundError"),
    (409, "ConflictError"), (422, "UnprocessableEntityError"), (429, "RateLimitError"), (500, "InternalServerError"),
    (503, "InternalServerError")])
def test_openai_errors_are_its_clients_errors(openai, status, name):
    error = failed(openai("create", Reply(status=status)))
    assert (error["class"], error["status"]) == (name, status)


def test_openai_is_asked_again(openai):
    for script in ([Reply(status=429, headers={"retry-after-ms": "5"}), Reply(status=503, headers={"retry-after": "0.01"})],
                   [Reply(fault="reset before headers"), Reply(fault="closed before headers")]):
        completion = good(openai("create", [*script, Reply(text=SAID)], retries=2))
        assert completion["choices"][0]["message"]["content"] == SAID
        assert len(openai.double.requests) == 3
    assert "error" in openai("events", Reply(text=SAID, fault=("error event", {"after": 0.5, "kind": "server_error"})))


def test_azure_classic_paths(openai):
    for do in ("create", "events"):
        good(openai(do, server="azure", client="azure", model="my deployment"))
        request = openai.double.requests[0]
        assert request.target == "/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21"
        assert request.headers["api-key"] == "test-key" and "authorization" not in request.headers
    vectors = good(openai("embed", server="azure", client="azure", lenient=True, model="text-embedding-3-small", input="hi"))
    assert len(vectors["data"][0]["embedding"]) == 1536


def near(one, other):
    return sum(a * b for a, b in zip(one, other))


@pytest.mark.parametrize("how", ["base64", "float"])
@pytest.mark.parametrize("server", ["openai", "shuffled"])
def test_openai_embeds(openai, how, server):
    """base64 is what the client asks for by itself."""
    texts = ["revenue by region", "regional revenues by regions", "the weather of tomorrow", "revenue by region"]
    more = {} if how == "base64" else {"encoding_format": "float"}
    data = good(openai("embed", server=server, lenient=how == "base64", input=texts, **more))["data"]
    assert json.loads(openai.double.requests[0].body)["encoding_format"] == how
    assert [one["index"] for one in data] == ([0, 1, 2, 3] if server == "openai" else [1, 3, 0, 2])
    vectors = [one["embedding"] for one in sorted(data, key=lambda one: one["index"])]
    assert all(len(vector) == 1536 and math.isclose(near(vector, vector), 1, abs_tol=1e-5) for vector in vectors)
    assert vectors[0] == vectors[3] and near(vectors[0], vectors[1]) > 0.4 > abs(near(vectors[0], vectors[2]))


def test_openai_embeds_in_fewer_dimensions_and_within_limits(openai):
    small = good(openai("embed", input="revenue", dimensions=64, encoding_format="float"))["data"][0]["embedding"]
    assert len(small) == 64 and math.isclose(near(small, small), 1, abs_tol=1e-5)
    for wrong in ({"input": ""}, {"input": ["a"] * 2049}, {"input": "x" * 40_000}, {"input": "a", "dimensions": 5000},
                  {"input": ["x" * 30_000] * 50}, {"input": "a", "model": "gpt-4o-mini"}):
        assert failed(openai("embed", **wrong))["status"] in (400, 404), wrong
