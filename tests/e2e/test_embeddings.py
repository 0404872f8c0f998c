# SPDX-License-Identifier: Apache-2.0
"""Embeddings of a server, with the double that speaks OpenAI's API: indexing, asking, another model, a server that is away."""
import json
import re
import sqlite3

import pytest

from conftest import wait_for
from doubles.openai_server import OpenAI
from doubles.script import Reply
from embedding_support import KEY, MODEL, QUESTION, SIZE, TOTAL, double, embedded, environment_of, make_tables
from serving import Refused, Server


@pytest.fixture
def tables(tmp_path):
    return make_tables(tmp_path / "tables")


@pytest.fixture
def server():
    with double() as embeddings:
        yield embeddings


def index(querent, tables, environment, code=0):
    result = querent.run("index", "--json", "--data", tables, environment=environment)
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout)["embeddings_made"], result.stderr


def stored(querent):
    with sqlite3.connect(querent.home / "store.sqlite") as store:
        return dict(store.execute("SELECT model_id, count(*) FROM dataset_embeddings WHERE model_id LIKE 'openai:%' GROUP BY 1"))


def is_right(reply):
    assert reply["status"] == "answered"
    return [list(row.values()) for row in reply["data_sample"]] == [[TOTAL]]


def test_what_is_indexed_is_asked_and_kept(querent, tables, server):
    environment = environment_of(server)
    assert index(querent, tables, environment)[0] == 2
    assert [len(texts) for texts in embedded(server)] == [2]
    assert index(querent, tables, environment)[0] == 0
    reply = querent.ask(QUESTION, "--data", tables, environment=environment)
    assert is_right(reply) and "notice" not in reply["metadata"]
    used = reply["metadata"]["embedding"]
    assert used["model"] == MODEL and used["tokens"] > 0 and used["cost"] == pytest.approx(used["tokens"] * 0.02e-6)
    assert embedded(server)[1:] == [[QUESTION]]
    assert server.calls[-1].body["dimensions"] == SIZE and server.calls[-1].body["encoding_format"] == "base64"
    # A question's vector is kept, too: a program later.
    reply = querent.ask(QUESTION, "--data", tables, environment=environment)
    assert is_right(reply) and reply["metadata"]["cache_hits"]["embedding"] == "store"
    assert "embedding" not in reply["metadata"] and len(embedded(server)) == 2
    # Data that changes while names stay the same costs no call.
    (tables / "staff.csv").write_text("name,office,salary\nDee,Porto,10\n")
    assert index(querent, tables, environment)[0] == 0
    said = querent.run("usage").stdout
    assert said.count(MODEL) == 2 and "(index)" in said and "local" in said


def test_another_model_or_dimension_has_all_made_again(querent, tables, server):
    assert index(querent, tables, environment_of(server))[0] == 2
    other = environment_of(server, QUERENT_EMBED_DIMENSIONS=32)
    reply = querent.ask(QUESTION, "--data", tables, environment=other)  # without an index before
    assert is_right(reply) and "notice" not in reply["metadata"]
    assert [len(texts) for texts in embedded(server)] == [2, 2, 1]
    large = environment_of(server, QUERENT_EMBED_MODEL="text-embedding-3-large")
    assert index(querent, tables, large)[0] == 2
    assert sorted(stored(querent).values()) == [2, 2, 2]
    # Those of the first are there still.
    assert index(querent, tables, environment_of(server))[0] == 0
    # Vectors of the one are never held against a question's of another: its own is asked for.
    querent.ask(QUESTION, "--data", tables, environment=environment_of(server))
    querent.ask(QUESTION, "--data", tables, environment=large)
    assert embedded(server)[4:] == [[QUESTION], [QUESTION]]


def test_while_the_server_is_away_the_built_in_ones_find_tables_and_say_so(querent, tables, server):
    environment = environment_of(server)
    index(querent, tables, environment)
    server.script.add("embeddings", Reply(status=401), Reply(status=401))
    reply = querent.ask(QUESTION, "--data", tables, environment=environment)
    assert is_right(reply)
    assert reply["metadata"]["notice"].startswith("The embedding model could not be asked; datasets were found by keywords")
    assert "keywords" in reply["steps"][0]["message"]
    again = querent.run("ask", "--data", tables, "average salary", environment=environment)
    assert again.returncode == 0 and "set QUERENT_EMBED_API_KEY" in again.stderr and KEY not in again.stdout + again.stderr
    assert "keywords and the built-in embeddings" in " ".join(again.stdout.split())
    # Nothing of it was kept: now that it answers it is asked.
    reply = querent.ask(QUESTION, "--data", tables, environment=environment)
    assert "notice" not in reply["metadata"] and reply["metadata"]["embedding"]["tokens"] > 0


def test_an_index_that_fails_says_so_and_answers_all_the_same(querent, tables, server):
    server.script.add("embeddings", *[Reply(status=403)] * 2)
    made, said = index(querent, tables, environment_of(server), code=1)
    assert made == 0 and "403" in said and "built-in embeddings" in said
    reply = querent.ask(QUESTION, "--data", tables, environment=environment_of(server))
    assert is_right(reply) and "not all there yet" in reply["metadata"]["notice"]


def test_all_is_made_anew_when_it_is_asked_for(querent, tables, server):
    """A model that changed under its name is seen by nobody."""
    environment = environment_of(server)
    assert index(querent, tables, environment)[0] == 2
    querent.ask(QUESTION, "--data", tables, environment=environment)
    assert index(querent, tables, environment)[0] == 0
    said = querent.run("index", "--anew", "--data", tables, environment=environment)
    assert said.returncode == 0 and f"2 embedded with {MODEL}" in said.stdout, said.stdout + said.stderr
    querent.ask(QUESTION, "--data", tables, environment=environment)
    assert [len(texts) for texts in embedded(server)] == [2, 1, 2, 1]
    assert sum(stored(querent).values()) == 2
    server.script.add("embeddings", *[Reply(status=403)] * 4)
    said = querent.run("index", "--anew", "--json", "--data", tables, environment=environment)
    assert said.returncode == 1 and json.loads(said.stdout)["embeddings_made"] == 0 and "403" in said.stderr


def test_nothing_is_said_of_a_server_that_was_not_asked(querent, tables):
    """One dataset needs no embeddings."""
    (tables / "staff.csv").unlink()
    environment = environment_of("http://127.0.0.1:9")
    assert index(querent, tables, environment)[0] == 0
    assert "embedded" not in querent.run("index", "--data", tables, environment=environment).stdout


def ready(client):
    return client.call("GET", "/health/ready")["checks"]["embeddings"]


def test_a_server_makes_them_in_the_background(querent, tables, server):
    server.script.add("embeddings", *[Reply(status=403)] * 50)
    with Server(querent, "--data", tables, environment=environment_of(server)) as program:
        client = program.wait_until_ready().client()
        wait_for(lambda: "failed" in ready(client)["message"])
        assert ready(client)["status"] == "failed" and "2 of 2 datasets have no vector yet" in ready(client)["message"]
        reply = client.ask(QUESTION)
        assert is_right(reply) and "not all there yet" in reply["metadata"]["notice"]
        server.forget([Reply(text="x")])
        # Whatever is read again has them made at once.
        (tables / "more.csv").write_text("city,people\nFaro,3\nLagos,4\n")
        wait_for(lambda: ready(client)["status"] == "ok")
        reply = client.ask(QUESTION)
        assert is_right(reply) and "notice" not in reply["metadata"]
        assert len([text for texts in embedded(server) for text in texts if text != QUESTION]) == 3
        wait_for(lambda: re.search(r"querent_embedding_tokens_total [1-9][^$]*querent_embeddings_missing 0",
                                   client.begin("GET", "/metrics").read().decode()))
    with Server(querent, "--data", tables, environment=environment_of(server, QUERENT_EMBED_DIMENSIONS=16)) as program:
        client = program.wait_until_ready().client()
        wait_for(lambda: ready(client)["status"] == "ok")
        assert "notice" not in client.ask("average salary")["metadata"]


class Refusing(OpenAI):
    refused = "salary"

    def read_embeddings(self, request, body):
        if any(self.refused in text for text in body["input"]):
            self.refuse(422, "a word that is not allowed")
        return super().read_embeddings(request, body)


def test_one_table_that_is_refused_is_named_and_stops_no_other(querent, tables):
    with Refusing("x", keys=(KEY,)) as server:
        made, said = index(querent, tables, environment_of(server), code=1)
        assert made == 1 and "dataset 'staff'" in said and list(stored(querent).values()) == [1], said
        server.refused = "nothing of it"
        assert index(querent, tables, environment_of(server))[0] == 1


def test_a_forced_reading_does_not_keep_the_data_back(querent, tables, server):
    with Server(querent, "--data", tables, environment=environment_of(server)) as program:
        client = program.wait_until_ready().client()
        wait_for(lambda: ready(client)["status"] == "ok")
        server.script.add("embeddings", *[Reply(fault="silence before headers")] * 100)
        with pytest.raises(Refused, match="202"):
            client.call("POST", "/api/v1/admin/index", {"force": True})
        wait_for(lambda: "2 of 2 datasets have no vector yet" in ready(client)["message"], 30)
        reply = client.ask(QUESTION)
        assert is_right(reply) and "not all there yet" in reply["metadata"]["notice"]


class Lifting(OpenAI):
    """Gives the question the vector of the table whose text has that word."""

    def __init__(self, question, word):
        super().__init__("x", keys=(KEY,))
        self.question, self.word, self.table = question, word, None

    def embeddings(self, call):
        self.table = next((text for text in call.inputs if self.word in text), self.table)
        call.inputs = [self.table if text == self.question else text for text in call.inputs]
        return super().embeddings(call)


@pytest.mark.parametrize("word, table", [("revenue", "sales"), ("salary", "staff")])
def test_the_questions_vector_chooses_the_table(querent, tables, word, table):
    """No word of it is in either table: only the vectors tell them apart."""
    question = "how many are there"
    with Lifting(question, word) as server:
        reply = querent.ask(question, "--data", tables, environment=environment_of(server))
        assert "notice" not in reply["metadata"], reply
        assert reply["metadata"]["selected_dataset"] == table, reply


def test_one_table_alone_and_a_dry_question_ask_nobody(querent, tables, server):
    environment = environment_of(server)
    querent.ask(QUESTION, "--data", tables / "sales.csv", environment=environment)
    chat = {**environment, "QUERENT_LLM": "openai", "OPENAI_BASE_URL": server.origin, "OPENAI_API_KEY": KEY,
            "QUERENT_MODEL": "gpt-4o-mini"}
    result = querent.run("ask", "--dry", "--data", tables, QUESTION, environment=chat)
    assert result.returncode == 0, result.stderr
    assert server.requests == []


@pytest.mark.parametrize("model", [None, MODEL])
def test_auto_takes_another_server_only_for_a_named_model(querent, tables, server, model):
    """OpenAI's own address can't be a double's: this is the same rule for the server of OPENAI_BASE_URL."""
    environment = {"OPENAI_BASE_URL": server.origin, "OPENAI_API_KEY": KEY, "QUERENT_MODEL": "gpt-4o-mini",
                   "QUERENT_MODEL_FALLBACK": "planner"}
    if model:
        environment["QUERENT_EMBED_MODEL"] = model
    querent.run("ask", "--json", "--data", tables, QUESTION, environment=environment)
    assert bool(embedded(server)) == bool(model)
    server.forget()
    querent.ask(QUESTION, "--data", tables, environment={**environment, "QUERENT_LLM": "planner"})
    assert embedded(server) == []


@pytest.mark.parametrize("options, settings", [
    ({"embed_base64": False}, {}), ({"shuffle": True}, {}), ({"flavour": "vllm"}, {}),
    ({"flavour": "azure"}, {"QUERENT_EMBED_API_VERSION": "2024-10-21"}),
    ({"flavour": "ollama"}, {}), ({"keys": ()}, {"QUERENT_EMBED_API_KEY": None}),
], ids=["floats", "another order", "vLLM", "Azure by deployments", "Ollama", "no key"])
def test_servers_of_all_kinds_are_understood(querent, tables, options, settings):
    with double(**options) as kind:
        reply = querent.ask(QUESTION, "--data", tables, environment=environment_of(kind, **settings))
        assert is_right(reply) and "notice" not in reply["metadata"] and len(embedded(kind)) == 2


def test_what_can_not_be_is_refused_at_the_start(querent, tables):
    for settings, words in (({"QUERENT_EMBED_MODEL": None}, "QUERENT_EMBED_MODEL"),
                            ({"QUERENT_EMBED_DIMENSIONS": 1537}, "at most 1536"),
                            ({"QUERENT_EMBED_BASE_URL": None, "QUERENT_EMBED_API_KEY": None}, "need a key")):
        result = querent.run("ask", "--data", tables, QUESTION, environment=environment_of("http://127.0.0.1:9", **settings))
        assert result.returncode == 2 and words in result.stderr, result.stderr
