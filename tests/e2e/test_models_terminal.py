# SPDX-License-Identifier: Apache-2.0
"""A language model's answer on a terminal, as it is written: what stands there at each moment is what was told and not taken
back, whatever the width, and in the end it is what a script reads."""
import signal
import subprocess

import pexpect
import pytest

from doubles.claude import Claude
from doubles.script import Reply
from model_support import KEY, Home, decision, environment_of, is_decision
from screen import Screen, run_on_screen
from test_eval import make_set

SQL = "SELECT region, sum(revenue) AS revenue FROM sales GROUP BY region ORDER BY revenue DESC"
QUESTION = "revenue by region"
RIGHT = "South made 1,050.50 and North 675.25 of it, so it is South that leads by a good part of all the revenue there is."
CORRECTED = "Of both, the South leads. In total, that would be 9,111.00 for both of them, it seems. The North follows."
TEMPLATE = "Revenue: South with 1,050.50 (61 %), then North 675.25 (39 %). Both together: 1,725.75."


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("terminal"))


@pytest.fixture
def says(home):
    """says(text) -> (command, environment) of a program whose model says that."""
    opened = []

    def start(text, *arguments, command="ask", sql=SQL, dataset="sales", **reply):
        opened.append(Claude(lambda call: Reply(json=decision(sql, dataset)) if is_decision(call)
                             else Reply(text=text, **{"pieces": 5, **reply}), keys=(KEY,)))
        querent = home.copy()
        environment = {**querent.environment, **environment_of(opened[-1], QUERENT_LOG_LEVEL="warn")}
        return querent.command(command, "--data", home.data, *arguments), environment
    yield start
    for double in opened:
        double.close()


def read_by_script(command, environment):
    return subprocess.run(command, env=environment, timeout=120, capture_output=True, text=True, check=True).stdout


def answer_in(text):
    """The paragraph below the steps, on one line."""
    lines = text.split("\n")
    begin = next(at for at, line in enumerate(lines) if line.startswith("✓ execute_query")) + 1
    lines = lines[begin:]
    return " ".join(" ".join(lines[:lines.index("")]).split())


@pytest.mark.parametrize("columns", [20, 37, 100])
def test_words_come_as_they_are_written(says, columns):
    written, moments, screen = run_on_screen(*says(RIGHT, QUESTION), columns=columns)
    assert answer_in(screen.text()) == RIGHT
    answer = written[written.index("\x1b[1mSouth"):written.index("\x1b[1mregion")]
    assert answer.count("\x1b[1m") > 5, "not at once"
    assert all(len(line) <= columns for line in screen.text().split("\n"))
    order = ["execute_query", "South made", "──", "1050.50", "✓ generate_response", "claude-sonnet-4-6: 2 calls", "$0.0", "SQL:",
             "You could ask next"]
    narrow = screen.text() if columns > 20 else screen.text().replace("\n", " ")
    places = [narrow.index(word) for word in order]
    assert places == sorted(places), screen.text()


@pytest.mark.parametrize("columns", [20, 37, 100])
def test_what_is_put_right_leaves_nothing_behind(says, columns):
    written, moments, screen = run_on_screen(*says(CORRECTED, QUESTION), columns=columns)
    assert not any("9,111" in moment for moment in moments) and "9,111" not in written
    assert answer_in(screen.text()) == f"Of both, the South leads. {TEMPLATE} The North follows."
    assert any("In total" in " ".join(moment.split()) for moment in moments), "it was told, and taken back"


@pytest.mark.parametrize("rows", [5, 24])
def test_a_stream_that_breaks_is_taken_back(says, rows):
    """The template's answer stands in its place, also where only a part of the answer fits on the screen."""
    told = "Of both the South leads, by far. " * 12
    command = says(told, QUESTION, fault="ends early but cleanly")
    _, moments, screen = run_on_screen(*command, rows=rows, columns=30)
    assert any("by far" in moment for moment in moments)
    assert answer_in(screen.text()).startswith(TEMPLATE) and "by far" not in screen.text()
    assert "answer is made by template" in screen.text().replace("\n", ""), "logged, behind the answer"


@pytest.mark.parametrize("fallback, code", [("planner", 0), ("none", 1)])
def test_a_warning_has_a_line_of_its_own(says, fallback, code):
    """Also where the run fails: not behind what was waited for."""
    command, environment = says(RIGHT, QUESTION)
    environment.update(ANTHROPIC_API_KEY="sk-refused", QUERENT_MODEL_FALLBACK=fallback)
    written, moments, screen = run_on_screen(command, environment, columns=100, code=code)
    assert "401" in screen.text() and any("… select_dataset" in moment for moment in moments)
    assert "… " not in screen.text(), screen.text()


def test_a_long_answer_is_whole(says):
    told = " ".join(["South made 1,050.50, which is more than North made in the same time."] * 10)
    _, _, screen = run_on_screen(*says(told, QUESTION), rows=8, columns=33)
    assert answer_in(screen.text()) == told


def test_letters_of_double_width(says):
    told = "南部の売上は北部より多く、" * 12 + "South made 1,050.50."
    _, _, screen = run_on_screen(*says(told, QUESTION), columns=31)
    assert answer_in(screen.text()).replace(" ", "") == told.replace(" ", "")


def test_quiet_is_the_answer_alone(says):
    _, _, screen = run_on_screen(*says(RIGHT, "-q", QUESTION))
    assert screen.text().startswith("South made 1,050.50") and "generate_response" not in screen.text()
    assert "claude" not in screen.text()


@pytest.mark.parametrize("text", [RIGHT, CORRECTED])
def test_a_script_reads_what_it_did(says, text):
    """Neither sequences nor tokens; the same answer as on a terminal."""
    read = read_by_script(*says(text, "-q", QUESTION))
    _, _, screen = run_on_screen(*says(text, "-q", QUESTION), columns=100)
    assert "\x1b" not in read and "\r" not in read.replace("\r\n", "\n")
    assert screen.text().split() == read.split()
    assert "claude" not in read_by_script(*says(text, QUESTION)).split("SQL:")[0].split("revenue", 1)[1]


def test_a_dumb_terminal_gets_the_answer_at_once(says):
    command, environment = says(CORRECTED, QUESTION)
    child = pexpect.spawn("env", ["TERM=dumb", *command], env=environment, timeout=120, encoding="utf-8")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0 and "In total" not in child.before and "1,725.75" in child.before
    assert "\x1b" not in child.before.replace("\r\x1b[K", "")  # of the progress of loading
    assert "claude-sonnet-4-6: 2 calls" in child.before


def test_an_answer_that_is_stopped_is_taken_back(says):
    command, environment = says(RIGHT, QUESTION, gap_s=1)
    child = pexpect.spawn(command[0], command[1:], env={**environment, "TERM": "xterm"}, dimensions=(24, 80), timeout=120,
                          encoding="utf-8")
    child.expect_exact("South")
    child.kill(signal.SIGINT)
    before = child.before + child.after
    child.expect(pexpect.EOF)
    child.close()
    screen = Screen(24, 80)
    assert list(screen.feed(before + child.before)) and child.exitstatus not in (0, None)
    assert "South made" not in screen.text() and "the question was cancelled" in screen.text()


def test_a_chat_shows_them_too(says):
    command, environment = says(RIGHT, command="chat")
    child = pexpect.spawn(command[0], command[1:], env={**environment, "TERM": "xterm"}, dimensions=(24, 100), timeout=120,
                          encoding="utf-8")
    child.expect_exact("you> ")
    child.sendline(QUESTION)
    child.expect_exact("\n")
    child.expect_exact("you> ")
    shown = child.before
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert shown.count("\x1b[1m") > 5 and child.exitstatus == 0
    screen = Screen(24, 100)
    assert list(screen.feed(shown))
    assert answer_in(screen.text()) == RIGHT and "claude-sonnet-4-6: 2 calls" in screen.text()


def test_an_evaluation_shows_no_answers(says, tmp_path):
    folder = make_set(tmp_path / "set", [{"question": f"revenue by city, {number}", "gold_sql": "SELECT 1"} for number in range(3)])
    command, environment = says("Lisbon leads, by far.", sql="SELECT city, sum(revenue) AS revenue FROM shop GROUP BY city",
                                dataset="shop")
    at = command.index("ask")
    _, moments, screen = run_on_screen([*command[:at], "eval", str(folder)], environment)
    assert not any("Lisbon" in moment for moment in moments) and "questions" in screen.text(), screen.text()
