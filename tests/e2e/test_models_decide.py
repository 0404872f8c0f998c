# SPDX-License-Identifier: Apache-2.0
"""A language model decides table and SQL: what it is sent, what is mended, who answers when it is down."""
import json

import pytest

from doubles.claude import Claude
from doubles.openai_server import OpenAI

DATA = "region,revenue,day\nNorth,10,2024-02-03\nSouth,20,2024-02-11\nNorth,5,2024-03-01\n"
DOCUMENT = """table_name: sales
source: {file: sales.csv}
metrics: [{name: takings, expression: sum(revenue), unit: EUR}]
"""


def decision(sql=None, **more):
    return {"json": {"dataset": "sales", "reason": "a row is a sale", "assumptions": [], "periods": [], "sql": sql,
                     "question_back": None, "no_answer": None, **more}}


def reply(*decisions):
    """Decisions in their order, the last one again and again; answers are short."""
    left = list(decisions)

    def answer(call):
        if not call.schema:
            return {"text": "Here is what the rows say."}
        return left.pop(0) if len(left) > 1 else left[0]
    return answer


@pytest.fixture(scope="module")
def claude():
    with Claude() as double:
        yield double


@pytest.fixture
def ask(querent, claude, tmp_path):
    (tmp_path / "sales.csv").write_text(DATA)
    (tmp_path / "sales.yaml").write_text(DOCUMENT)
    environment = {"ANTHROPIC_API_KEY": "test-key", "ANTHROPIC_BASE_URL": claude.origin,
                   "QUERENT_METADATA_DIR": str(tmp_path)}

    def one(question, *arguments, script=None, expect=0, **settings):
        if script:
            claude.forget(script)
        return querent.ask(question, *arguments, expect=expect, environment={**environment, **settings})

    def raw(*arguments):
        return querent.run("ask", *arguments, environment=environment)
    one.raw = raw
    return one


def decisions(claude):
    return [call for call in claude.chats() if call.schema]


def test_one_call_decides_and_code_puts_in_what_it_knows(ask, claude):
    answer = ask("takings in the north last month", script=reply(decision(
        "SELECT metric('takings') FROM sales WHERE region = 'North' AND day >= '2024-02-01' AND day < '2024-03-01'")))
    assert len(decisions(claude)) == 1
    assert answer["sql_query"].startswith('SELECT (sum("revenue")) AS "takings" FROM sales')
    assert answer["data_sample"] == [{"takings": 10}]
    assert answer["metadata"]["periods"] == [{"words": "last month", "from": "2024-02-01", "to": "2024-03-01"}]
    asked = decisions(claude)[0]
    assert "metric('takings')" in asked.system
    assert "\"last month\": from '2024-02-01', before '2024-03-01'" in asked.question
    assert "\"north\" is stored in sales.region as 'North'" in asked.question
    steps = {step["step"]: step for step in answer["steps"]}
    assert steps["select_dataset"]["detail"]["reason"] == "a row is a sale"
    assert answer["metadata"]["tokens"]["output"] > 0


def test_the_stable_part_is_the_same_from_question_to_question(ask, claude):
    claude.forget(reply(decision("SELECT sum(revenue) FROM sales")))
    ask("total revenue last month")
    ask("how many sales came from the south?")
    bodies = [call.request.json() for call in decisions(claude)]
    first, second = ([json.dumps(body["system"]), json.dumps(body["output_config"])] for body in bodies)
    assert first == second
    assert all("cache_control" in block for block in bodies[0]["system"])
    stable = sum(map(len, first))
    print(f"# stable prefix: {100 * stable // (stable + len(json.dumps(bodies[1]['messages'])))} % of the bytes")


def test_a_failed_statement_is_mended_with_the_nearest_name(ask, claude):
    answer = ask("what came in", script=reply(decision("SELECT sum(revenue_sum) FROM sales"),
                                             decision("SELECT sum(revenue) FROM sales")))
    assert answer["metadata"]["repairs"] == 1 and answer["status"] == "answered"
    assert [step["step"] for step in answer["steps"]].count("generate_sql") == 2
    assert "revenue_sum: sales.revenue" in decisions(claude)[1].question


def test_only_a_statement_that_ran_is_kept(ask, claude):
    """What failed is not replayed to who asks next; what mended it is."""
    bad, good = decision("SELECT sum(revenue_sum) FROM sales"), decision("SELECT sum(revenue) AS n FROM sales")
    ask("what has come in", script=reply(bad), expect=1, QUERENT_MAX_REPAIRS="0", QUERENT_MODEL_FALLBACK="none")
    answer = ask("what has come in", script=reply(good), QUERENT_MAX_REPAIRS="0", QUERENT_MODEL_FALLBACK="none")
    assert answer["data_sample"] == [{"n": 35}] and len(decisions(claude)) == 1


def test_a_value_that_is_not_stored_is_mended_with_those_that_are(ask, claude):
    answer = ask("what came in up there", script=reply(decision("SELECT sum(revenue) AS n FROM sales WHERE region = 'Norht'"),
                                                      decision("SELECT sum(revenue) AS n FROM sales WHERE region = 'North'")))
    assert answer["data_sample"] == [{"n": 15}] and len(decisions(claude)) == 2
    assert "no row has 'Norht' in region; there is 'North'" in decisions(claude)[1].question


def test_a_value_of_another_case_is_mended_without_a_call(ask, claude):
    answer = ask("what came in from the north side", script=reply(decision(
        "SELECT sum(revenue) AS n FROM sales WHERE region = 'NORTH'")))
    assert answer["data_sample"] == [{"n": 15}] and len(decisions(claude)) == 1


def test_the_conversation_goes_on(ask, claude):
    first = ask("total revenue", script=reply(decision("SELECT sum(revenue) FROM sales")))
    ask("and in the north?", "--conversation", first["conversation_id"])
    assert "total revenue\nSQL: SELECT sum(revenue) FROM sales" in decisions(claude)[1].question


def test_what_would_be_sent_is_shown_and_not_sent(ask, claude):
    answer = ask("total revenue", "--dry", script=reply(decision("SELECT 1")))
    assert claude.requests == [], "nor are its tokens counted by anybody"
    told = answer["metadata"]["explanation"]
    assert "CREATE TABLE sales" in told and "total revenue" in told and "test-key" not in told
    assert told.startswith("Would be sent to anthropic") and "tokens, estimated" in told
    assert ask.raw("total revenue", "--dry").stdout == told + "\n", "into a pipe it goes as it is"


def test_what_was_sent_is_told_and_not_sent_again(ask, claude):
    answer = ask("total revenue", "--explain", script=reply(decision("SELECT sum(revenue) AS n FROM sales")))
    assert len(claude.requests) == 2, "the decision and the answer"
    told = answer["metadata"]["explanation"]
    assert told.startswith("Sent to anthropic") and "tokens in 1 call, counted by the provider" in told


@pytest.mark.parametrize("fallback, expect", [("planner", 0), ("none", 1)])
def test_while_it_is_down_the_planner_answers_and_says_so(ask, claude, fallback, expect):
    answer = ask("total revenue by region", script=lambda call: {"status": 400, "kind": "invalid_request_error"}, expect=expect,
                 QUERENT_MODEL_FALLBACK=fallback)
    if fallback == "planner":
        assert "the built-in planner has answered" in answer["final_response"]
        assert answer["metadata"]["model"].startswith("planner-") and answer["metadata"]["notice"]
    else:
        assert "error" in answer


def test_a_server_that_only_knows_prose_is_borne_with(querent, tmp_path):
    (tmp_path / "sales.csv").write_text(DATA)
    with OpenAI("Sure:\n```sql\nSELECT count(*) AS n FROM sales;\n```") as double:
        answer = querent.ask("how many sales?", "--data", str(tmp_path / "sales.csv"), environment={
            "OPENAI_BASE_URL": double.origin, "OPENAI_API_KEY": "test-key", "QUERENT_MODEL": "gpt-5.4-mini"})
    assert answer["data_sample"] == [{"n": 3}]


def test_a_small_model_is_asked_briefly_and_only_what_the_planner_is_not_sure_of(querent, tmp_path):
    (tmp_path / "sales.csv").write_text(DATA)

    def answer(call):
        return {"json": {"sql": "SELECT count(*) AS n FROM sales"}} if call.schema else {"text": "It is 3."}

    def schemas(double):
        return [list(call.schema["properties"]) for call in double.chats() if call.schema]

    def ask(question, **settings):
        return querent.ask(question, "--data", str(tmp_path / "sales.csv"), environment={**own, **settings})

    with OpenAI(answer, flavour="llama.cpp") as double:
        own = {"OPENAI_BASE_URL": double.origin, "OPENAI_API_KEY": "test-key", "QUERENT_MODEL": "small-1b"}
        told = ask("total revenue by region")
        assert double.chats() == [] and told["metadata"]["model"].startswith("planner-")
        assert [list(row.values()) for row in told["data_sample"]] == [["South", 20], ["North", 15]]
        again = ask("total revenue by region")
        assert again["metadata"]["cache_hits"] and again["metadata"]["model"] == told["metadata"]["model"]
        told = ask("what is behind the third door of the sales?")
        assert schemas(double) == [["sql"]] and told["data_sample"] == [{"n": 3}]
        double.forget(answer)
        ask("total revenue by region", QUERENT_PLANNER_FIRST="off", QUERENT_MODEL_BRIEF="off")
        assert "assumptions" in schemas(double)[0]
