# SPDX-License-Identifier: Apache-2.0
"""Questions through the real program with a language model behind it: what a scripted model says, who answered in the
end, and that the key is nowhere to be read."""
import dataclasses
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from conftest import PROGRAM, ROOT, Querent
from doubles.script import Reply

KEY = "sk-test-7Qm2-this-must-not-be-seen-anywhere"
TOTAL = 1725.75
SQL = "SELECT sum(revenue) AS total_by_model FROM sales"  # its column tells who wrote the SQL
QUESTION = "total revenue"
SAID = "Revenue was 1,725.75 in all."
NO_PROXY = {"NO_PROXY": "127.0.0.1,localhost"}
FIELDS = ("dataset", "reason", "assumptions", "periods", "sql", "question_back", "no_answer")


def decision(sql=SQL, dataset="sales", **more):
    """What the program asks a model for first: a table, and SQL or words."""
    empty = {"reason": "it holds revenue", "assumptions": [], "periods": [], "question_back": None, "no_answer": None}
    return {"dataset": dataset, **empty, "sql": sql, **more}


def is_decision(call):
    """The call that is to choose and to write SQL; the other one writes an answer."""
    return '"question_back"' in call.system or bool(call.schema and "sql" in call.schema.get("properties", {}))


def good(call):
    return Reply(json=decision()) if is_decision(call) else Reply(text=SAID)


class Failing:
    """A script: the first `times` calls of one kind fail as `fault` says, all others are answered well."""

    def __init__(self, fault, times=None, on="decision", **reply):
        self.fault, self.times, self.on, self.reply = fault, times, on, reply
        self.lock, self.seen = threading.Lock(), 0

    def __call__(self, call):
        reply = good(call)
        if is_decision(call) != (self.on == "decision"):
            return reply
        with self.lock:
            self.seen += 1
            if self.times is not None and self.seen > self.times:
                return reply
        return dataclasses.replace(reply, fault=self.fault, **self.reply)


class Home:
    """A home in which the file is loaded already; every test gets a copy of its own."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.data = self.folder / "sales.csv"
        self.data.write_text("day,region,product,units,revenue\n2024-01-10,North,Desk,2,500.00\n"
                             "2024-01-20,South,Chair,4,300.50\n2024-02-05,North,Chair,1,75.00\n"
                             "2024-02-15,South,Desk,3,750.00\n2024-03-01,North,Lamp,5,100.25\n")
        self.whole = self.folder / "home"
        Querent(self.whole).ask("how many rows", "--data", self.data, environment={"QUERENT_LLM": "planner"})

    def copy(self):
        folder = Path(tempfile.mkdtemp(dir=self.folder)) / "home"
        shutil.copytree(self.whole, folder)
        return Querent(folder)


def environment_of(double, key=KEY, **settings):
    """The settings that point the program at a double, of whichever vendor it is."""
    vendor = "ANTHROPIC" if type(double).__name__ == "Claude" else "OPENAI"
    return settings_of(vendor, double.origin, key, **settings)


def settings_of(vendor, url, key=KEY, **settings):
    common = {f"{vendor}_BASE_URL": url, f"{vendor}_API_KEY": key, "QUERENT_LLM": {"ANTHROPIC": "anthropic"}.get(
        vendor, "openai"), "QUERENT_MODEL": {"ANTHROPIC": "claude-sonnet-4-6"}.get(vendor, "gpt-4o-mini"),
        "QUERENT_EMBED": "builtin", "QUERENT_LOG_LEVEL": "debug", **NO_PROXY}
    return {name: str(value) for name, value in {**common, **settings}.items() if value is not None}


@dataclasses.dataclass
class Answer:
    """What a question came to."""
    code: int
    reply: dict
    out: str
    errors: str
    seconds: float
    memory_mb: float
    home: Path

    @property
    def rows(self):
        return [list(row.values()) for row in self.reply.get("data_sample", [])]

    @property
    def by_model(self):
        return any("total_by_model" in row for row in self.reply.get("data_sample", []))

    def leaks(self, secret=KEY):
        """Where the secret can be read: outputs and every file of the home."""
        found = [name for name, text in (("stdout", self.out), ("stderr", self.errors)) if secret in text]
        return found + [str(path) for path in self.home.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def ask(querent, data, question=QUESTION, *, environment, limit_s=120):
    """`ask --json`, killed after limit_s; its time, memory and outputs."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        process = subprocess.Popen([PROGRAM, "ask", "--json", "--data", str(data), question], stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=errors, env={**querent.environment, **environment}, cwd=ROOT)
        watch = threading.Timer(limit_s, process.kill)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.cancel()
        seconds = time.monotonic() - began
        out.seek(0)
        errors.seek(0)
        text, told = out.read().decode(errors="replace"), errors.read().decode(errors="replace")
    try:
        reply = json.loads(text)
    except ValueError:
        reply = {}
    return Answer(process.returncode, reply, text, told, seconds, usage.ru_maxrss / 1024, querent.home)
