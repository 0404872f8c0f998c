# SPDX-License-Identifier: Apache-2.0
"""What `querent doctor` says of a language model's provider: all is well, and each thing that is to be mended."""
import json

import pytest

from doubles.claude import Claude
from doubles.openai_server import OpenAI


@pytest.fixture(scope="module")
def claude():
    with Claude('{"yes":true}') as double:
        yield double


@pytest.fixture(scope="module")
def openai():
    with OpenAI('{"yes":true}') as double:
        yield double


def examine(querent, **settings):
    result = querent.run("doctor", "--json", environment=settings)
    assert "test-key" not in result.stdout + result.stderr
    return {row["check"]: row for row in json.loads(result.stdout) if row["check"].startswith("model")}


def findings(rows):
    return {name: row["finding"] for name, row in rows.items()}


ALL_WELL = dict.fromkeys(["model server", "model clock", "model", "model key", "model answer"], "ok")


def test_without_a_provider_the_planner_answers(querent):
    rows = examine(querent)
    assert findings(rows) == {"model": "ok"} and "planner" in rows["model"]["message"]


def test_claude_is_well(querent, claude):
    rows = examine(querent, ANTHROPIC_BASE_URL=claude.origin, ANTHROPIC_API_KEY="test-key")
    assert findings(rows) == ALL_WELL
    assert "JSON schema" in rows["model answer"]["message"]
    assert "claude-sonnet-4-6" in rows["model"]["message"]


def test_claude_with_a_token(querent, claude):
    rows = examine(querent, ANTHROPIC_BASE_URL=claude.origin, ANTHROPIC_AUTH_TOKEN="test-key")
    assert findings(rows) == ALL_WELL


def test_the_plans_model_works_with_a_word_of_warning(querent, claude):
    rows = examine(querent, ANTHROPIC_BASE_URL=claude.origin, ANTHROPIC_API_KEY="test-key",
                   QUERENT_MODEL="claude-sonnet-4-5-20250929")
    assert findings(rows) == {**ALL_WELL, "model": "note"}
    assert "2026-11-30; set QUERENT_MODEL to claude-sonnet-4-6" in rows["model"]["message"]
    told = querent.run("doctor", environment={"ANTHROPIC_BASE_URL": claude.origin, "ANTHROPIC_API_KEY": "test-key",
                                              "QUERENT_MODEL": "claude-sonnet-4-5-20250929"})
    assert told.returncode == 0 and "All works; see to the lines marked -." in told.stdout
    assert told.stderr.count("2026-11-30") == 1, "logged once"


def test_a_wrong_key(querent, claude, openai):
    rows = examine(querent, ANTHROPIC_BASE_URL=claude.origin, ANTHROPIC_API_KEY="sk-wrong-one")
    assert rows["model key"]["finding"] == "mend" and "set ANTHROPIC_API_KEY" in rows["model key"]["message"]
    assert "sk-wrong-one" not in str(rows) and "model answer" not in rows
    rows = examine(querent, OPENAI_BASE_URL=openai.origin, OPENAI_API_KEY="sk-wrong-one", QUERENT_MODEL="gpt-4o-mini")
    assert rows["model key"]["finding"] == "mend" and "set OPENAI_API_KEY" in rows["model key"]["message"]


def test_a_model_that_is_not_there(querent, claude, openai):
    rows = examine(querent, ANTHROPIC_BASE_URL=claude.origin, ANTHROPIC_API_KEY="test-key", QUERENT_MODEL="claude-9")
    assert rows["model answer"]["finding"] == "mend"
    assert "set QUERENT_MODEL to another, such as claude-sonnet-4-6" in rows["model answer"]["message"]
    rows = examine(querent, OPENAI_BASE_URL=openai.origin, OPENAI_API_KEY="test-key", QUERENT_MODEL="nothing")
    assert rows["model answer"]["finding"] == "mend" and "QUERENT_MODEL" in rows["model answer"]["message"]


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_a_compatible_server_is_well_however_its_address_is_written(querent, openai, path):
    rows = examine(querent, OPENAI_BASE_URL=openai.origin + path, OPENAI_API_KEY="test-key", QUERENT_MODEL="gpt-4o-mini")
    assert findings(rows) == ALL_WELL


@pytest.mark.parametrize("takes, words", [
    ({"json_schema": False}, "can't be held to a schema"),
    ({"json_schema": False, "json_object": False}, "takes no form"),
])
def test_a_server_that_takes_no_schema_still_answers(querent, takes, words):
    with OpenAI('{"yes":true}', **takes) as server:
        rows = examine(querent, OPENAI_BASE_URL=server.base_url, OPENAI_API_KEY="test-key", QUERENT_MODEL="gpt-4o-mini")
        assert findings(rows) == ALL_WELL and words in rows["model answer"]["message"]


def test_azure_by_deployments(querent):
    with OpenAI('{"yes":true}', flavour="azure") as azure:
        rows = examine(querent, OPENAI_BASE_URL=azure.origin, OPENAI_API_KEY="test-key",
                       OPENAI_API_VERSION="2024-10-21", QUERENT_MODEL="gpt-4o-mini")
        assert rows["model answer"]["finding"] == "ok", rows


def test_a_server_that_is_not_there(querent, claude):
    with Claude() as gone:
        address = gone.origin
    rows = examine(querent, ANTHROPIC_BASE_URL=address, ANTHROPIC_API_KEY="test-key")
    assert findings(rows) == {"model server": "mend"}
    assert "check the network and ANTHROPIC_BASE_URL" in rows["model server"]["message"]


def test_what_is_missing_is_named(querent):
    rows = examine(querent, QUERENT_LLM="openai")
    assert rows["model"]["finding"] == "mend" and "OPENAI_API_KEY" in rows["model"]["message"]
