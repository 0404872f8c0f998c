# SPDX-License-Identifier: Apache-2.0
"""Conversations are removed for good at their time: by `querent migrate --sweep` and by a server."""
import json
import sqlite3

from conftest import wait_for
from server_support import Server

OLD, NOW = {"QUERENT_NOW": "2024-01-10T12:00:00Z"}, "2024-03-15T12:00:00Z"


def migrate(querent, *arguments, **settings):
    result = querent.run("migrate", "--json", *arguments, environment=settings)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def removed(conversations, messages):
    return {"conversations_removed": conversations, "messages_removed": messages}


def rows(querent, table):
    with sqlite3.connect(querent.home / "store.sqlite") as store:
        return store.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_the_command_removes_what_is_old(querent, sales):
    old = querent.ask("total revenue", "--data", sales, environment=OLD)["conversation_id"]
    querent.ask("and by region?", "--data", sales, "--conversation", old, environment=OLD)
    new = querent.ask("total revenue", "--data", sales)["conversation_id"]
    assert migrate(querent).items() >= removed(0, 0).items()
    assert migrate(querent, "--sweep").items() >= removed(0, 0).items()  # kept for ever
    assert migrate(querent, "--sweep", QUERENT_RETENTION_DAYS="66").items() >= removed(0, 0).items()
    assert migrate(querent, "--sweep", QUERENT_RETENTION_DAYS="64").items() >= removed(1, 4).items()
    assert rows(querent, "runs") == 1 and rows(querent, "conversations") == 1
    gone = querent.run("ask", "--data", sales, "--conversation", old, "and by region?")
    assert gone.returncode == 1 and "does not exist" in gone.stderr
    querent.ask("and by region?", "--data", sales, "--conversation", new)
    result = querent.run("migrate", "--sweep", environment={"QUERENT_RETENTION_DAYS": "64"})
    assert result.returncode == 0 and "Removed for good: 0 conversations" in result.stdout


def test_a_reference_date_in_the_future_makes_nothing_old(querent, sales):
    del querent.environment["QUERENT_NOW"]
    querent.ask("total revenue", "--data", sales)
    assert migrate(querent, "--sweep", QUERENT_RETENTION_DAYS="1", QUERENT_NOW="2099-01-01").items() >= \
        removed(0, 0).items()


def test_what_is_out_of_range_is_refused(querent):
    for value in ("-1", "36501", "x"):
        result = querent.run("migrate", "--sweep", environment={"QUERENT_RETENTION_DAYS": value})
        assert result.returncode == 2 and "QUERENT_RETENTION_DAYS" in result.stderr
    assert migrate(querent, "--sweep", QUERENT_RETENTION_DAYS="36500", QUERENT_DELETED_DAYS="0")


def test_a_server_removes_what_is_old_and_what_was_deleted(querent, sales):
    old = [querent.ask(question, "--data", sales, environment=OLD)["conversation_id"]
           for question in ("total revenue", "revenue by region", "average units")]
    new = querent.ask("total revenue", "--data", sales)["conversation_id"]
    with Server(querent, sales, QUERENT_RETENTION_DAYS=30, QUERENT_LOG_LEVEL="info") as server:
        wait_for(lambda: "removed 3 conversations with 6 messages" in server.log())
        for id in old:
            assert server.get(f"/api/v1/conversations/{id}/messages").status_code == 404
        assert len(server.messages(new)) == 2
        server.ask("and by region?", "local", new)
        assert server.http.delete(f"/api/v1/conversations/{new}").status_code == 200
    assert rows(querent, "runs") == 2  # deleted today
    later = {"QUERENT_NOW": "2024-04-14T12:00:00Z"}
    assert migrate(querent, "--sweep", **later).items() >= removed(0, 0).items()
    later = {"QUERENT_NOW": "2024-04-14T12:00:01Z"}
    assert migrate(querent, "--sweep", **later).items() >= removed(1, 4).items()
    assert rows(querent, "runs") == 0
