# SPDX-License-Identifier: Apache-2.0
"""What leaves for a server of embeddings: every byte that was sent to the double is read, for tables of files and of documents, with
questions and follow-ups. Names and descriptions may be in it and the asker's words; no cell, whatever QUERENT_MODEL_SEES says, and
nothing of hidden columns."""
import json

import pytest

from conftest import Querent, wait_for
from embedding_support import KEY, double, embedded, environment_of
from serving import Server

CITIES = ["Qoltrane", "Vexburgh", "Zintara"]
PEOPLE = [f"{name} Wexler{number}" for number, name in enumerate(["Ada", "Bo", "Cy", "Dee"] * 8)]
ROWS = [(person, CITIES[n % 3], f"2024-0{n % 3 + 1}-{n % 27 + 1:02}", 7310 + 13 * n) for n, person in enumerate(PEOPLE)]
CELLS = CITIES + PEOPLE + [day for _, _, day, _ in ROWS] + [str(fee) for _, _, _, fee in ROWS]
QUESTIONS = ["fees by city", "and by day", "the highest fee", "how many visits", "list all visits"]


def write(folder, name, header, rows):
    (folder / f"{name}.csv").write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")


@pytest.fixture
def folder(tmp_path):
    """Documents: one with all that may hold values, and hidden columns."""
    folder = tmp_path / "documents"
    folder.mkdir()
    write(folder, "visits", "patient,city,day,fee", ROWS)
    write(folder, "rooms", "room,beds", [(f"Room{n}", n) for n in range(4)])
    (folder / "visits.yaml").write_text(json.dumps({
        "dataset_id": "visits", "table_name": "visits", "title": "Visits", "source": {"engine": "duckdb", "file": "visits.csv"},
        "columns": [{"name": "patient", "type": "text", "description": "secretly described"},
                    {"name": "city", "type": "text", "role": "dimension", "sample_values": CITIES},
                    {"name": "day", "type": "date", "role": "time"}, {"name": "fee", "type": "integer", "role": "measure"}],
        "access": {"hidden": ["patient"]},
        "verified_queries": [{"question": "how much did Zintara pay in all of the years",
                              "sql": "SELECT sum(fee) AS total FROM visits WHERE city = 'Zintara'"}]}))
    (folder / "rooms.yaml").write_text(json.dumps({
        "dataset_id": "rooms", "table_name": "rooms", "title": "Rooms", "source": {"engine": "duckdb", "file": "rooms.csv"},
        "columns": [{"name": "room", "type": "text"}, {"name": "beds", "type": "integer"}]}))
    return folder


@pytest.fixture
def files(tmp_path):
    """Nobody has described them: titles and columns are read from the data."""
    folder = tmp_path / "files"
    folder.mkdir()
    write(folder, "visits", "patient,city,day,fee", ROWS)
    write(folder, "rooms", "room,beds", [(f"Room{n}", n) for n in range(4)])
    return folder


@pytest.mark.parametrize("kind", ["documents", "files"])
@pytest.mark.parametrize("sees", ["rows", "schema"])
def test_no_cell_leaves(folder, files, tmp_path, kind, sees):
    with double() as server:
        environment = environment_of(server, QUERENT_MODEL_SEES=sees)
        if kind == "documents":
            environment["QUERENT_METADATA_DIR"] = str(folder)
        arguments = ("--data", files) if kind == "files" else ()
        with Server(Querent(tmp_path / "home"), *arguments, environment=environment) as program:
            with program.wait_until_ready().client() as client:
                wait_for(lambda: client.call("GET", "/health/ready")["checks"]["embeddings"]["status"] == "ok")
                conversation = None
                for question in QUESTIONS:
                    reply = client.ask(question, conversation)
                    conversation = reply["conversation_id"]
        texts = embedded(server)
        sent = "\n".join(json.dumps(json.loads(request.body), ensure_ascii=False) for request in server.requests if request.body)
    assert all(request.headers["authorization"] == f"Bearer {KEY}" for request in server.requests) and KEY not in sent
    assert [cell for cell in CELLS if cell in sent] == [] and "Wexler" not in sent
    assert any("fees by city" in text for call in texts for text in call) and "beds" in sent
    if kind == "documents":
        assert "patient" not in sent.replace("patients", "") and "secretly" not in sent
