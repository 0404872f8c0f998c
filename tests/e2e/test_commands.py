# SPDX-License-Identifier: Apache-2.0
"""Every command, its help, its exit codes, and a helpful word when it is misspelled."""
import json
import re
import subprocess

import pytest

from conftest import PROGRAM

COMMANDS = ["ask", "chat", "datasets", "profile", "index", "doctor", "config"]


def test_help_lists_every_command(querent):
    result = querent.run("--help")
    assert result.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", result.stdout, re.M), command


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(querent, command):
    result = querent.run(command, "--help")
    assert result.returncode == 0
    assert result.stdout.startswith(f"Usage: querent {command} ")
    assert "--help" in result.stdout


def test_no_command_is_wrong_usage(querent):
    assert querent.run().returncode == 2


def test_version(querent):
    result = querent.run("--version")
    assert (result.returncode, result.stdout) == (0, "querent " + open("VERSION").read())


@pytest.mark.parametrize("arguments, hint", [
    (["aks", "x"], "did you mean 'ask'?"),
    (["conifg"], "did you mean 'config'?"),
    (["frobnicate"], "'querent --help' lists them"),
    (["ask", "--jsno", "x"], "did you mean '--json'?"),
    (["ask", "--rows"], "needs a value"),
    (["ask", "--rows", "0", "x"], "not a number from 1 to 1000"),
    (["ask", "--rows", "1001", "x"], "not a number from 1 to 1000"),
    (["ask", "--json=yes", "x"], "takes no value"),
    (["ask"], "an argument is missing"),
    (["ask", "one", "two"], "too many arguments"),
    (["ask", "-z", "x"], "has no option '-z'"),
    (["ask", "--set", "QUERENT_ROW_LIMIT", "x"], "NAME=VALUE"),
    (["ask", "--set", "QUERENT_ROW_LIMIT=many", "x"], "QUERENT_ROW_LIMIT"),
    (["config", "QUERENT_ROW_LIMT"], "did you mean 'QUERENT_ROW_LIMIT'?"),
])
def test_wrong_usage_exits_2_and_helps(querent, sales, arguments, hint):
    result = querent.run(*arguments)
    assert result.returncode == 2, result.stderr
    assert hint in result.stderr
    assert result.stdout == ""


def test_config_shows_values_and_sources(querent):
    rows = {row["name"]: row for row in json.loads(querent.run("config", "--json").stdout)}
    assert rows["QUERENT_ROW_LIMIT"]["value"] == "10000"
    assert rows["QUERENT_HOME"]["source"] == "environment"
    result = querent.run("config", "QUERENT_ROW_LIMIT", "--set", "QUERENT_ROW_LIMIT=5")
    assert "QUERENT_ROW_LIMIT = 5" in result.stdout


def test_config_never_shows_a_secret(querent):
    result = querent.run("config", environment={"ANTHROPIC_API_KEY": "sk-ant-verysecret",
                                                "DATABASE_URL": "postgresql://u:hushhush@h/db"})
    assert "verysecret" not in result.stdout + result.stderr
    assert "hushhush" not in result.stdout + result.stderr


def test_config_markdown_is_the_settings_page(querent):
    assert querent.run("config", "--markdown").stdout == open("docs/settings.md").read()


def test_wrong_setting_is_refused_at_start(querent):
    result = querent.run("config", environment={"QUERENT_ROW_LIMIT": "lots"})
    assert result.returncode == 2
    assert "QUERENT_ROW_LIMIT" in result.stderr and "lots" in result.stderr


def test_datasets_lists_and_shows(querent, sales):
    result = querent.run("datasets", "--data", sales)
    assert result.returncode == 0 and "sales" in result.stdout
    one = querent.run("datasets", "--data", sales, "sales")
    assert one.returncode == 0
    for column in ("day", "region", "product", "units", "revenue"):
        assert column in one.stdout
    data = json.loads(querent.run("datasets", "--data", sales, "--json").stdout)
    assert data[0]["row_count"] == 5
    assert querent.run("datasets", "--data", sales, "nothing").returncode == 1


def test_no_datasets_says_what_to_do(querent):
    result = querent.run("datasets")
    assert result.returncode == 2
    assert "--data" in result.stderr


def test_profile_makes_a_document_that_can_be_used(querent, sales, tmp_path):
    folder = tmp_path / "metadata"
    folder.mkdir()
    document = folder / "sales.yaml"
    result = querent.run("profile", sales, "--output", document)
    assert result.returncode == 0, result.stderr
    again = querent.run("profile", sales, "--output", document)
    assert again.returncode == 1 and "exists" in again.stderr
    listed = json.loads(querent.run("datasets", "--metadata", folder, "--json").stdout)
    assert [dataset["dataset_id"] for dataset in listed] == ["sales"]
    assert listed[0]["row_count"] == 5


def test_index_reports_and_repeats_at_no_cost(querent, sales):
    first = json.loads(querent.run("index", "--data", sales, "--json").stdout)
    again = json.loads(querent.run("index", "--data", sales, "--json").stdout)
    assert first["datasets"] == 1 and first["errors"] == 0
    assert first["version"] == again["version"]
    sales.write_text(sales.read_text() + "2024-03-02,South,Lamp,1,20.00\n")
    changed = json.loads(querent.run("index", "--data", sales, "--json").stdout)
    assert changed["version"] != first["version"]


def test_a_bad_document_spoils_no_other(querent, sales, tmp_path):
    folder = tmp_path / "metadata"
    folder.mkdir()
    (folder / "good.yaml").write_text(
        f"table_name: good\nsource: {{file: {sales}}}\ncolumns:\n  - {{name: region, type: text}}\n")
    (folder / "bad.yaml").write_text("table_name: bad\ncolumns:\n  - {name: x, type: text}\n  - {nam: y}\n")
    result = querent.run("index", "--metadata", folder)
    assert result.returncode == 1
    assert "bad.yaml:4" in result.stderr
    assert "1 dataset ready" in result.stdout


def test_doctor_is_well(querent, sales):
    querent.ask("total revenue", "--data", sales)
    result = querent.run("doctor", "--data", sales)
    assert result.returncode == 0, result.stdout
    assert "All is well" in result.stdout


@pytest.mark.parametrize("setting, value, part", [
    ("QUERENT_DUCKDB_LIBRARY", "/nonexistent/libduckdb.so", "engine"),
    ("QUERENT_EMBEDDINGS", "/nonexistent/table.bin", "embeddings"),
    ("QUERENT_WEIGHTS", "/nonexistent/weights.bin", "planner"),
])
def test_doctor_names_what_is_broken(querent, sales, setting, value, part):
    result = querent.run("doctor", "--data", sales, "--json", environment={setting: value})
    assert result.returncode == 1
    findings = {row["check"]: row for row in json.loads(result.stdout)}
    assert findings[part]["finding"] == "mend"
    assert "/nonexistent" in findings[part]["message"]
    assert findings["settings"]["finding"] == "ok"


def test_doctor_names_all_broken_files(querent, tmp_path):
    (tmp_path / "broken.json").write_text('{"a": [1,2')
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "good.csv").write_text("a,b\n1,x\n")
    result = querent.run("doctor", "--data", tmp_path)
    shown = " ".join(result.stdout.split())
    assert result.returncode == 1 and "1 ready, 2 with problems: " in shown
    assert "file 'empty.csv': it is empty" in shown and "Malformed JSON at byte" in shown


def test_documents_in_the_home_are_found_unless_files_are_named(querent, sales):
    folder = querent.home / "metadata"
    folder.mkdir(parents=True)
    (folder / "trade.yaml").write_text(
        f"table_name: trade\nsource: {{file: {sales}}}\ncolumns:\n  - {{name: region, type: text}}\n")
    ids = [dataset["dataset_id"] for dataset in json.loads(querent.run("datasets", "--json").stdout)]
    assert ids == ["trade"]
    named = [dataset["dataset_id"] for dataset in json.loads(querent.run("datasets", "--json", "--data", sales).stdout)]
    assert named == ["sales"]


@pytest.mark.parametrize("arguments", [("config",), ("ask", "-q", "total revenue"), ("--help",)])
def test_output_that_is_lost_is_a_failure(querent, sales, arguments):
    data = ("--data", str(sales)) if arguments[0] == "ask" else ()
    with open("/dev/full", "w") as full:
        result = subprocess.run([PROGRAM, *arguments, *data], stdout=full, stderr=subprocess.PIPE, text=True,
                                env=querent.environment)
    assert result.returncode == 1
    assert "output can't be written" in result.stderr


def test_names_and_errors_do_not_steer_the_terminal(querent, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "red\x1b[31m.csv").write_bytes(b"a,b\n\0\1,2\n")
    result = querent.run("ask", "--data", folder, "how many")
    assert "red" in result.stderr and "\x1b" not in result.stdout + result.stderr
    result = querent.run("ask", "--data", "/absent/\x1b[31m", "how many")
    assert "absent" in result.stderr and "\x1b" not in result.stderr


def test_a_secret_is_refused_on_the_command_line(querent):
    result = querent.run("config", "--set", "OPENAI_API_KEY=sk-verysecret")
    assert result.returncode == 2
    assert "OPENAI_API_KEY_FILE" in result.stderr and "verysecret" not in result.stderr


def test_a_store_in_a_folder_of_data_is_no_data(querent, sales):
    home = sales.parent / "home-in-data"
    querent.run("ask", "--data", sales, "total revenue", environment={"QUERENT_HOME": str(home)})
    assert (home / "store.sqlite").exists()
    listed = json.loads(querent.run("datasets", "--data", sales.parent, "--json").stdout)
    assert [dataset["dataset_id"] for dataset in listed] == ["sales"]


def test_json_of_a_command_that_fails(querent, sales):
    result = querent.run("datasets", "--json", "--data", sales, "nothing")
    assert result.returncode == 1
    assert json.loads(result.stdout)["code"] == "not_found" and "nothing" in result.stderr
