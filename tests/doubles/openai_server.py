# SPDX-License-Identifier: Apache-2.0
"""OpenAI's chat completions (whole and streamed), embeddings and models, as OpenAI itself, Azure, vLLM, Ollama and llama.cpp
serve them: `flavour` says whose habits, options what a server has and lacks."""
import base64
import functools
import hashlib
import itertools
import json
import math
import random
import re
import struct
import time
from dataclasses import dataclass

from doubles.double import Double, Refused, compact, events_of, main, parts_of, tokens_of
from doubles.script import Call
from doubles.server import Response

DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
CHAT_MODELS = ("gpt-4o-mini", "gpt-4.1-mini", "gpt-5.4-mini", "gpt-6-luna", "o3-mini")
REASONS = re.compile(r"^(o\d|gpt-[5-9])")  # models that think first and take no sampling parameters
INPUTS_MAX, INPUT_TOKENS_MAX, REQUEST_TOKENS_MAX = 2048, 8192, 300_000
CACHE_STEP, CACHE_MIN = 128, 1024  # tokens

NUMBER, TEXT_OR_LIST = (int, float), (str, list)
FIELDS = {"model": str, "messages": list, "audio": dict, "frequency_penalty": NUMBER, "function_call": (str, dict),
          "functions": list, "logit_bias": dict, "logprobs": bool, "max_completion_tokens": int, "max_tokens": int,
          "metadata": dict, "modalities": list, "moderation": dict, "n": int, "parallel_tool_calls": bool,
          "prediction": dict, "presence_penalty": NUMBER, "prompt_cache_key": str, "prompt_cache_options": dict,
          "prompt_cache_retention": str, "reasoning_effort": str, "response_format": dict, "safety_identifier": str,
          "seed": int, "service_tier": str, "stop": TEXT_OR_LIST, "store": bool, "stream": bool, "stream_options": dict,
          "temperature": NUMBER, "tool_choice": (str, dict), "tools": list, "top_logprobs": int, "top_p": NUMBER,
          "user": str, "verbosity": str, "web_search_options": dict}
EMBEDDING_FIELDS = {"model": str, "input": TEXT_OR_LIST, "dimensions": int, "encoding_format": str, "user": str}
MESSAGE = {"role", "content", "name", "tool_calls", "tool_call_id", "refusal", "audio", "function_call"}
ROLES = {"developer", "system", "user", "assistant", "tool", "function"}
SCHEMA_REFUSED = {"allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "oneOf"}
KINDS = {401: "invalid_request_error", 429: "rate_limit_error"}


@dataclass(frozen=True)
class Flavour:
    """Habits of one server."""
    strict: bool = False  # unknown fields are refused
    code: str = "text"  # how an error says its code: text, number, null
    limits: tuple = ("max_tokens", "max_completion_tokens")  # that are obeyed
    any_model: bool = False
    thought: str = None  # where reasoning is told
    filters: bool = False  # a first chunk without choices
    limit_headers: bool = False


FLAVOURS = {
    "openai": Flavour(strict=True, limit_headers=True),
    "azure": Flavour(strict=True, any_model=True, filters=True, limit_headers=True),
    "vllm": Flavour(code="number", thought="reasoning"),
    "ollama": Flavour(code="null", limits=("max_tokens",), thought="reasoning"),
    "llama.cpp": Flavour(code="number", any_model=True, thought="reasoning_content"),
}


def check_strict(schema, fail, depth=0):
    """The rules of strict structured output."""
    if depth > 10:
        fail("Invalid schema for response_format: too many levels of nesting")
    for word in schema.keys() & SCHEMA_REFUSED:
        fail(f"Invalid schema for response_format: '{word}' is not permitted.")
    if schema.get("type") == "object" or "properties" in schema:
        if schema.get("additionalProperties") is not False:
            fail("Invalid schema for response_format: 'additionalProperties' is required to be supplied and to be false.")
        if set(schema.get("required", [])) != set(schema.get("properties", {})):
            fail("Invalid schema for response_format: 'required' is required to be supplied and to be an array including "
                 "every key in properties.")
    below = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", [])]
    for one in below + ([schema["items"]] if isinstance(schema.get("items"), dict) else []):
        check_strict(one, fail, depth + 1)


@functools.lru_cache(maxsize=4096)
def word_vector(word, size):
    chance = random.Random(hashlib.sha256(word.encode()).digest())
    return tuple(chance.gauss(0, 1) for _ in range(size))


def unit(vector):
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


def embed(text, size):
    """A unit vector of the text's words: texts that share words are near each other, the same everywhere and always."""
    words = [re.sub(r"(ies|es|s|ed|ing)$", "", word) or word for word in re.findall(r"\w+", text.lower())] or [text]
    return unit([sum(values) for values in zip(*(word_vector(word, size) for word in words))])


class OpenAI(Double):
    """json_schema, json_object, tools: whether the server has them; a request for what it lacks is a 400. `shuffle`:
    embeddings come in another order than they were asked for; embed_base64 off: always as numbers, whatever was asked; spoil: a
    function that makes another document of a good one of embeddings."""

    def __init__(self, source="Understood.", *, flavour="openai", json_schema=True, json_object=True, tools=True,
                 models=CHAT_MODELS, shuffle=False, embed_base64=True, spoil=None, **options):
        self.flavour, self.name = FLAVOURS[flavour], flavour
        self.has = {"json_schema": json_schema, "json_object": json_object, "text": True}
        self.has_tools, self.models, self.shuffle, self.embed_base64 = tools, tuple(models), shuffle, embed_base64
        self.spoil = spoil or (lambda document: document)
        self.numbers = itertools.count(1)
        self.prefixes = set()
        super().__init__(source, **options)

    @property
    def base_url(self):
        return self.origin + "/v1"

    # ---- reading ----

    def refuse(self, status, message, **more):
        raise Refused(self.error(status, message=message, **more))

    def read(self, request):
        path, deployment = self.place(request)
        self.authorise(request)
        if path == "/models" or path.startswith("/models/"):
            return self.read_models(request, path.removeprefix("/models").strip("/"))
        if path not in ("/chat/completions", "/embeddings"):
            self.refuse(404, f"Invalid URL ({request.method} {request.path})")
        if request.method != "POST":
            self.refuse(405, "Method not allowed")
        if request.headers.get("content-type", "").split(";")[0] != "application/json":
            self.refuse(415, "Unsupported content type")
        try:
            body = json.loads(request.body)
        except ValueError:
            self.refuse(400, "We could not parse the JSON body of your request.")
        if not isinstance(body, dict):
            self.refuse(400, "The body must be an object")
        if deployment:
            body["model"] = deployment
        return self.read_chat(request, body) if path == "/chat/completions" else self.read_embeddings(request, body)

    def place(self, request):
        """(path below the API's root, deployment of Azure's classic paths)."""
        if classic := re.fullmatch(r"/openai/deployments/([^/]+)(/chat/completions|/embeddings)", request.path):
            if not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", request.query.get("api-version", "")):
                self.refuse(404, "Resource not found", form="gateway")
            return classic[2], classic[1]
        for root in ("/openai/v1/", "/v1/"):
            if request.path.startswith(root):
                return request.path[len(root) - 1:], None
        self.refuse(404, f"Invalid URL ({request.method} {request.path})")

    def authorise(self, request):
        if not self.keys:
            return
        sent = request.headers.get("api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if not sent:
            self.refuse(401, "You didn't provide an API key.", error_code=None)
        if sent not in self.keys:
            self.refuse(401, "Incorrect API key provided.", error_code="invalid_api_key")

    def read_models(self, request, name):
        if name and not self.flavour.any_model and name not in (*self.models, *DIMENSIONS):
            self.no_model(name)
        return Call("models", request, name)

    def no_model(self, name):
        self.refuse(404, f"The model `{name}` does not exist or you do not have access to it.", error_code="model_not_found",
                    param="model")

    def check_fields(self, body, fields):
        for name, value in body.items():
            if name not in fields:
                if self.flavour.strict:
                    self.refuse(400, f"Unrecognized request argument supplied: {name}", error_code="unknown_parameter",
                                param=name)
            elif value is not None and (not isinstance(value, fields[name]) or
                                        (isinstance(value, bool) and fields[name] is not bool)):
                self.refuse(400, f"Invalid type for '{name}'.", error_code="invalid_type", param=name)

    def read_chat(self, request, body):
        self.check_fields(body, FIELDS)
        for name in ("model", "messages"):
            if not body.get(name):
                self.refuse(400, f"Missing required parameter: '{name}'.", error_code="missing_required_parameter", param=name)
        if not self.flavour.any_model and body["model"] not in self.models:
            self.no_model(body["model"])
        self.check_sampling(body)
        self.check_messages(body)
        self.check_format(body)
        if body.get("stream_options") and not body.get("stream"):
            self.refuse(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options")
        if body.get("tools") and not self.has_tools:
            self.refuse(400, "tools are not supported by this server", param="tools")
        call = Call("chat", request, body["model"], stream=bool(body.get("stream")))
        call.body = body
        told = [(message["role"], text_of(message.get("content"))) for message in body["messages"]]
        call.system = "\n".join(text for role, text in told if role in ("system", "developer"))
        call.messages = [(role, text) for role, text in told if role not in ("system", "developer")]
        call.schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
        call.tools = [tool["function"]["name"] for tool in body.get("tools") or []]
        return call

    def check_sampling(self, body):
        if not (self.flavour.strict and REASONS.match(body["model"])):
            return
        if "max_tokens" in body:
            self.refuse(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                        "'max_completion_tokens' instead.", error_code="unsupported_parameter", param="max_tokens")
        for name, only in (("temperature", 1), ("top_p", 1)):
            if body.get(name, only) != only:
                self.refuse(400, f"Unsupported value: '{name}' does not support {body[name]} with this model. Only the "
                            f"default ({only}) value is supported.", error_code="unsupported_value", param=name)

    def check_messages(self, body):
        for number, message in enumerate(body["messages"]):
            where = f"messages[{number}]"
            if not isinstance(message, dict) or message.get("role") not in ROLES:
                self.refuse(400, f"Invalid value for '{where}.role'.", error_code="invalid_value", param=where)
            if self.flavour.strict and message.keys() - MESSAGE:
                self.refuse(400, f"Unknown parameter in '{where}'.", error_code="unknown_parameter", param=where)
            if message.get("content") is None and not message.get("tool_calls"):
                self.refuse(400, f"Invalid value for '{where}.content': expected a string, got null.", param=where)
            if message["role"] == "tool" and "tool_call_id" not in message:
                self.refuse(400, f"Missing parameter '{where}.tool_call_id'.", param=where)

    def check_format(self, body):
        form = body.get("response_format")
        if not form:
            return
        kind = form.get("type")
        if not self.has.get(kind):
            self.refuse(400, f"response_format of type '{kind}' is not supported by this server", param="response_format",
                        error_code="unsupported_value")
        if kind == "json_object" and self.flavour.strict and "json" not in compact(body["messages"]).lower():
            self.refuse(400, "'messages' must contain the word 'json' in some form, to use 'response_format' of type "
                        "'json_object'.", param="messages")
        if kind == "json_schema" and self.flavour.strict:
            inner = form.get("json_schema", {})
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", inner.get("name", "")):
                self.refuse(400, "Invalid 'response_format.json_schema.name'.", param="response_format.json_schema.name")
            schema = inner.get("schema", {})
            if inner.get("strict"):
                if schema.get("type") != "object":
                    self.refuse(400, "Invalid schema for response_format: schema must be of type 'object'.")
                check_strict(schema, lambda message: self.refuse(400, message, error_code="invalid_json_schema",
                                                                 param="response_format"))

    def read_embeddings(self, request, body):
        self.check_fields(body, EMBEDDING_FIELDS)
        if body.get("model") not in DIMENSIONS and not self.flavour.any_model:
            self.no_model(body.get("model"))
        inputs = [body.get("input")] if isinstance(body.get("input"), str) else body.get("input")
        if not inputs or len(inputs) > INPUTS_MAX or not all(isinstance(one, str) and one for one in inputs):
            self.refuse(400, "'$.input' is invalid.", param="input")
        sizes = [tokens_of(one) for one in inputs]
        if max(sizes) > INPUT_TOKENS_MAX:
            self.refuse(400, f"This model's maximum context length is {INPUT_TOKENS_MAX} tokens, however you requested "
                        f"{max(sizes)} tokens.", param="input")
        if sum(sizes) > REQUEST_TOKENS_MAX:
            self.refuse(400, f"Requested {sum(sizes)} tokens, max {REQUEST_TOKENS_MAX} tokens per request",
                        error_code="max_tokens_per_request", param="input")
        most = DIMENSIONS.get(body["model"], 1536)
        if not 1 <= body.get("dimensions", most) <= most or ("dimensions" in body and "ada" in body["model"]):
            self.refuse(400, "Invalid value for 'dimensions'.", param="dimensions")
        if body.get("encoding_format", "float") not in ("float", "base64"):
            self.refuse(400, "Invalid value for 'encoding_format'.", param="encoding_format")
        call = Call("embeddings", request, body["model"])
        call.body, call.inputs, call.tokens = body, inputs, sum(sizes)
        return call

    # ---- answering ----

    def headers(self):
        headers = {"x-request-id": f"req_{next(self.numbers):032x}", "openai-processing-ms": 1,
                   "date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())}
        if self.flavour.limit_headers:
            headers |= {"x-ratelimit-limit-requests": 10_000, "x-ratelimit-remaining-requests": 9_999,
                        "x-ratelimit-reset-requests": "6ms", "x-ratelimit-limit-tokens": 200_000,
                        "x-ratelimit-remaining-tokens": 199_000, "x-ratelimit-reset-tokens": "1m0.3s"}
        return headers

    def error(self, status, kind=None, message="scripted", headers=None, error_code=None, param=None, form="object"):
        """`form`: object, or other forms that are met: "string", "top" (no envelope), "gateway" (Azure's front)."""
        code = {"text": error_code, "number": status, "null": None}[self.flavour.code]
        kind = kind or KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
        forms = {"object": {"error": {"message": message, "type": kind, "param": param, "code": code}},
                 "string": {"error": message},
                 "top": {"object": "error", "message": message, "type": kind, "code": status},
                 "gateway": {"statusCode": status, "message": message}}
        return Response(status, {"content-type": "application/json", **self.headers(), **(headers or {})},
                        [compact(forms[form]).encode()])

    def error_event(self, kind, message):
        return b"".join(events_of([(None, compact({"error": {"message": message, "type": kind, "param": None,
                                                             "code": None}}))]))

    def ping_event(self):
        return b": ping\n\n"

    def whole(self, value):
        return Response(200, {"content-type": "application/json", **self.headers()}, [compact(value).encode()])

    def respond(self, call, reply):
        if call.kind == "models":
            return self.respond_models(call)
        if call.kind == "embeddings":
            return self.whole(self.spoil(self.embeddings(call)))
        completion = self.completion(call, reply)
        if not call.stream:
            return self.whole(completion)
        usage = bool((call.body.get("stream_options") or {}).get("include_usage"))
        events = [(None, compact(chunk)) for chunk in self.chunks(completion, reply, usage)]
        if reply.pings:
            events.insert(1, (":", "keep-alive"))
        if reply.unknown:
            events.insert(1, ("weather_report", '{"choices":[],"sky":"blue"}'))
        if reply.done:
            events.append((None, "[DONE]"))
        return Response(200, {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", **self.headers()},
                        events_of(events, reply.newline, reply.split), stream=True)

    def respond_models(self, call):
        cards = [{"id": name, "object": "model", "created": 1764000000, "owned_by": "double"}
                 for name in ((call.model,) if call.model else (*self.models, *DIMENSIONS))]
        return self.whole(cards[0] if call.model else {"object": "list", "data": cards})

    def completion(self, call, reply):
        message = {"role": "assistant", "content": None, "refusal": reply.refusal}
        finish = "stop"
        if reply.refusal is None:
            text = reply.content
            limit = min([call.body[name] for name in self.flavour.limits if call.body.get(name)], default=None)
            if reply.cut or (limit is not None and tokens_of(text) > limit):
                finish = "length"
                text = text if limit is None else text.encode()[:limit * 4].decode(errors="ignore")
            message["content"] = None if reply.tools and not text else text
            if reply.tools:
                finish = "tool_calls"
                message["tool_calls"] = [
                    {"id": f"call_{number}", "type": "function", "function": {
                        "name": name, "arguments": arguments if isinstance(arguments, str) else compact(arguments)}}
                    for number, (name, arguments) in enumerate(reply.tools, 1)]
        if reply.thinking and self.flavour.thought:
            message[self.flavour.thought] = reply.thinking
        return {"id": f"chatcmpl-{next(self.numbers)}", "object": "chat.completion", "created": 1764000000, "model": call.model,
                "choices": [{"index": 0, "finish_reason": reply.stop or finish, "logprobs": None, "message": message}],
                "usage": {**self.usage(call, message), **reply.usage}, "system_fingerprint": "fp_double",
                "service_tier": "default"}

    def usage(self, call, message):
        """Prefixes of 1024 tokens and more are cached by themselves, in steps of 128."""
        if not hasattr(call, "counted"):
            prompt = compact([call.body.get("tools"), call.body["messages"]]).encode()
            steps = [hashlib.sha256(call.model.encode() + prompt[:end * 4]).digest()
                     for end in range(CACHE_STEP, len(prompt) // 4 + 1, CACHE_STEP)]
            with self.lock:
                known = next((at for at, step in enumerate(steps) if step not in self.prefixes), len(steps)) * CACHE_STEP
                self.prefixes.update(steps)
            call.counted = tokens_of(prompt), known if known >= CACHE_MIN else 0
        prompt, cached = call.counted
        answer = tokens_of(compact(message))
        return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer,
                "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0}}

    def chunks(self, completion, reply, with_usage):
        common = {"id": completion["id"], "object": "chat.completion.chunk", "created": completion["created"],
                  "model": completion["model"], "system_fingerprint": "fp_double"}
        silent = {"usage": None} if with_usage else {}

        def chunk(delta, finish=None):
            return {**common, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}], **silent}
        choice = completion["choices"][0]
        message = choice["message"]
        if self.flavour.filters:
            yield {**common, "choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}], **silent}
        yield chunk({"role": "assistant", "content": "", "refusal": None})
        for name in (self.flavour.thought, "content", "refusal"):
            for part in parts_of(message.get(name) or "", reply.pieces):
                yield chunk({name: part})
        for index, tool in enumerate(message.get("tool_calls", [])):
            arguments = tool["function"]["arguments"]
            parts = [arguments] if reply.tools_whole else ["", *parts_of(arguments, reply.pieces)]
            yield chunk({"tool_calls": [{"index": index, **tool, "function": {**tool["function"], "arguments": parts[0]}}]})
            for part in parts[1:]:
                yield chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
        yield chunk({}, choice["finish_reason"])
        if with_usage:
            yield {**common, "choices": [], "usage": completion["usage"]}

    def embeddings(self, call):
        most = DIMENSIONS.get(call.model, 1536)
        size = call.body.get("dimensions", most)
        as_text = call.body.get("encoding_format") == "base64" and self.embed_base64
        data = []
        for index, text in enumerate(call.inputs):
            vector = embed(text, most)
            vector = unit(vector[:size]) if size < most else vector
            data.append({"object": "embedding", "index": index, "embedding": base64.b64encode(
                struct.pack(f"<{size}f", *vector)).decode() if as_text else vector})
        if self.shuffle:
            data = data[1::2] + data[::2]
        return {"object": "list", "model": call.model, "data": data,
                "usage": {"prompt_tokens": call.tokens, "total_tokens": call.tokens}}


def text_of(content):
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content)
    return content or ""


if __name__ == "__main__":
    main(OpenAI, "A double of OpenAI's API, on 127.0.0.1.")
