# SPDX-License-Identifier: Apache-2.0
"""Everything that goes wrong between the program and its model, one question each: the right answer of the model after a
repeat, the planner's answer said to be the planner's, or one clear error. Never a hang, a crash, a wrong number or the
key in any output or file. The cases wait rather than work, so several run at a time; a table of them is printed at the end."""
import dataclasses
import json
import re
import socket

import pytest

from doubles import faults
from doubles import http2 as http2_faults
from doubles.claude import Claude
from doubles.http2 import Http2
from doubles.openai_server import OpenAI
from doubles.script import Reply
from doubles.tls import Authority
from fault_support import running
from model_support import KEY, TOTAL, Failing, Home, ask, decision, environment_of, settings_of
from server_support import SANITIZED

PATIENCE = 8 if SANITIZED else 1  # how much slower a sanitized program may be
AT_A_TIME = 8
MEMORY_MAX_MB = 2000 if SANITIZED else 300
MODEL, PLANNER, ERROR, DECLINED = "the model's answer", "the planner's answer", "an error", "no answer"


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    expect: object  # one of the above, or a tuple of those that are right
    fault: object = None
    times: int = None  # None: always
    on: str = "decision"  # or "answer"
    reply: dict = dataclasses.field(default_factory=dict)  # what else is different about the reply that fails
    says: str = ""  # in the error
    vendor: str = "claude"
    kind: str = "http"  # http, a kind of certificate, http2, or nobody
    flavour: str = "openai"
    options: dict = dataclasses.field(default_factory=dict)  # of the double
    settings: dict = dataclasses.field(default_factory=dict)
    calls: int = None  # how many the model got; None: any number
    limit_s: float = 20

    def __str__(self):
        return f"{self.vendor}: {self.name}"


ALONE = {"QUERENT_MODEL_FALLBACK": "none"}  # no planner in the model's place
# A good reply may not pause for so long, on a busy machine either: it would be asked for again.
QUICK = {"QUERENT_MODEL_IDLE_S": 6 if SANITIZED else 3}
SHORT = {"QUERENT_DEADLINE_S": 4 * PATIENCE}
TWICE = 3  # calls: the one that failed, its repeat, and the answer's


def status(code, **more):
    return ("status", {"code": code, **more})


def passing():
    """Faults that are over when the same is asked again."""
    for fault in ("reset before headers", "closed before headers", "reset within headers", "reset after headers",
                  "chunk size that is no number", "no last chunk", "empty body",
                  "cut within an event", "ends early but cleanly", "reset before the first event", "malformed event",
                  "malformed JSON", "not HTTP", "a length that is no number"):
        yield Case(f"{fault}, once", MODEL, fault, times=1, calls=TWICE)
    for fault in ("silence before headers", "stalled body", "stalls in the stream"):
        yield Case(f"{fault}, once", MODEL, fault, times=1, calls=TWICE, settings=QUICK)
    for code in (408, 409, 500, 502, 503, 504, 529):
        yield Case(f"{code}, once", MODEL, status(code), times=1, calls=TWICE)
    for words, headers in (("a second", {"retry-after": "1"}), ("milliseconds", {"retry-after-ms": "30"}),
                           ("a date", {"retry-after": "date"}), ("nothing", {}), ("words", {"retry-after": "soon"}),
                           ("a negative number", {"retry-after": "-5"})):
        yield Case(f"429 that asks for {words}, twice", MODEL, status(429, headers=headers), times=2, calls=TWICE + 1)
    yield Case("502 with HTML, twice", MODEL, ("status with HTML", {"code": 502}), times=2, calls=TWICE + 1)
    yield Case("503 with nothing, once", MODEL, ("status with nothing", {"code": 503}), times=1, calls=TWICE)
    yield Case("400 that invites a repeat, once", MODEL, status(400, headers={"x-should-retry": "true"}), times=1, calls=TWICE)
    for after in (0.0, 0.5):
        yield Case(f"overloaded event after {after:.0%}, once", MODEL, ("error event", {"after": after}), times=1, calls=TWICE)


def harmless():
    """Odd, but nothing is wrong."""
    for fault in ("slow but steady", "HTTP/1.0", "keep-alive that is closed", "JSON in place of a stream", "events twice",
                  "shorter than its length", "bytes that are no UTF-8"):
        yield Case(fault, MODEL, fault, calls=2)
    for words, reply in (("an event cut at every byte", {"split": 1, "newline": "\r\n"}),
                         ("pieces of seven bytes", {"split": 7}), ("events that nobody knows", {"unknown": True}),
                         ("thinking first", {"thinking": "Let me think about this. " * 50})):
        yield Case(words, MODEL, reply=reply, calls=2)


def lasting():
    """Faults that stay: the planner answers, or, where it may not, one sentence says what is wrong."""
    sentences = (
        ("reset before headers", {}, "tried 3 times|broke|reset"), ("closed before headers", {}, "tried 3 times"),
        ("not HTTP", {}, "no HTTP"), ("flood of headers", {}, "too many headers"),
        ("huge header", {}, "too long a header"), ("two lengths", {}, "Claude"), ("longer than its length", {}, "Claude"),
        ("empty body", {}, "empty reply"), ("204", {}, "empty reply"), ("HTML in place of JSON", {}, "ANTHROPIC_BASE_URL"),
        ("compressed garbage", {}, "compressed"), ("malformed JSON", {}, "Claude"), ("deep JSON", {}, "Claude"),
        ("events in reverse", {}, "Claude"), ("huge event", {}, "event of more"), ("100 MB", {}, "too big"),
        ("ends early but cleanly", {}, "whole"),
    )
    for fault, settings, says in sentences:
        yield Case(f"{fault}, always", ERROR, fault, says=says, settings={**ALONE, **settings})
    for fault in ("silence before headers", "stalled body"):
        yield Case(f"{fault}, always", ERROR, fault, says="Claude", settings={**ALONE, **QUICK})
    for fault in ("dripping headers", "endless pings", "endless 100 Continue", "endless body", "endless text"):
        yield Case(fault, ERROR, fault, says="", settings={**ALONE, **QUICK, **SHORT})
    yield Case("503 with an endless body", ERROR, ("status with an endless body", {"code": 503}),
               settings={**ALONE, **SHORT})
    for text in ("[]", "null", "3", '"text"', '{"type":"message_start"}', '{"type":"message_start","message":7}',
                 '{"content":[7,null,"x"],"stop_reason":"end_turn"}', '{"content":{"text":1},"stop_reason":3}'):
        yield Case(f"JSON of another kind: {text}", ERROR, ("body", {"json_text": text}), says="Claude", settings=ALONE)
    for code, says in ((400, "refuses the request"), (401, "ANTHROPIC_API_KEY"), (402, "money"), (403, "right|key"),
                       (404, "QUERENT_MODEL"), (413, "too long|refuses"), (422, "refuses the request")):
        yield Case(f"{code}", ERROR, status(code), says=says, calls=1, settings=ALONE)
    for code, says in ((408, "408"), (429, "429"), (500, "500"), (529, "529")):
        yield Case(f"{code}, always", ERROR, status(code), says=says, calls=3, settings=ALONE)
    yield Case("503 that forbids a repeat", ERROR, status(503, headers={"x-should-retry": "false"}), says="503", calls=1,
               settings=ALONE)
    yield Case("429 of a spending limit", ERROR, status(429, details={"error_code": "enforced_spend_limit_reached"}),
               says="money|limit", calls=1, settings=ALONE)
    yield Case("429 that asks for a day", ERROR, status(429, headers={"retry-after": "86400"}), says="429", calls=1,
               settings={**ALONE, **SHORT})
    yield Case("redirect", ERROR, "redirect", says="ANTHROPIC_BASE_URL", calls=1, settings=ALONE)
    yield Case("an error that tells the key", ERROR, "error that tells the key", says="ANTHROPIC_API_KEY", settings=ALONE)
    yield Case("a 400 that tells the key", ERROR, ("error that tells the key", {"code": 400}), says="refuses", settings=ALONE)
    yield Case("a 500 that tells the key", ERROR, ("error that tells the key", {"code": 500}), says="500", settings=ALONE)


def unreachable():
    yield Case("nobody listens", ERROR, kind="nobody", says="127.0.0.1", settings=ALONE)
    yield Case("nobody listens, the planner does", PLANNER, kind="nobody")
    yield Case("a name that is not known", ERROR, kind="name", says="name.invalid", settings=ALONE)
    for kind in ("self-signed", "expired", "wrong name"):
        yield Case(f"certificate: {kind}", ERROR, kind=kind, says="certificate|SSL|TLS", settings=ALONE)
    yield Case("certificate: good", MODEL, kind="good", calls=2)
    yield Case("http where https is spoken", ERROR, kind="http as https", says="Claude", settings=ALONE)
    yield Case("https where http is spoken", ERROR, kind="https as http", says="Claude", settings=ALONE)


def http2():
    yield Case("HTTP/2", MODEL, kind="http2", calls=2)
    for fault in ("GOAWAY before the answer", "GOAWAY with an error", "GOAWAY within the answer", "stream refused",
                  "stream reset before headers", "stream reset after headers", "stream reset within the answer",
                  "data before headers", "broken header block", "frame over the limit", "endless header block"):
        yield Case(f"{fault}, once", MODEL, fault, times=1, kind="http2")
    for fault in ("GOAWAY after which the answer comes", "frame of no kind at all", "flood of pings"):
        yield Case(fault, MODEL, fault, kind="http2", calls=2)
    yield Case("stalled stream, once", MODEL, "stalled stream", times=1, kind="http2", settings=QUICK)
    for fault in ("GOAWAY with an error", "stream reset within the answer"):
        yield Case(f"{fault}, always", ERROR, fault, kind="http2", says="Claude", settings=ALONE)


def stand_in():
    """The planner in the model's place."""
    for fault in ("reset before headers", "malformed JSON", "204", "ends early but cleanly"):
        yield Case(f"{fault}, always, the planner answers", PLANNER, fault)
    for code in (401, 429, 500):
        yield Case(f"{code}, always, the planner answers", PLANNER, status(code))
    yield Case("silence, always, the planner answers", PLANNER, "silence before headers", settings=QUICK)


def contents():
    """What a model says that it should not: mended when it is asked again."""
    wrong = {
        "prose": {"text": "Sure! You should sum the revenue."}, "an empty object": {"json": {}},
        "SQL that is a number": {"json": decision(sql=7)},
        "an unknown dataset and column": {"json": decision(sql="SELECT sum(turnover) FROM orders", dataset="orders")},
        "SQL that is none": {"json": decision(sql="SELEC sum(revenue) FORM sales")},
        "an unknown column": {"json": decision(sql="SELECT sum(turnover) FROM sales")},
        "SQL that deletes": {"json": decision(sql="DROP TABLE sales")},
        "SQL that reads a file": {"json": decision(sql="SELECT * FROM read_csv('/etc/passwd')")},
        "two statements": {"json": decision(sql="SELECT 1; DELETE FROM sales")},
        "SQL with a NUL": {"json": decision(sql="SELECT sum(revenue)\0 FROM sales")},
        "SQL without an end": {"json": decision(sql="SELECT " + "1 + " * 200_000 + "1")},
        "an object cut short": {"text": json.dumps(decision())[:60]},
        "nothing": {"text": ""},
    }
    for words, reply in wrong.items():
        yield Case(f"decides by {words}, once", MODEL, times=1, reply={"text": None, "json": None, **reply})
    fenced = "Here it is:\n```json\n" + json.dumps(decision()) + "\n```\nI hope that helps."
    yield Case("decides in a code fence", MODEL, reply={"json": None, "text": fenced}, calls=2)
    for words in ("prose", "SQL that deletes", "SQL that reads a file", "an unknown column"):
        reply = {"text": None, "json": None, **wrong[words]}
        yield Case(f"decides by {words}, always", (PLANNER, ERROR, DECLINED), reply=reply)
    yield Case("declines to decide", (PLANNER, ERROR, DECLINED), reply={"refusal": "I can't help with that."})
    yield Case("is cut while it decides", (MODEL, PLANNER, ERROR, DECLINED), times=1, reply={"cut": True, "json": None,
                                                                                           "text": '{"dataset": "sa'})


def answers():
    """The rows are there; only the words for them go wrong. The number is right all the same."""
    for fault in ("reset before headers", "ends early but cleanly", "malformed event", "204", status(500), status(400),
                  ("error event", {"after": 0.5}), "compressed garbage", "HTML in place of JSON", "huge event"):
        name = fault if isinstance(fault, str) else f"{fault[0]} {list(fault[1].values())[0]}"
        yield Case(f"{name} while it answers, always", MODEL, fault, on="answer")
    yield Case("stalls while it answers, always", MODEL, "stalls in the stream", on="answer", settings=QUICK)
    for words, text in (("a wrong number", "Revenue was 9,999.99 in all."), ("a number too many", "Revenue was 1,725.75, up 12 %."),
                        ("escape sequences", "Revenue was \x1b[31m1,725.75\x1b[0m\x07 in all."), ("blanks", "   \n  "),
                        ("a wrong number in words", "Revenue was two million.")):
        yield Case(f"answers with {words}", MODEL, on="answer", reply={"text": text})
    yield Case("declines to answer", MODEL, on="answer", reply={"refusal": "no"})
    yield Case("is cut while it answers", MODEL, on="answer", reply={"text": "Revenue was 1,7", "cut": True})
    yield Case("answers for ever", MODEL, "endless text", on="answer")


def openai():
    for case in (Case("plain", MODEL, calls=2), Case("no [DONE]", MODEL, reply={"done": False}),
                 Case("a stream cut at every byte", MODEL, reply={"split": 1, "newline": "\r\n", "unknown": True}),
                 Case("reasoning first", MODEL, reply={"thinking": "hm " * 100}, flavour="llama.cpp"),
                 Case("knows no schema", MODEL, flavour="vllm", options={"json_schema": False}),
                 Case("knows no JSON", MODEL, flavour="llama.cpp", options={"json_schema": False, "json_object": False}),
                 Case("a model that takes no temperature", MODEL, settings={"QUERENT_MODEL": "gpt-6-luna"}),
                 Case("Azure by deployments", MODEL, flavour="azure", settings={"OPENAI_API_VERSION": "2024-10-21"}),
                 Case("Ollama", MODEL, flavour="ollama"), Case("JSON in place of a stream", MODEL, "JSON in place of a stream"),
                 Case("HTTP/1.0", MODEL, "HTTP/1.0"),
                 Case("reset before headers, once", MODEL, "reset before headers", times=1, calls=TWICE),
                 Case("cut within an event, once", MODEL, "cut within an event", times=1, calls=TWICE),
                 Case("ends early, once", MODEL, "ends early but cleanly", times=1, calls=TWICE),
                 Case("error event, once", MODEL, ("error event", {"after": 0.5, "kind": "server_error"}), times=1, calls=TWICE),
                 Case("503, once", MODEL, status(503), times=1, calls=TWICE),
                 Case("429 with milliseconds, once", MODEL, status(429, headers={"retry-after-ms": "20"}), times=1, calls=TWICE),
                 Case("429 without quota", ERROR, status(429, kind="insufficient_quota"), says="money|limit|quota", calls=1,
                      settings=ALONE),
                 Case("429 with a balance of nothing", ERROR, status(429, error_code="credit_balance_exhausted"),
                      says="money|limit|quota", calls=1, settings=ALONE),
                 Case("401", ERROR, status(401), says="OPENAI_API_KEY", calls=1, settings=ALONE),
                 Case("401 with a numeric code", ERROR, status(401), says="OPENAI_API_KEY", flavour="vllm", settings=ALONE),
                 Case("404 as a text", ERROR, status(404, form="string"), says="QUERENT_MODEL", settings=ALONE),
                 Case("400 without an envelope", ERROR, status(400, form="top"), says="400", settings=ALONE),
                 Case("401 of a gateway", ERROR, status(401, form="gateway"), says="401", settings=ALONE),
                 Case("an error that tells the key", ERROR, "error that tells the key", says="OPENAI_API_KEY", settings=ALONE),
                 Case("a prompt that is filtered", (PLANNER, ERROR, DECLINED), status(400, error_code="content_filter")),
                 Case("an answer that is filtered", (PLANNER, ERROR, DECLINED), reply={"stop": "content_filter"}),
                 Case("a refusal", (PLANNER, ERROR, DECLINED), reply={"refusal": "no"}),
                 Case("calls a tool that there is not", (PLANNER, ERROR, DECLINED),
                      reply={"json": None, "text": "", "tools": (("run_sql", "{\"sql\": broken"),)}),
                 Case("valid JSON of wrong types", ERROR, ("body", {"json_text": '{"choices":{"0":7},"usage":[]}'}),
                      settings=ALONE),
                 Case("an empty list of choices", ERROR, ("body", {"json_text": '{"choices":[]}'}), settings=ALONE),
                 Case("500, always, the planner answers", PLANNER, status(500))):
        yield dataclasses.replace(case, vendor="openai")


CASES = [case for part in (passing, harmless, lasting, unreachable, http2, stand_in, contents, answers, openai)
         for case in part()]


class Workshop:
    """Runs cases, each with a double, a home and a program of its own."""

    def __init__(self, folder):
        self.home = Home(folder)
        self.authority = Authority(folder / "authority")

    def run(self, case):
        script = Failing(case.fault, case.times, case.on, **case.reply)
        if case.fault == "redirect":
            with Claude(Reply(text="stolen"), keys=()) as thief:
                script.fault = ("redirect", {"to": thief.origin + "/v1/messages"})
                outcome = self.run_with(case, script)
                assert thief.requests == [], "the key went elsewhere"
                return outcome
        return self.run_with(case, script)

    def run_with(self, case, script):
        settings = {"QUERENT_CA_FILE": self.authority.bundle, **case.settings}
        if case.kind == "nobody":
            with socket.socket() as bound:  # and not listening: nobody else gets the port meanwhile
                bound.bind(("127.0.0.1", 0))
                url = f"http://127.0.0.1:{bound.getsockname()[1]}"
                return self.ask(case, settings_of("ANTHROPIC", url, **settings)), []
        if case.kind == "name":
            return self.ask(case, settings_of("ANTHROPIC", "http://name.invalid", **settings)), []
        if case.kind == "http2":
            double = Claude(script, keys=(KEY,), serve=False)
            with Http2(double, self.authority.context("good", ("h2",))) as server:
                return self.ask(case, settings_of("ANTHROPIC", server.origin, **settings)), double.requests
        tls = None if case.kind in ("http", "http as https") else self.authority.context(
            case.kind if case.kind != "https as http" else "good")
        make = Claude if case.vendor == "claude" else OpenAI
        options = {**case.options, **({"flavour": case.flavour} if case.vendor == "openai" else {})}
        with make(script, keys=(KEY,), tls=tls, **options) as double:
            environment = environment_of(double, **settings)
            if " as " in case.kind:
                other = {"http as https": "https", "https as http": "http"}[case.kind]
                environment["ANTHROPIC_BASE_URL"] = f"{other}://127.0.0.1:{double.server.port}"
            return self.ask(case, environment), double.requests

    def ask(self, case, environment):
        return ask(self.home.copy(), self.home.data, environment=environment, limit_s=case.limit_s * PATIENCE)


def outcome_of(answer):
    if answer.reply.get("status") == "answered":
        return MODEL if answer.by_model else PLANNER
    return ERROR if "error" in answer.reply else DECLINED


@pytest.fixture(scope="module")
def outcomes(request, tmp_path_factory):
    """case -> its future."""
    workshop = Workshop(tmp_path_factory.mktemp("faults"))
    heading = f"{'fault':58} {'came to':20} {'calls':>5} {'s':>6}  as it was told"
    with running(request, workshop.run, AT_A_TIME, "model-faults", heading, line_of) as futures:
        yield futures


def line_of(case, answer, requests):
    """What a fault came to, after which time and how many calls."""
    told = answer.reply.get("error") or answer.reply.get("final_response") or ""
    return f"{str(case)[:58]:58} {outcome_of(answer):20} {len(requests):5} {answer.seconds:6.2f}  {told}"


CODES = ("model", "deadline", "sql_refused", "sql_failed")
NUMBERS = re.compile(r"\d[\d,.]*\d|\d")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_ends_well(outcomes, case):
    answer, requests = outcomes[str(case)].result(timeout=600)
    told = f"{answer.out[-2000:]}\n{answer.errors[-3000:]}"
    assert answer.code in (0, 1, 3, 4), f"exit {answer.code} after {answer.seconds:.1f} s: {told}"
    assert answer.reply and "Sanitizer" not in answer.errors and "runtime error" not in answer.errors, told
    outcome = outcome_of(answer)
    assert outcome in (case.expect if isinstance(case.expect, tuple) else (case.expect,)), f"{outcome}: {told}"
    if outcome in (MODEL, PLANNER):
        assert answer.code == 0 and answer.rows == [[TOTAL]], told
        assert set(NUMBERS.findall(answer.reply["final_response"])) == {"1,725.75"}, told
    if outcome == ERROR:
        assert answer.code == 1 and answer.reply["code"] in CODES, told
        assert re.search(case.says, answer.reply["error"]), told
        assert "\n" not in answer.reply["error"] and len(answer.reply["error"]) < 600
    if outcome == PLANNER:
        assert says_planner(answer.reply), told
    assert case.calls is None or len(requests) == case.calls, f"{len(requests)} calls: {told}"
    assert answer.leaks() == []
    assert answer.memory_mb < MEMORY_MAX_MB


def says_planner(reply):
    """The asker is told who answered."""
    return reply["metadata"]["model"].startswith("planner-") and "built-in planner has answered" in reply["final_response"]


def test_there_are_enough_faults():
    """And each that the doubles know is among them."""
    assert len(CASES) >= 60 and len({str(case) for case in CASES}) == len(CASES)
    used = {case.fault if isinstance(case.fault, str) else case.fault[0] for case in CASES if case.fault}
    assert used == set(faults.FAULTS) | set(http2_faults.FAULTS)
