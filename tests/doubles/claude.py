# SPDX-License-Identifier: Apache-2.0
"""Anthropic's Messages API: POST /v1/messages (whole and streamed), /v1/messages/count_tokens, GET /v1/models. It refuses what
the real one refuses, and its prompt cache is honest: what is said to be read was written before, byte for byte."""
import datetime
import hashlib
import itertools
import json
import time
from dataclasses import dataclass

from doubles.double import Double, Refused, compact, events_of, main, parts_of, tokens_of
from doubles.script import Call
from doubles.server import Response

VERSIONS = ("2023-06-01", "2026-10-21")
BODY_MAX = 32 * 1024 * 1024
BREAKPOINTS_MAX = 4
LOOK_BACK = 20  # blocks before a breakpoint that are looked up in the cache
TTL_S = {"5m": 300, "1h": 3600}


@dataclass(frozen=True)
class Model:
    cache_min: int  # tokens of the shortest prefix that is cached
    sampling: bool = False  # takes temperature and the like
    prefill: bool = False  # takes an assistant's message at the end
    thinking: tuple = ("adaptive", "disabled")
    thinks: bool = False  # unless told otherwise
    output_max: int = 128_000
    retires: str = None


OLD = {"sampling": True, "prefill": True, "thinking": ("enabled", "disabled"), "output_max": 64_000}
MODELS = {
    "claude-sonnet-4-5-20250929": Model(1024, **OLD, retires="2026-11-30T00:00:00Z"),
    "claude-haiku-4-5-20251001": Model(4096, **OLD),
    "claude-opus-4-5-20251101": Model(4096, **OLD),
    "claude-sonnet-4-6": Model(1024, sampling=True, thinking=("adaptive", "enabled", "disabled")),
    "claude-opus-4-6": Model(4096, sampling=True, thinking=("adaptive", "enabled", "disabled")),
    "claude-opus-4-7": Model(2048),
    "claude-opus-4-8": Model(1024),
    "claude-sonnet-5": Model(1024, thinks=True),
    "claude-opus-5": Model(512, thinks=True),
    "claude-fable-5": Model(512, thinks=True, thinking=("adaptive",)),
    "claude-sonnet-5-5": Model(1024, thinks=True),
    "claude-haiku-5-5": Model(1024),
    "claude-opus-5-5": Model(512, thinks=True),
}
ALIASES = {"claude-sonnet-4-5": "claude-sonnet-4-5-20250929", "claude-haiku-4-5": "claude-haiku-4-5-20251001",
           "claude-opus-4-5": "claude-opus-4-5-20251101"}

KINDS = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
         404: "not_found_error", 408: "timeout_error", 409: "conflict_error", 413: "request_too_large",
         422: "invalid_request_error", 429: "rate_limit_error", 500: "api_error", 502: "api_error", 503: "api_error",
         504: "timeout_error", 529: "overloaded_error"}

TEXT_OR_LIST = (str, list)
FIELDS = {"model": str, "max_tokens": int, "messages": list, "system": TEXT_OR_LIST, "cache_control": dict,
          "stop_sequences": list, "stream": bool, "temperature": (int, float), "top_p": (int, float), "top_k": int,
          "tools": list, "tool_choice": dict, "output_config": dict, "thinking": dict, "metadata": dict,
          "service_tier": str, "inference_geo": str, "speed": str, "container": (str, dict), "diagnostics": dict}
COUNTED = {"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control"}
BLOCKS = {"text": {"text", "citations"}, "image": {"source"}, "document": {"source", "title", "context", "citations"},
          "tool_use": {"id", "name", "input", "caller"}, "tool_result": {"tool_use_id", "content", "is_error"},
          "thinking": {"thinking", "signature"}, "redacted_thinking": {"data"},
          "search_result": {"source", "title", "content", "citations"}}
TOOL = {"name", "description", "input_schema", "strict", "cache_control", "input_examples", "eager_input_streaming",
        "defer_loading", "type", "allowed_callers"}
EFFORTS = {"low", "medium", "high", "xhigh", "max"}

SCHEMA_WORDS = {"type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "allOf", "$ref",
                "$defs", "definitions", "default", "description", "title", "format", "minItems", "pattern", "examples"}
SCHEMA_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}


def check_schema(schema, path, fail, within=()):
    """What structured output and strict tools take: facts of the vendor's documentation of 2026."""
    if not isinstance(schema, dict):
        fail(f"{path}: Input should be a valid dictionary")
    for word in schema.keys() - SCHEMA_WORDS:
        fail(f"{path}: For '{schema.get('type', 'any')}' type, property '{word}' is not supported")
    if "$ref" in schema:
        name = schema["$ref"]
        if not name.startswith("#/") or name in within:
            fail(f"{path}: '$ref' must be local and not recursive")
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        fail(f"{path}: For 'object' type, 'additionalProperties' must be explicitly set to false")
    if schema.get("minItems", 0) not in (0, 1):
        fail(f"{path}: For 'array' type, 'minItems' values other than 0 or 1 are not supported")
    if "format" in schema and schema["format"] not in SCHEMA_FORMATS:
        fail(f"{path}: format '{schema['format']}' is not supported")
    for word in ("properties", "$defs", "definitions"):
        for name, below in schema.get(word, {}).items():
            inside = (*within, f"#/{word}/{name}") if word != "properties" else within
            check_schema(below, f"{path}.{word}.{name}", fail, inside)
    for word in ("anyOf", "allOf"):
        for number, below in enumerate(schema.get(word, [])):
            check_schema(below, f"{path}.{word}.{number}", fail, within)
    if isinstance(schema.get("items"), dict):
        check_schema(schema["items"], f"{path}.items", fail, within)


@dataclass
class Block:
    """A piece of the prompt, in the order in which the cache sees it: tools, system, messages."""
    data: bytes
    tokens: int
    ttl: str = None  # of a breakpoint after it


def blocks_of(body):
    """The prompt as blocks; what changes the whole prefix comes first, what changes only the messages before those."""
    blocks = []

    def add(section, value, marks=None):
        mark = (marks or {}).get("cache_control")
        data = (section + compact(value)).encode()
        blocks.append(Block(data, tokens_of(data), mark and mark.get("ttl", "5m")))

    def bare(block):
        return {name: value for name, value in block.items() if name != "cache_control"}

    if body.get("output_config", {}).get("format"):
        add("format", body["output_config"]["format"])
    for tool in body.get("tools", []):
        add("tool", bare(tool), tool)
    system = body.get("system", [])
    for block in [{"type": "text", "text": system}] if isinstance(system, str) else system:
        add("system", bare(block), block)
    if body.get("tool_choice") or body.get("thinking"):
        add("choice", [body.get("tool_choice"), body.get("thinking")])
    for message in body["messages"]:
        content = message["content"]
        for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            add(message["role"], bare(block), block)
    if body.get("cache_control") and blocks:
        blocks[-1].ttl = blocks[-1].ttl or body["cache_control"].get("ttl", "5m")
    return blocks


class PromptCache:
    """Prefixes by their bytes, with the time at which each is forgotten."""

    def __init__(self, clock):
        self.clock, self.kept = clock, {}

    def use(self, who, blocks, cache_min):
        """(read, written for 5 minutes, written for an hour), in tokens, and keeps what is new."""
        prefixes, running, total = [], hashlib.sha256(repr(who).encode()), 0
        for block in blocks:
            running.update(len(block.data).to_bytes(8, "big") + block.data)
            total += block.tokens
            prefixes.append((running.hexdigest(), total))
        marked = [at for at, block in enumerate(blocks) if block.ttl]
        now = self.clock()
        read = max((self.kept[key][1] for at in marked for key, _ in prefixes[max(0, at - LOOK_BACK):at + 1]
                    if key in self.kept and self.kept[key][0] > now), default=0)
        written = {"5m": 0, "1h": 0}
        before = read
        for at in marked:
            key, size = prefixes[at]
            if size < cache_min:
                continue
            self.kept[key] = (now + TTL_S[blocks[at].ttl], size)
            if size > before:
                written[blocks[at].ttl] += size - before
                before = size
        return read, written["5m"], written["1h"]


class Claude(Double):
    """`tokens_left`: of the rate limit, as the headers tell it."""

    def __init__(self, source="Understood.", *, clock=time.monotonic, **options):
        self.cache = PromptCache(clock)
        self.numbers = itertools.count(1)
        self.tokens_left = 400_000
        super().__init__(source, **options)

    @property
    def base_url(self):
        return self.origin

    # ---- reading ----

    def read(self, request):
        self.authorise(request)
        if request.path.startswith("/v1/models") and request.method == "GET":
            return self.read_models(request)
        kinds = {"/v1/messages": "chat", "/v1/messages/count_tokens": "count"}
        if request.path not in kinds:
            self.refuse(404, f"{request.method} {request.path} is not there")
        if request.method != "POST":
            self.refuse(405, "Method Not Allowed", kind="invalid_request_error")
        if request.headers.get("content-type", "").split(";")[0] != "application/json":
            self.refuse(400, "content-type: must be application/json")
        if len(request.body) > BODY_MAX:
            self.refuse(413, "Request exceeds the maximum size")
        try:
            body = json.loads(request.body)
        except ValueError:
            self.refuse(400, "The request body is not valid JSON")
        self.check_body(body, kinds[request.path])
        call = Call(kinds[request.path], request, body["model"], stream=bool(body.get("stream")))
        call.body = body
        call.system = text_of(body.get("system", ""))
        call.messages = [(message["role"], text_of(message["content"])) for message in body["messages"]]
        call.schema = body.get("output_config", {}).get("format", {}).get("schema")
        call.tools = [tool["name"] for tool in body.get("tools", [])]
        return call

    def refuse(self, status, message, **more):
        raise Refused(self.error(status, message=message, **more))

    def authorise(self, request):
        key, bearer = request.headers.get("x-api-key"), request.headers.get("authorization", "")
        if key and bearer:
            self.refuse(400, "Only one of x-api-key and Authorization may be sent")
        if not key and not bearer:
            self.refuse(401, "x-api-key header is required")
        sent = key or bearer.removeprefix("Bearer ")
        if self.keys and sent not in self.keys:
            self.refuse(401, "invalid x-api-key" if key else "Invalid bearer token")
        version = request.headers.get("anthropic-version")
        if not version:
            self.refuse(400, "anthropic-version: header is required")
        if version not in VERSIONS:
            self.refuse(400, f'anthropic-version: "{version}" is not a valid version')

    def read_models(self, request):
        name = request.path.removeprefix("/v1/models").strip("/")
        if name and ALIASES.get(name, name) not in MODELS:
            self.refuse(404, f"model: {name}")
        return Call("models", request, name)

    def check_body(self, body, kind):
        def fail(message):
            self.refuse(400, message)
        if not isinstance(body, dict):
            fail("Input should be a valid dictionary")
        for name, value in body.items():
            if name not in FIELDS or (kind == "count" and name not in COUNTED):
                fail(f"{name}: Extra inputs are not permitted")
            if value is not None and (not isinstance(value, FIELDS[name]) or
                                      (isinstance(value, bool) and FIELDS[name] is not bool)):
                fail(f"{name}: Input should have another type")
        for name in ("model", "messages") + (("max_tokens",) if kind == "chat" else ()):
            if body.get(name) is None:
                fail(f"{name}: Field required")
        model = MODELS.get(ALIASES.get(body["model"], body["model"]))
        if not model:
            self.refuse(404, f"model: {body['model']}")
        if kind == "chat":
            self.check_limits(body, model, fail)
        self.check_messages(body, model, fail)
        self.check_tools(body, fail)
        self.check_output(body, fail)
        self.check_caching(body, fail)

    def check_limits(self, body, model, fail):
        limit = body["max_tokens"]
        if limit < 0 or limit > model.output_max:
            fail(f"max_tokens: {limit} > {model.output_max}, which is the maximum allowed number of output tokens "
                 f"for {body['model']}")
        if limit == 0 and (body.get("stream") or body.get("output_config", {}).get("format")):
            fail("max_tokens: must be at least 1 here")
        thinking = body.get("thinking", {})
        for name in ("temperature", "top_p", "top_k"):
            if name not in body:
                continue
            harmless = not model.sampling and ((name == "temperature" and body[name] == 1) or
                                               (name == "top_p" and body[name] >= 0.99))
            if not model.sampling and not harmless:
                fail(f"`{name}` is deprecated for this model.")
            if name == "temperature" and not 0 <= body[name] <= 1:
                fail("temperature: range: 0..1")
            if model.sampling and thinking.get("type") == "enabled" and name != "top_p" and body[name] != 1:
                fail(f"`{name}` may only be set to 1 when thinking is enabled.")
        if "temperature" in body and "top_p" in body:
            fail("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
        if thinking:
            if thinking.get("type") not in model.thinking:
                fail(f"thinking.type: '{thinking.get('type')}' is not supported on this model")
            if thinking["type"] == "enabled" and not 1024 <= thinking.get("budget_tokens", 0) < limit:
                fail("thinking.budget_tokens: must be at least 1024 and below max_tokens")

    def check_messages(self, body, model, fail):
        messages = body["messages"]
        if not messages:
            fail("messages: at least one message is required")
        called = set()
        for number, message in enumerate(messages):
            path = f"messages.{number}"
            if not isinstance(message, dict) or message.keys() - {"role", "content"}:
                fail(f"{path}: Extra inputs are not permitted")
            if message.get("role") not in ("user", "assistant"):
                fail(f"{path}.role: Input should be 'user' or 'assistant'")
            self.check_content(message.get("content"), f"{path}.content", fail)
            for block in message["content"] if isinstance(message["content"], list) else []:
                if block["type"] == "tool_use":
                    called.add(block.get("id"))
                if block["type"] == "tool_result" and block.get("tool_use_id") not in called:
                    fail(f"{path}: unexpected `tool_use_id` found in `tool_result` blocks: {block.get('tool_use_id')}")
        if messages[0]["role"] != "user":
            fail("messages: first message must use the \"user\" role")
        if messages[-1]["role"] == "assistant" and not model.prefill:
            fail("This model does not support assistant message prefill. The conversation must end with a user message.")
        if isinstance(body.get("system"), list):
            self.check_content(body["system"], "system", fail, allowed=("text",))

    def check_content(self, content, path, fail, allowed=tuple(BLOCKS)):
        if isinstance(content, str):
            if not content:
                fail(f"{path}: user messages must have non-empty content")
            return
        if not isinstance(content, list):
            fail(f"{path}: Input should be a valid string or list")
        for number, block in enumerate(content):
            where = f"{path}.{number}"
            if not isinstance(block, dict) or block.get("type") not in allowed:
                fail(f"{where}: Input tag does not match any of the expected tags")
            for name in block.keys() - BLOCKS[block["type"]] - {"type", "cache_control"}:
                fail(f"{where}.{name}: Extra inputs are not permitted")
            if block["type"] == "text" and not isinstance(block.get("text"), str):
                fail(f"{where}.text: Field required")
            if block["type"] == "text" and not block["text"]:
                fail("cache_control cannot be set for empty text blocks" if "cache_control" in block else
                     "messages: text content blocks must be non-empty")

    def check_tools(self, body, fail):
        names = []
        for number, tool in enumerate(body.get("tools", [])):
            where = f"tools.{number}"
            if not isinstance(tool, dict) or tool.keys() - TOOL:
                fail(f"{where}: Extra inputs are not permitted")
            for name in ("name", "input_schema"):
                if name not in tool:
                    fail(f"{where}.{name}: Field required")
            if tool["input_schema"].get("type") != "object":
                fail(f"{where}.input_schema.type: Field required")
            if tool.get("strict"):
                check_schema(tool["input_schema"], f"{where}.input_schema", fail)
            names.append(tool["name"])
        if len(set(names)) < len(names):
            fail("tools: Tool names must be unique.")
        choice = body.get("tool_choice")
        if choice:
            if choice.get("type") not in ("auto", "any", "tool", "none"):
                fail("tool_choice: Input tag does not match any of the expected tags")
            if not names:
                fail("tool_choice: tool_choice may only be specified while providing tools")
            if choice["type"] == "tool" and choice.get("name") not in names:
                fail(f"tool_choice: Tool '{choice.get('name')}' not found in provided tools")
            if choice["type"] in ("any", "tool") and body.get("thinking", {}).get("type") == "enabled":
                fail("Thinking may not be enabled when tool_choice forces tool use.")

    def check_output(self, body, fail):
        output = body.get("output_config", {})
        for name in output.keys() - {"effort", "format"}:
            fail(f"output_config.{name}: Extra inputs are not permitted")
        if output.get("effort") not in EFFORTS | {None}:
            fail("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'")
        if form := output.get("format"):
            if form.get("type") != "json_schema" or "schema" not in form:
                fail("output_config.format: Input should be a json_schema with its schema")
            for name in form.keys() - {"type", "schema"}:
                fail(f"output_config.format.{name}: Extra inputs are not permitted")
            check_schema(form["schema"], "output_config.format.schema", fail)

    def check_caching(self, body, fail):
        marks = [mark for mark in marks_of(body)]
        for mark in marks:
            if mark.get("type") != "ephemeral" or mark.get("ttl", "5m") not in TTL_S or mark.keys() - {"type", "ttl"}:
                fail("cache_control: Input should be {type: ephemeral, ttl: 5m or 1h}")
        if len(marks) > BREAKPOINTS_MAX:
            fail(f"A maximum of {BREAKPOINTS_MAX} blocks with cache_control may be provided. Found {len(marks)}.")
        lives = [mark.get("ttl", "5m") for mark in marks]
        if lives != sorted(lives):  # "1h" sorts before "5m"
            fail("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block")

    # ---- answering ----

    def headers(self):
        soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
        limits = {"requests": (4000, 3999), "input-tokens": (400_000, self.tokens_left // 1000 * 1000),
                  "output-tokens": (80_000, 80_000), "tokens": (480_000, (self.tokens_left + 80_000) // 1000 * 1000)}
        headers = {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT"),
                   "request-id": f"req_{next(self.numbers):024d}",
                   "anthropic-organization-id": "00000000-0000-4000-8000-000000000001"}
        for name, (limit, left) in limits.items():
            headers |= {f"anthropic-ratelimit-{name}-limit": limit, f"anthropic-ratelimit-{name}-remaining": left,
                        f"anthropic-ratelimit-{name}-reset": soon}
        return headers

    def error(self, status, kind=None, message="scripted", headers=None, details=None):
        own = self.headers()
        body = {"type": "error", "error": {"type": kind or KINDS.get(status, "api_error"), "message": message,
                                           **({"details": details} if details else {})},
                "request_id": own["request-id"]}
        return Response(status, {"content-type": "application/json", **own, **(headers or {})}, [compact(body).encode()])

    def error_event(self, kind, message):
        return b"".join(events_of([("error", compact({"type": "error", "error": {"type": kind, "message": message}}))]))

    def ping_event(self):
        return b"".join(events_of([("ping", '{"type": "ping"}')]))

    def respond(self, call, reply):
        if call.kind == "models":
            return self.respond_models(call)
        if call.kind == "count":
            total = sum(block.tokens for block in blocks_of(call.body))
            return self.whole({"input_tokens": total})
        message = self.message(call, reply)
        if call.stream:
            return Response(200, {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache",
                                  **self.headers()},
                            events_of(stream_of(message, reply), reply.newline, reply.split), stream=True)
        return self.whole(message)

    def whole(self, value):
        return Response(200, {"content-type": "application/json", **self.headers()}, [compact(value).encode()])

    def respond_models(self, call):
        if call.model:
            return self.whole(model_card(ALIASES.get(call.model, call.model)))
        cards = [model_card(name) for name in MODELS]
        return self.whole({"data": cards, "has_more": False, "first_id": cards[0]["id"], "last_id": cards[-1]["id"]})

    def message(self, call, reply):
        body, model = call.body, MODELS[ALIASES.get(call.model, call.model)]
        content, stop, details = [], "end_turn", None
        thinks = body.get("thinking", {}).get("type", "adaptive" if model.thinks else "disabled") != "disabled"
        thinking = reply.thinking if reply.thinking is not None else "Let me see." if thinks else None
        if thinking is not None:
            content.append({"type": "thinking", "thinking": thinking, "signature": "c2lnbmVk"})
        if reply.refusal is not None:
            stop, details = "refusal", {"type": "refusal", "category": None, "explanation": reply.refusal}
        elif body["max_tokens"] == 0:
            content, stop = [], "max_tokens"
        else:
            text, whole = reply.content, True
            if tokens_of(text) > body["max_tokens"]:
                text, whole = text.encode()[:body["max_tokens"] * 4].decode(errors="ignore"), False
            if text or not reply.tools:
                content.append({"type": "text", "text": text, "citations": None})
            for number, (name, arguments) in enumerate(reply.tools, 1):
                content.append({"type": "tool_use", "id": f"toolu_{number:02d}", "name": name, "input": arguments})
                stop = "tool_use"
            if reply.cut or not whole:
                stop = "max_tokens"
        output = sum(tokens_of(compact(block)) for block in content)
        return {"id": f"msg_{next(self.numbers):020d}", "type": "message", "role": "assistant", "model": call.model,
                "content": content, "stop_reason": reply.stop or stop, "stop_sequence": None, "stop_details": details,
                "container": None, "diagnostics": None, "usage": {**self.usage(call, output), **reply.usage}}

    def usage(self, call, output):
        """Counted once a call, however often a fault asks what a good answer would be."""
        if not hasattr(call, "cached"):
            blocks = blocks_of(call.body)
            who = (call.request.headers.get("x-api-key") or call.request.headers.get("authorization"), call.model)
            with self.lock:
                call.cached = (*self.cache.use(who, blocks, MODELS[ALIASES.get(call.model, call.model)].cache_min),
                               sum(block.tokens for block in blocks))
        read, short, long, total = call.cached
        return {"input_tokens": total - read - short - long, "output_tokens": output,
                "cache_creation_input_tokens": short + long, "cache_read_input_tokens": read,
                "cache_creation": {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long},
                "output_tokens_details": {"thinking_tokens": 0}, "server_tool_use": None, "service_tier": "standard",
                "inference_geo": None, "speed": None}


def text_of(content):
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text") or (text_of(block["content"]) if "content" in block else "") for block in content)


def marks_of(body):
    """Every cache_control, in the order of the prefix; the automatic one comes last."""
    system = body.get("system")
    lists = [body.get("tools", []), system if isinstance(system, list) else []]
    lists += [message["content"] for message in body["messages"] if isinstance(message["content"], list)]
    marks = [block["cache_control"] for blocks in lists for block in blocks if block.get("cache_control")]
    return marks + ([body["cache_control"]] if body.get("cache_control") else [])


def model_card(name):
    model = MODELS[name]

    def can(yes):
        return {"supported": bool(yes)}
    return {"type": "model", "id": name, "display_name": name.replace("-", " ").title(), "created_at": "2026-01-01T00:00:00Z",
            "lifecycle": "deprecated" if model.retires else "active", "retires_at": model.retires,
            "deprecated_at": "2026-06-01T00:00:00Z" if model.retires else None, "line": name.split("-")[1],
            "max_input_tokens": 200_000, "max_tokens": model.output_max,
            "capabilities": {"structured_outputs": can(True), "batch": can(True), "citations": can(True),
                             "image_input": can(True), "pdf_input": can(True), "code_execution": can(False),
                             "context_management": can(False), "effort": {**can(True), **{one: can(True) for one in EFFORTS}},
                             "server_tools": {**can(False), "code_execution": can(False), "web_search": can(False)},
                             "thinking": {"supported": True, "types": {kind: can(kind in model.thinking) for kind in (
                                 "adaptive", "between_tools", "disabled", "enabled")}}}}


def stream_of(message, reply):
    """The events of a message, as (name, data)."""
    events = []

    def add(kind, **more):
        events.append((kind, compact({"type": kind, **more})))
    usage = message["usage"]
    start = {**message, "content": [], "stop_reason": None, "stop_details": None, "usage": {**usage, "output_tokens": 1}}
    add("message_start", message=start)
    for index, block in enumerate(message["content"]):
        deltas, empty = deltas_of(block, reply)
        add("content_block_start", index=index, content_block=empty)
        if index == 0 and reply.pings:
            events.append(("ping", '{"type": "ping"}'))
        for number, delta in enumerate(deltas):
            if reply.unknown and number == 1:
                events.append(("weather_report", '{"type":"weather_report","sky":"blue"}'))
                add("content_block_delta", index=index, delta={"type": "colour_delta", "colour": "blue"})
            add("content_block_delta", index=index, delta=delta)
        add("content_block_stop", index=index)
    ends = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details", "container")}
    add("message_delta", delta=ends, usage={name: usage[name] for name in (
        "input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")})
    add("message_stop")
    return events


def deltas_of(block, reply):
    """A block's deltas, and the block as it starts."""
    if block["type"] == "text":
        return [{"type": "text_delta", "text": part} for part in parts_of(block["text"], reply.pieces)], {**block, "text": ""}
    if block["type"] == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": part} for part in parts_of(block["thinking"], reply.pieces)]
        return (deltas + [{"type": "signature_delta", "signature": block["signature"]}],
                {**block, "thinking": "", "signature": ""})
    text = block["input"] if isinstance(block["input"], str) else compact(block["input"])
    parts = [""] + parts_of(text, 0 if reply.tools_whole else reply.pieces)
    return [{"type": "input_json_delta", "partial_json": part} for part in parts], {**block, "input": {}}


if __name__ == "__main__":
    main(Claude, "A double of Anthropic's Messages API, on 127.0.0.1.")
