# SPDX-License-Identifier: Apache-2.0
"""What a double answers: a queue of replies, a function of the call, or a file of either, for both vendors alike.

A reply as a dict or as one line of a JSON file (a list of such objects):

    {"text": "Revenue was 3."}                        text, as the model writes it
    {"json": {"sql": "select 1"}}                     the same, as JSON
    {"tools": [["run_sql", {"sql": "select 1"}]]}     calls of tools; a text in place of the object is sent as it is
    {"refusal": "I can't help with that."}            the model declines
    {"text": "Revenue was", "cut": true}              the limit of output tokens was reached
    {"fault": "reset before headers"}                 by its name in faults.py; a list gives its parameters too
    {"text": "...", "thinking": "hm", "pieces": 3, "newline": "\\r\\n", "split": 7, "first_delay_s": 0.1}
"""
import json
import runpy
import threading
from dataclasses import dataclass, field, fields


@dataclass(frozen=True)
class Reply:
    text: str = None
    json: object = None
    tools: tuple = ()
    refusal: str = None
    thinking: str = None  # None: as the model does
    cut: bool = False
    fault: object = None  # a name, or (name, parameters)
    stop: str = None  # the vendor's word in place of the right one
    usage: dict = field(default_factory=dict)  # in place of what was counted
    status: int = None  # an error in the vendor's form: status, kind, message
    kind: str = None
    message: str = "scripted"
    headers: dict = field(default_factory=dict)
    pieces: int = 8  # characters of a delta; 0: the whole text in one
    tools_whole: bool = False  # arguments in one piece, as some servers send them
    newline: str = "\n"
    split: int = 0  # bytes sent at a time, wherever that cuts; 0: an event at a time
    pings: bool = True  # where the protocol has none: comments
    done: bool = True  # the mark at the end of a stream, where the protocol has one
    unknown: bool = False  # events that no client knows yet
    first_delay_s: float = 0
    gap_s: float = 0
    until: object = None  # a threading.Event: half of a stream comes when it is set

    @property
    def content(self):
        return json.dumps(self.json, ensure_ascii=False) if self.json is not None else self.text or ""


NAMES = {one.name for one in fields(Reply)}


def reply_of(value):
    if isinstance(value, Reply):
        return value
    if isinstance(value, str):
        return Reply(text=value)
    unknown = value.keys() - NAMES
    if unknown:
        raise ValueError(f"a reply has no {sorted(unknown)}; it has {sorted(NAMES)}")
    value = {**value, **({"tools": tuple(map(tuple, value["tools"]))} if "tools" in value else {})}
    return Reply(**value)


@dataclass
class Call:
    """A request as both vendors' doubles understand it."""
    kind: str  # "chat", "count", "models", "embeddings"
    request: object  # server.Request
    model: str = ""
    system: str = ""
    messages: list = field(default_factory=list)  # (role, text)
    schema: dict = None  # that the reply must obey
    tools: list = field(default_factory=list)  # names
    stream: bool = False
    number: int = 0  # calls of this kind before it
    body: dict = None

    @property
    def question(self):
        """The last that the user said."""
        return next((text for role, text in reversed(self.messages) if role == "user"), "")


class Script:
    """Thread-safe. `source`: a function of the call that returns a reply, a list of replies that are given in turn, the
    last one again and again, or one reply. Other kinds of calls are answered as they should be, or as add() says."""

    def __init__(self, source="Understood."):
        self.lock = threading.Lock()
        self.counts = {}
        self.queues = {}
        self.answer = source if callable(source) else None
        self.replies = [] if self.answer else [reply_of(one) for one in
                                               (source if isinstance(source, (list, tuple)) else [source])]

    def add(self, kind, *replies):
        """These come first for that kind of call, once each."""
        with self.lock:
            self.queues.setdefault(kind, []).extend(map(reply_of, replies))

    def next(self, call):
        """The reply to a call; None for a call of another kind that is to be answered as it should be."""
        with self.lock:
            call.number = self.counts.get(call.kind, 0)
            self.counts[call.kind] = call.number + 1
            if self.queues.get(call.kind):
                return self.queues[call.kind].pop(0)
            if call.kind != "chat":
                return None
            if not self.answer:
                return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply_of(self.answer(call))


def load(path):
    """A script of a file: JSON, or Python that defines answer(call)."""
    if str(path).endswith(".py"):
        return Script(runpy.run_path(str(path))["answer"])
    with open(path, encoding="utf-8") as file:
        return Script(json.load(file))
