# SPDX-License-Identifier: Apache-2.0
"""Questions over two tables with a server of embeddings behind the program: who found the table, what was called, and that the
key is nowhere to be read."""
import itertools
import threading

from doubles.openai_server import OpenAI
from model_support import NO_PROXY

KEY = "sk-embed-5Tq8-this-must-not-be-seen-anywhere"
MODEL, SIZE = "text-embedding-3-small", 64
QUESTION, TOTAL = "total revenue", 1625.5
TABLES = {
    "sales": "day,region,product,revenue\n2024-01-10,North,Desk,500.00\n2024-01-20,South,Chair,300.50\n2024-02-05,North,Chair,75.00\n"
             "2024-02-15,South,Desk,750.00\n",
    "staff": "name,office,salary\nAna,Lisbon,1000\nBo,Porto,2000\nCy,Lisbon,1500\n",
}


def make_tables(folder):
    folder.mkdir(exist_ok=True)
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def double(**options):
    return OpenAI("x", **{"keys": (KEY,), **options})


def environment_of(server, **settings):
    """Embeddings of that double, a planner that answers."""
    common = {"QUERENT_EMBED": "openai", "QUERENT_EMBED_BASE_URL": server if isinstance(server, str) else server.origin,
              "QUERENT_EMBED_API_KEY": KEY, "QUERENT_EMBED_MODEL": MODEL, "QUERENT_EMBED_DIMENSIONS": SIZE,
              "QUERENT_EMBED_WAIT_S": 60, "QUERENT_LLM": "planner", **NO_PROXY}  # time for a repeat, on a busy machine too
    return {name: str(value) for name, value in {**common, **settings}.items() if value is not None}


def embedded(server):
    """What was asked of /embeddings, one list of texts a call."""
    return [call.body["input"] for call in server.calls if call.kind == "embeddings"]


class Spoiling:
    """Spoils the reply of the first `times` calls (None: all) from the `after`-th on."""

    def __init__(self, spoil, times=None, after=0):
        self.spoil, self.lock, self.numbers = spoil, threading.Lock(), itertools.count()
        self.wrong = range(after, 10**9 if times is None else after + times)

    def __call__(self, document):
        with self.lock:
            number = next(self.numbers)
        return self.spoil(document) if number in self.wrong else document
