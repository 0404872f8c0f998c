# SPDX-License-Identifier: Apache-2.0
"""Answers from the cache are the same answers; whatever they depend on makes them anew."""
import json
import re
import sqlite3
from pathlib import Path

import pytest

import conftest
from conftest import PROGRAM, ROOT
from server_support import Server

QUESTIONS = [
    "total revenue", "revenue by region", "revenue by month", "revenue last month", "revenue last month by product",
    "top 2 products by revenue", "how many rows are there", "average units per region", "which region sold most desks",
    "revenue by month compared with last year", "what columns are there?", "what is this data about?",
    "what is the capital of France?", "revenue in north", "share of revenue by region", "highest revenue of chairs",
]
HEADER_SIZE = 16  # of the file of embeddings
BUILD_ID_NOTE = re.compile(rb"\x04\0\0\0.\0\0\0\x03\0\0\0GNU\0", re.S)  # lengths of name and id, type, name
ALL = {"dataset_selection": "store", "sql_generation": "store", "sql_result": "store"}


def hits(reply):
    return reply["metadata"]["cache_hits"]


def told(reply):
    """What a reader sees: without ids, times and where things came from."""
    metadata = {key: value for key, value in reply["metadata"].items()
                if key not in ("execution_time_ms", "timings", "cache_hits")}
    steps = [{key: value for key, value in step.items()
              if key not in ("started_at", "duration_ms", "cache_hit") and not
              (key == "message" and step["step"] == "execute_query")} for step in reply["steps"]]
    rest = {key: value for key, value in reply.items()
            if key not in ("query_id", "conversation_id", "timestamp", "metadata", "steps")}
    return {**rest, "metadata": metadata, "steps": steps}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_cached_answer_is_the_same_answer(querent, sales, question):
    def ask():
        result = querent.run("ask", "--json", "--explain", "--data", sales, question)
        assert result.returncode in (0, 3, 4), result.stderr
        return json.loads(result.stdout)
    first, second = ask(), ask()
    assert hits(first) == {}
    assert hits(second).items() >= {"dataset_selection": "store", "sql_generation": "store"}.items()
    assert ("sql_result" in hits(second)) == (first["sql_query"] is not None)
    assert told(first) == told(second)
    assert [step["cache_hit"] for step in second["steps"]][2:4] == [True, True]
    assert not any(step["cache_hit"] for step in first["steps"])


def test_a_cached_answer_can_be_gone_on_from(querent, sales):
    for expected in ({}, ALL):
        first = querent.ask("total revenue", "--data", sales)
        second = querent.ask("and by region?", "--data", sales, "--conversation", first["conversation_id"])
        assert {tuple(row.values()) for row in second["data_sample"]} == {("North", 675.25), ("South", 1050.5)}
        assert hits(first) == hits(second) == expected
    # The same words after another question are another question.
    first = querent.ask("total units", "--data", sales)
    second = querent.ask("and by region?", "--data", sales, "--conversation", first["conversation_id"])
    assert {tuple(row.values()) for row in second["data_sample"]} == {("North", 8), ("South", 7)}
    assert hits(second) == {}
    assert "dataset_selection" not in hits(querent.ask("and by region?", "--data", sales))


def test_blanks_are_no_difference_and_words_are(querent, sales):
    querent.ask("revenue by region", "--data", sales)
    assert hits(querent.ask("  revenue   by\tregion ", "--data", sales)) == ALL
    assert "sql_generation" not in hits(querent.ask("revenue by product", "--data", sales))
    querent.ask('revenue of  "Desk"', "--data", sales)
    assert "sql_generation" not in hits(querent.ask('revenue of "Desk"', "--data", sales))


def test_changed_data_is_read_again(querent, sales):
    querent.ask("total revenue", "--data", sales)
    assert hits(querent.ask("total revenue", "--data", sales)) == ALL
    sales.write_text(sales.read_text() + "2024-03-02,South,Lamp,1,1000.00\n")
    reply = querent.ask("total revenue", "--data", sales)
    assert hits(reply) == {}
    assert [list(row.values()) for row in reply["data_sample"]] == [[2725.75]]


def test_another_day_is_another_question(querent, sales):
    march = querent.ask("revenue last month", "--data", sales)
    later = {"QUERENT_NOW": "2024-03-15T12:30:00Z"}  # within the hour that results live
    assert hits(querent.ask("revenue last month", "--data", sales, environment=later)) == ALL
    april = querent.ask("revenue last month", "--data", sales, environment={"QUERENT_NOW": "2024-04-02T12:00:00Z"})
    assert hits(april) == {}
    assert march["data_sample"] != april["data_sample"]


def test_other_embeddings_decide_anew(querent, sales, tmp_path):
    """What a model is made of is part of what it has decided. (Of the planner's weights, the unit tests say so.)"""
    data = bytearray((ROOT / "data/embeddings/q256.bin").read_bytes())
    data[HEADER_SIZE] ^= 1  # the last bit of the first scale
    (tmp_path / "other.bin").write_bytes(data)
    other = "--set", f"QUERENT_EMBEDDINGS={tmp_path / 'other.bin'}"
    querent.ask("total revenue", "--data", sales)
    assert not hits(querent.ask("total revenue", "--data", sales, *other)).keys() & {"dataset_selection", "sql_generation"}
    assert hits(querent.ask("total revenue", "--data", sales)) == ALL


def other_build(folder):
    """A copy of the program as another text of a prompt, or any other change of it, would make it: its build id, a
    hash of all that is in it, is another one."""
    content = bytearray(Path(PROGRAM).read_bytes())
    note, = BUILD_ID_NOTE.finditer(content)
    content[note.end()] ^= 1
    (folder / "build").mkdir(parents=True)  # as in a source tree, so that it finds its data
    (folder / "build/build.ninja").touch()
    for name in ("data", "deps"):
        (folder / name).symlink_to((ROOT / name).resolve())
    program = folder / "build/querent"
    program.write_bytes(content)
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("use", ["command", "server"])
def test_another_build_decides_anew(querent, sales, tmp_path, monkeypatch, use):
    """Prompts, rules and models are inside the program: another version of them finds nothing of what was kept."""
    def ask():
        if use == "command":
            return querent.ask("total revenue", "--data", sales)
        with Server(querent, sales) as server:
            return server.ask("total revenue")

    kept = ALL if use == "command" else {"response": "store"}
    assert hits(ask()) == {}
    assert hits(ask()) == kept
    monkeypatch.setattr(conftest, "PROGRAM", str(other_build(tmp_path / "other")))
    assert hits(ask()) == {}
    assert hits(ask()) == kept
    monkeypatch.undo()
    assert hits(ask()) == kept  # they live side by side


def test_entries_end_at_their_time(querent, sales):
    def ask(now):
        return hits(querent.ask("total revenue", "--data", sales, environment={"QUERENT_NOW": now}))
    assert ask("2024-03-15T01:00:00Z") == {}
    assert ask("2024-03-15T01:59:59Z") == ALL
    assert ask("2024-03-15T02:00:00Z") == {key: "store" for key in ALL if key != "sql_result"}
    assert ask("2024-03-15T06:59:59Z").keys() == {"dataset_selection", "sql_generation"}
    # Decided anew, which doesn't ask the store for each statement that is tried.
    assert ask("2024-03-15T07:00:00Z").keys() == {"dataset_selection"}


def test_no_memory_level_still_has_the_store(querent, sales):
    for expected in ({}, ALL):
        assert hits(querent.ask("total revenue", "--data", sales, "--set", "QUERENT_CACHE_MB=0")) == expected


def test_spoiled_entries_are_made_again(querent, sales):
    first = querent.ask("revenue by region", "--data", sales)
    for value in (b"", b"\x00" * 10 + b"{", b"\x00" * 8 + b"\xff\xff{}", None):
        store = sqlite3.connect(querent.home / "store.sqlite")
        if value is None:  # made now, and nonsense from there on
            store.execute("UPDATE cache_entries SET value = CAST(substr(value, 1, 16) || 'x' AS BLOB)")
        else:
            store.execute("UPDATE cache_entries SET value = ?", (value,))
        store.commit()
        store.close()
        reply = querent.ask("revenue by region", "--data", sales)
        assert hits(reply) == {}
        assert reply["data_sample"] == first["data_sample"]
