# SPDX-License-Identifier: Apache-2.0
"""Everything that goes wrong between the program and its server of embeddings, one question each. The table is found and the number
is right whatever happens: by the server's vectors, after a repeat, or by keywords and the built-in embeddings, which the reply then
says. Never a hang, a crash, or the key in any output or file. A table of all is printed at the end."""
import base64
import copy
import dataclasses
import re
import shutil
import socket
import struct
import tempfile
from pathlib import Path

import pytest

from conftest import Querent
from doubles.script import Reply
from doubles.tls import Authority
from embedding_support import KEY, QUESTION, SIZE, TOTAL, Spoiling, double, embedded, environment_of, make_tables
from fault_support import running
from model_support import ask
from server_support import SANITIZED

PATIENCE = 8 if SANITIZED else 1
AT_A_TIME = 6
SERVER, BUILT_IN = "the server's", "the built-in"
QUICK = {"QUERENT_MODEL_IDLE_S": 6 if SANITIZED else 3}  # a good reply may not pause for so long, on a busy machine either
SHORT = {"QUERENT_EMBED_WAIT_S": 1}


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    expect: str
    fault: object = None  # of doubles/faults.py
    spoil: object = None  # or what makes another reply of a good one
    times: int = None  # None: always
    of: str = "question"  # or "tables": whose embedding fails
    says: str = ""  # in the warning
    kind: str = "http"
    settings: dict = dataclasses.field(default_factory=dict)
    options: dict = dataclasses.field(default_factory=dict)
    calls: int = None  # for the question's, or the tables', alone

    def __str__(self):
        return self.name


def status(code, **more):
    return ("status", {"code": code, **more})


def passing():
    for fault in ("reset before headers", "closed before headers", "reset within headers", "reset after headers", "no last chunk",
                  "empty body", "not HTTP", "chunk size that is no number", "longer than its length",
                  "malformed JSON", "HTML in place of JSON", "deep JSON"):
        yield Case(f"{fault}, once", SERVER, fault, times=1, calls=2)
    for fault in ("silence before headers", "stalled body"):
        yield Case(f"{fault}, once", SERVER, fault, times=1, calls=2, settings=QUICK)
    for code in (408, 409, 500, 502, 503, 504, 529):
        yield Case(f"{code}, once", SERVER, status(code), times=1, calls=2)
    for words, headers in (("a second", {"retry-after": "1"}), ("milliseconds", {"retry-after-ms": "30"}),
                           ("a date", {"retry-after": "date"}), ("nothing", {}), ("words", {"retry-after": "soon"})):
        yield Case(f"429 that asks for {words}, twice", SERVER, status(429, headers=headers), times=2, calls=3)
    for fault in ("slow but steady", "HTTP/1.0", "keep-alive that is closed"):
        yield Case(fault, SERVER, fault, calls=1)
    yield Case("500 for tables, once", SERVER, status(500), times=1, of="tables", calls=2)


def lasting():
    for fault, says in (("reset before headers", "tried|reset|broke"), ("closed before headers", "tried 3 times"), ("not HTTP", "no HTTP"),
                        ("empty body", "no reply of|check"), ("204", "204|no reply|vectors"), ("HTML in place of JSON", "QUERENT_EMBED_BASE_URL"),
                        ("compressed garbage", "compressed"), ("malformed JSON", "no reply of /embeddings"),
                        ("deep JSON", "no reply of /embeddings"), ("flood of headers", "too many headers"),
                        ("huge header", "too long a header"), ("two lengths", "no reply of|Embedding server"), ("100 MB", "too big"),
                        ("endless body", "too big|in time|deadline|late")):
        yield Case(f"{fault}, always", BUILT_IN, fault, says=says)
    for fault in ("silence before headers", "stalled body", "dripping headers", "endless 100 Continue"):
        yield Case(f"{fault}, always", BUILT_IN, fault, settings=SHORT)
    for code, says in ((400, "gives no embeddings"), (401, "QUERENT_EMBED_API_KEY"), (402, "money"), (403, "right"),
                       (404, "QUERENT_EMBED_MODEL"), (422, "gives no embeddings")):
        yield Case(f"{code}, always", BUILT_IN, status(code), says=says, calls=1)
    for code in (408, 429, 500, 529):
        yield Case(f"{code}, always", BUILT_IN, status(code), says=str(code), calls=3)
    yield Case("413, always", BUILT_IN, status(413), says="413")
    yield Case("429 without quota", BUILT_IN, status(429, kind="insufficient_quota"), says="money", calls=1)
    yield Case("429 that asks for a day", BUILT_IN, status(429, headers={"retry-after": "86400"}), says="429", calls=1)
    yield Case("503 that forbids a repeat", BUILT_IN, status(503, headers={"x-should-retry": "false"}), says="503", calls=1)
    yield Case("401 of a gateway", BUILT_IN, status(401, form="gateway"), says="401", calls=1)
    yield Case("404 as a text", BUILT_IN, status(404, form="string"), says="QUERENT_EMBED_MODEL", calls=1)
    yield Case("redirect", BUILT_IN, "redirect", says="QUERENT_EMBED_BASE_URL", calls=1)
    for code in (400, 401, 500):
        yield Case(f"a {code} that tells the key", BUILT_IN, ("error that tells the key", {"code": code}), says=str(code))
    yield Case("401 for tables", BUILT_IN, status(401), of="tables", says="QUERENT_EMBED_API_KEY", calls=1)


def change(**parts):
    """A reply's first item with other members."""
    def spoil(document):
        document["data"][0].update({name: value(document) if callable(value) else value for name, value in parts.items()})
        return document
    return spoil


def other(**members):
    return lambda document: {**document, **{name: value(document) if callable(value) else value for name, value in members.items()}}


def floats(*numbers):
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def contents():
    """Valid JSON of the right shape or nearly, and no vectors that may be believed."""
    nan, inf = float("nan"), float("inf")
    wrong = {
        "a vector too many": (other(data=lambda it: it["data"] + it["data"]), "vectors for"),
        "no vectors": (other(data=[]), "0 vectors for"), "no data": (lambda it: {"object": "list"}, "no vectors"),
        "data that is an object": (other(data={"0": 1}), "no vectors"), "a list": (lambda it: [it], "no reply of"),
        "an error with 200": (lambda it: {"error": {"message": "busy"}}, "no vectors"),
        "an index beyond": (change(index=7), "not sent"), "an index below": (change(index=-1), "not sent"),
        "an index in words": (change(index="first"), "index that is no number"),
        "a vector of null": (change(embedding=None), "vector that is none"), "NaN in base64": (change(embedding=floats(*[nan] * SIZE)), "out of range"),
        "infinity in base64": (change(embedding=floats(inf, *[0.1] * (SIZE - 1))), "out of range"),
        "too large numbers": (change(embedding=[1e39] * SIZE), "out of range"), "zeros": (change(embedding=[0] * SIZE), "zeros"),
        "words in a vector": (change(embedding=["1"] * SIZE), "no number"),
        "base64 cut short": (change(embedding=lambda it: it["data"][0]["embedding"][:-5]), "no whole base64"),
        "base64 with a blank": (change(embedding=lambda it: " " + it["data"][0]["embedding"][1:]), "no whole base64"),
    }
    for name, (spoil, says) in wrong.items():
        yield Case(f"{name}, once", SERVER, spoil=spoil, times=1, calls=2)
        yield Case(f"{name}, always", BUILT_IN, spoil=spoil, says=says, calls=2)
    for name, vector in (("numbers", [0.5] * (SIZE + 1)), ("base64", floats(*[0.5] * (SIZE - 1)))):
        yield Case(f"another length in {name}", BUILT_IN, spoil=change(embedding=vector), says="set QUERENT_EMBED_DIMENSIONS to", calls=1)
    yield Case("two vectors of one table", BUILT_IN, spoil=lambda it: other(data=[it["data"][0]] * 2)(it), of="tables", says="two vectors|2 vectors for 1 texts", calls=6)
    yield Case("no usage", SERVER, spoil=lambda it: {"data": it["data"]}, calls=1)
    yield Case("usage beyond belief", SERVER, spoil=other(usage={"total_tokens": 2**60, "prompt_tokens": -7}), calls=1)
    yield Case("unknown members", SERVER, spoil=other(weather="fine", data=lambda it: [{**one, "sky": [1]} for one in it["data"]]), calls=1)


def unreachable():
    yield Case("nobody listens", BUILT_IN, kind="nobody", says="connection refused")
    yield Case("a name that is not known", BUILT_IN, kind="name", says="name.invalid")
    for kind in ("self-signed", "expired", "wrong name"):
        yield Case(f"certificate: {kind}", BUILT_IN, kind=kind, says="certificate|SSL|TLS")
    yield Case("certificate: good", SERVER, kind="good")
    yield Case("http where https is spoken", BUILT_IN, kind="http as https", says="Embedding server")


CASES = [case for part in (passing, lasting, contents, unreachable) for case in part()]


class Workshop:
    """Runs cases, each with a double, a home and a program of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.tables = make_tables(folder / "tables")
        self.home = Querent(folder / "home")
        self.authority = Authority(folder / "authority")
        loading = self.home.run("index", "--data", self.tables, environment={"QUERENT_EMBED": "builtin", "QUERENT_LLM": "planner"})
        assert loading.returncode == 0, loading.stderr

    def copy(self):
        home = Path(tempfile.mkdtemp(dir=self.folder)) / "home"
        shutil.copytree(self.home.home, home)
        return Querent(home)

    def ask(self, home, url, case):
        settings = {"QUERENT_CA_FILE": self.authority.bundle, "QUERENT_LOG_LEVEL": "debug", **case.settings}
        return ask(home, self.tables, QUESTION, environment=environment_of(url, **settings), limit_s=60 * PATIENCE)

    def run(self, case):
        if case.kind == "nobody":
            with socket.socket() as bound:  # and not listening: nobody else gets the port meanwhile
                bound.bind(("127.0.0.1", 0))
                return self.ask(self.copy(), f"http://127.0.0.1:{bound.getsockname()[1]}", case), []
        if case.kind == "name":
            return self.ask(self.copy(), "http://name.invalid", case), []
        if case.fault == "redirect":
            with double(keys=()) as thief:
                outcome = self.with_double(dataclasses.replace(case, fault=("redirect", {"to": thief.origin + "/v1/embeddings"})))
                assert thief.requests == [], "the key went elsewhere"
                return outcome
        return self.with_double(case)

    def with_double(self, case):
        before = case.of == "question"  # the call for the tables comes first, and is good
        tls = None if case.kind in ("http", "http as https") else self.authority.context(case.kind)
        spoil = Spoiling(lambda it: case.spoil(copy.deepcopy(it)), case.times, int(before)) if case.spoil else None
        with double(tls=tls, spoil=spoil, **case.options) as server:
            if case.fault:
                good = [Reply(text="x")] if before else []
                server.script.add("embeddings", *good, *[Reply(fault=case.fault)] * (case.times or 30))
            url = server.origin.replace("http:", "https:") if case.kind == "http as https" else server.origin
            answer = self.ask(self.copy(), url, case)
            texts = [call for call in embedded(server) if (QUESTION in call) == before]
            return answer, texts


def outcome_of(answer):
    return BUILT_IN if "notice" in answer.reply.get("metadata", {}) else SERVER


@pytest.fixture(scope="module")
def outcomes(request, tmp_path_factory):
    """case -> its future."""
    workshop = Workshop(tmp_path_factory.mktemp("faults"))
    heading = f"{'fault':46} {'found by':14} {'calls':>5} {'s':>6}  as it was told"
    with running(request, workshop.run, AT_A_TIME, "embedding-faults", heading, line_of) as futures:
        yield futures


def line_of(case, answer, calls):
    """What a fault came to, after which time and how many calls."""
    warned = re.findall(r"the embedding model can't be asked: (.*?)\"?\}?$", answer.errors, re.M)
    return f"{case.name[:46]:46} {outcome_of(answer):14} {len(calls):5} {answer.seconds:6.2f}  {' '.join(warned)}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_ends_well(outcomes, case):
    answer, calls = outcomes[str(case)].result(timeout=600)
    told = f"{answer.out[-2000:]}\n{answer.errors[-3000:]}"
    assert answer.code == 0 and "Sanitizer" not in answer.errors and "runtime error" not in answer.errors, told
    assert answer.rows == [[TOTAL]] and answer.reply["metadata"]["selected_dataset"] == "sales", told
    assert outcome_of(answer) == case.expect, told
    if case.expect == BUILT_IN:
        assert "keywords and the built-in embeddings" in answer.reply["metadata"]["notice"], told
        warned = re.search(r"the embedding model can't be asked: (.*)", answer.errors)
        assert warned and re.search(case.says, warned[1]), told
    else:
        assert answer.reply["metadata"]["embedding"]["tokens"] >= 0
    assert case.calls is None or len(calls) == case.calls, f"{len(calls)} calls: {told}"
    assert answer.leaks(KEY) == []
    assert answer.memory_mb < (2000 if SANITIZED else 300)


def test_there_are_enough_faults():
    assert len(CASES) >= 60 and len({case.name for case in CASES}) == len(CASES)
