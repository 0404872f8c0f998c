# SPDX-License-Identifier: Apache-2.0
"""What `querent doctor` says of a server of embeddings: all is well, and each thing that is to be mended."""
import json

import pytest

from embedding_support import KEY, double, environment_of


@pytest.fixture(scope="module")
def server():
    with double() as embeddings:
        yield embeddings


def examine(querent, server, **settings):
    result = querent.run("doctor", "--json", environment=environment_of(server, **settings))
    assert KEY not in result.stdout + result.stderr
    return {row["check"]: row for row in json.loads(result.stdout) if row["check"].startswith("embed ")}


def findings(rows):
    return {name: row["finding"] for name, row in rows.items()}


ALL_WELL = dict.fromkeys(["embed server", "embed clock", "embed key", "embed model", "embed size"], "ok")


def test_all_is_well(querent, server):
    rows = examine(querent, server)
    assert findings(rows) == ALL_WELL and "text-embedding-3-small" in rows["embed model"]["message"]


def test_the_built_in_ones_need_no_row(querent, server):
    assert examine(querent, server, QUERENT_EMBED="builtin") == {}


def test_a_wrong_key(querent, server):
    rows = examine(querent, server, QUERENT_EMBED_API_KEY="sk-wrong-one")
    assert rows["embed key"]["finding"] == "mend" and "set QUERENT_EMBED_API_KEY" in rows["embed key"]["message"]
    assert "sk-wrong-one" not in str(rows) and "embed model" not in rows


def test_a_model_that_is_not_there(querent, server):
    rows = examine(querent, server, QUERENT_EMBED_MODEL="nothing")
    assert rows["embed model"]["finding"] == "mend" and "QUERENT_EMBED_MODEL" in rows["embed model"]["message"]


def test_another_length(querent):
    def shorter(document):
        document["data"][0]["embedding"] = [0.5] * 10
        return document
    with double(spoil=shorter) as server:
        rows = examine(querent, server)
    assert rows["embed size"]["finding"] == "mend" and "set QUERENT_EMBED_DIMENSIONS to 10" in rows["embed size"]["message"]


def test_azure_by_deployments(querent):
    with double(flavour="azure") as azure:
        rows = examine(querent, azure, QUERENT_EMBED_API_VERSION="2024-10-21")
        assert rows["embed model"]["finding"] == "ok", rows


def test_a_server_that_is_not_there(querent):
    with double() as gone:
        address = gone.origin
    rows = examine(querent, address)
    assert findings(rows) == {"embed server": "mend"}
    assert "check the network and QUERENT_EMBED_BASE_URL" in rows["embed server"]["message"]


def test_what_is_missing_is_named(querent, server):
    rows = examine(querent, server, QUERENT_EMBED_MODEL=None)
    assert rows["embed model"]["finding"] == "mend" and "QUERENT_EMBED_MODEL" in rows["embed model"]["message"]
