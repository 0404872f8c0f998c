# SPDX-License-Identifier: Apache-2.0
"""Runs in an environment of its own (deps/sdk-venv): reads calls, a JSON line each, makes them with the vendor's own client,
and writes what came of each as a line. {"client", "options", "do", "arguments"} -> {"ok": ...} or {"error": {...}}.
Responses are validated by the client against its own types."""
import json
import sys

import anthropic
import openai
import pydantic


class Decision(pydantic.BaseModel):
    dataset: str
    sql: str


def plain(value):
    if isinstance(value, pydantic.BaseModel):
        return value.model_dump(mode="json", warnings="none")
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def claude_stream(client, arguments):
    with client.messages.stream(**arguments) as stream:
        texts = list(stream.text_stream)
        return {"texts": texts, "message": plain(stream.get_final_message())}


def claude_parse(client, arguments):
    message = client.messages.parse(output_format=Decision, **arguments)
    return {"parsed": plain(message.parsed_output), "message": plain(message)}


def openai_stream(client, arguments):
    with client.chat.completions.stream(**arguments) as stream:
        kinds = [event.type for event in stream]
        return {"kinds": kinds, "completion": plain(stream.get_final_completion())}


def openai_parse(client, arguments):
    completion = client.chat.completions.parse(response_format=Decision, **arguments)
    return {"parsed": plain(completion.choices[0].message.parsed), "completion": plain(completion)}


CLIENTS = {"anthropic": anthropic.Anthropic, "openai": openai.OpenAI, "azure": openai.AzureOpenAI}
CALLS = {
    "anthropic": {
        "create": lambda client, arguments: client.messages.create(**arguments),
        "events": lambda client, arguments: list(client.messages.create(stream=True, **arguments)),
        "stream": claude_stream,
        "parse": claude_parse,
        "count": lambda client, arguments: client.messages.count_tokens(**arguments),
        "models": lambda client, arguments: list(client.models.list(**arguments)),
        "model": lambda client, arguments: client.models.retrieve(**arguments),
    },
    "openai": {
        "create": lambda client, arguments: client.chat.completions.create(**arguments),
        "events": lambda client, arguments: list(client.chat.completions.create(stream=True, **arguments)),
        "stream": openai_stream,
        "parse": openai_parse,
        "embed": lambda client, arguments: client.embeddings.create(**arguments),
        "models": lambda client, arguments: list(client.models.list(**arguments)),
        "model": lambda client, arguments: client.models.retrieve(**arguments),
    },
}
CALLS["azure"] = CALLS["openai"]
opened = {}


def client_of(name, options):
    key = json.dumps([name, options])
    if key not in opened:
        opened[key] = CLIENTS[name](**{"_strict_response_validation": True, "timeout": 20, **options})
    return opened[key]


def run(line):
    call = json.loads(line)
    try:
        client = client_of(call["client"], call["options"])
        return {"ok": plain(CALLS[call["client"]][call["do"]](client, call["arguments"]))}
    except Exception as failure:  # whatever a client raises is what the test wants to know
        body = getattr(failure, "body", None)
        return {"error": {"class": type(failure).__name__, "message": str(failure), "body": body,
                          "status": getattr(failure, "status_code", None), "request_id": getattr(failure, "request_id", None)}}


for line in sys.stdin:
    print(json.dumps(run(line), default=str), flush=True)
