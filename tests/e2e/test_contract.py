# SPDX-License-Identifier: Apache-2.0
"""/openapi.json read and tried by programs that know nothing of this server: openapi-spec-validator, and schemathesis,
which makes requests of all kinds from it, sends them, and compares the replies with what the document says."""
import os
import re
import subprocess

import pytest

from conftest import ROOT, Querent
from server_support import QUERY, SANITIZED, Server, request_of

PYTHON = ROOT / "deps/contract-venv/bin/python"
FOLDER = ROOT / "tests/contract"
EXAMPLES = 5 if SANITIZED else 15  # of each route, beside those that the document's limits ask for


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contract")
    data = folder / "sales.csv"
    data.write_text("day,region,revenue\n2024-01-10,North,500.00\n2024-01-20,South,300.50\n2024-02-01,North,120\n")
    with Server(Querent(folder / "home"), data) as running:
        yield running


def run(folder, *command, **environment):
    assert PYTHON.exists(), "deps/contract-venv is missing: tools/setup/setup.sh test makes it"
    return subprocess.run([PYTHON, *map(str, command)], text=True, capture_output=True, timeout=400, cwd=folder,
                          env={**os.environ, "NO_PROXY": "127.0.0.1", **environment})


def test_the_document_is_valid(server, tmp_path):
    path = tmp_path / "openapi.json"
    path.write_bytes(server.get("/openapi.json").content)
    verdict = run(tmp_path, "-m", "openapi_spec_validator", "--errors", "all", path)
    assert verdict.returncode == 0 and "OK" in verdict.stdout, verdict.stdout + verdict.stderr


def test_the_server_does_what_the_document_says(server, tmp_path):
    """All checks and all phases: the examples of the document, its limits, random requests, links between operations."""
    for question in ("What is the total revenue?", "revenue by region"):
        assert server.post(QUERY, request_of(question)).status_code == 200
    result = run(tmp_path, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json", "--checks", "all",
                 "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", EXAMPLES, "--generation-deterministic",
                 "--workers", 1, "--request-timeout", 60, "--warnings", "off", "--no-color",
                 SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=str(FOLDER))
    assert result.returncode == 0, result.stdout[-20000:] + result.stderr[-5000:]
    assert "No issues found" in result.stdout, result.stdout
    generated, passed = re.search(r"(\d+) generated, (\d+) (?:found|passed)", result.stdout).groups()
    assert int(passed) == int(generated) > 300, result.stdout
