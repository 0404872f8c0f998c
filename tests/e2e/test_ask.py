# SPDX-License-Identifier: Apache-2.0
"""Questions through the real program: the reply's form, exit codes, conversations."""
import json
import re
import sqlite3


def test_a_total(querent, sales):
    reply = querent.ask("total revenue", "--data", sales)
    assert reply["status"] == "answered"
    assert [list(row.values()) for row in reply["data_sample"]] == [[1725.75]]
    assert "1,725.75" in reply["final_response"]
    assert re.fullmatch(r"query_[0-9a-f]{16}", reply["query_id"])
    assert re.fullmatch(r"conv_[0-9a-f]{16}", reply["conversation_id"])
    assert reply["metadata"]["selected_dataset"] == "sales"
    assert [step["step"] for step in reply["steps"]] == [
        "vector_search", "load_metadata", "select_dataset", "generate_sql", "execute_query", "generate_response"]
    assert all(step["status"] == "completed" for step in reply["steps"])


def test_groups_and_chart(querent, sales):
    reply = querent.ask("revenue by region", "--data", sales)
    rows = {tuple(row.values()) for row in reply["data_sample"]}
    assert rows == {("North", 675.25), ("South", 1050.5)}
    assert reply["chart"]["mark"]["type"] == "bar"


def test_a_period_is_resolved_in_code(querent, sales):
    reply = querent.ask("revenue last month", "--data", sales)
    assert [list(row.values())[-1] for row in reply["data_sample"]] == [825.0]
    assert reply["metadata"]["periods"] == [{"words": "last month", "from": "2024-02-01", "to": "2024-03-01"}]


def test_a_follow_up_goes_on(querent, sales):
    first = querent.ask("total revenue", "--data", sales)
    conversation = first["conversation_id"]
    second = querent.ask("and by region?", "--data", sales, "--conversation", conversation)
    assert second["conversation_id"] == conversation
    assert {tuple(row.values()) for row in second["data_sample"]} == {("North", 675.25), ("South", 1050.5)}


def test_an_unknown_conversation_is_not_found(querent, sales):
    result = querent.run("ask", "--data", sales, "--conversation", "conv_0123456789abcdef", "total revenue")
    assert result.returncode == 1
    assert "conv_0123456789abcdef" in result.stderr


def test_somebody_elses_conversation_is_not_found(querent, sales):
    conversation = querent.ask("total revenue", "--data", sales, "--user", "ana")["conversation_id"]
    result = querent.run("ask", "--data", sales, "--user", "ben", "--conversation", conversation, "total units")
    assert result.returncode == 1
    assert "not" in result.stderr


def test_json_of_a_failure_is_one_object(querent, sales):
    # A run that began and failed, one that could not begin, a set-up that is wrong, a wrong option.
    failed = querent.ask("total revenue", "--data", sales, "--conversation", "conv_0123456789abcdef", expect=1)
    assert failed["code"] == "not_found" and "conv_0123456789abcdef" in failed["error"]
    assert re.fullmatch(r"query_[0-9a-f]{16}", failed["query_id"])
    assert querent.ask("  ", "--data", sales, expect=1)["code"] == "invalid"
    assert querent.ask("total revenue", "--data", sales, "--set", "QUERENT_ROW_LIMIT=0", expect=2)["code"] == "config"
    assert querent.ask("total revenue", "--data", sales, "--rows", "0", expect=2)["code"] == "usage"
    assert querent.ask("total revenue", "--data", sales, "--rowz", expect=2)["code"] == "usage"


def test_what_is_not_in_the_data_has_no_answer(querent, sales):
    result = querent.run("ask", "--data", sales, "--json", "what is the capital of France?")
    assert result.returncode in (3, 4)
    reply = json.loads(result.stdout)
    assert reply["status"] in ("no_answer", "needs_clarification")
    assert reply["sql_query"] is None and reply["data_sample"] == []


def test_empty_and_over_long_questions(querent, sales):
    assert querent.run("ask", "--data", sales, "  ").returncode == 1
    assert querent.run("ask", "--data", sales, "x" * 4001).returncode == 1
    assert querent.run("ask", "--data", sales, "total revenue " + "x" * 3986, "--quiet").returncode in (0, 3, 4)
    result = querent.run("ask", "--data", sales, "\udcff\udcfe".encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape"))
    assert result.returncode == 1 and "UTF-8" in result.stderr


def test_missing_data_file(querent, tmp_path):
    result = querent.run("ask", "--data", tmp_path / "none.csv", "total revenue")
    assert result.returncode != 0
    assert "none.csv" in result.stderr


def test_sql_only_and_quiet(querent, sales):
    result = querent.run("ask", "--data", sales, "--sql", "total revenue")
    assert result.stdout.upper().startswith("SELECT ") and result.stdout.count("\n") == 1
    quiet = querent.run("ask", "--data", sales, "--quiet", "total revenue")
    assert "vector_search" not in quiet.stdout + quiet.stderr


def test_stream_prints_each_event_once(querent, sales):
    result = querent.run("ask", "--data", sales, "--stream", "total revenue")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    names = [event["event"] for event in events]
    assert names[0] == "run_start" and names[-1] == "complete"
    assert names.count("complete") == 1 and "error" not in names
    assert names.count("step_start") == names.count("step_update") == 6


def test_no_colour_where_there_is_no_terminal(querent, sales):
    result = querent.run("ask", "--data", sales, "revenue by region")
    assert "\033" not in result.stdout + result.stderr


def test_the_store_keeps_question_and_answer(querent, sales):
    reply = querent.ask("total revenue", "--data", sales)
    store = sqlite3.connect(querent.home / "store.sqlite")
    texts = [row[0] for row in store.execute("select content from messages order by rowid")]
    assert texts == ["total revenue", reply["final_response"]]


def test_values_cannot_become_sql(querent, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text('name,amount\n"x\'); DROP TABLE odd; --",1\n"100%_of ""it""",2\n')
    reply = querent.ask("amount by name", "--data", path)
    assert {row["name"] for row in reply["data_sample"]} == {"x'); DROP TABLE odd; --", '100%_of "it"'}


def test_two_processes_share_a_home(querent, sales):
    processes = [querent.start("ask", "--data", str(sales), "--json", "total revenue") for _ in range(4)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert json.loads(out)["data_sample"][0]


def test_large_cells_leave_whole_json(querent, tmp_path):
    path = tmp_path / "fat.csv"
    path.write_text("id,note\n" + "".join(f'{i},"{"~" * 10 + chr(92) * 1_500_000}"\n' for i in range(16)))
    reply = querent.ask("show me the first 16 rows", "--rows", "16", "--data", path)
    assert reply["row_count"] == 16
    assert 1 <= len(reply["data_sample"]) < 16


def test_a_store_that_was_tampered_with_crashes_nothing(querent, sales):
    reply = querent.ask("total revenue", "--data", sales)
    nested = '{"query":' + '{"a":[' * 1000 + "]}" * 1000 + "}"
    with sqlite3.connect(querent.home / "store.sqlite") as store:
        assert store.execute("UPDATE messages SET metadata = ? WHERE role = 'assistant'", [nested]).rowcount == 1
    result = querent.run("ask", "--json", "--data", sales, "--conversation", reply["conversation_id"], "total revenue")
    assert result.returncode == 0, result.stderr
