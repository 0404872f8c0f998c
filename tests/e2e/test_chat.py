# SPDX-License-Identifier: Apache-2.0
"""`querent chat` as its asker sees it: on a real terminal, and fed by a script."""
import os
import re
import shlex
import signal
import time

import pexpect
import pytest

from conftest import children

PROMPT = "you> "
WAIT = 60
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-B0-2]|\x1b[=>]|\r")


class Terminal:
    """A chat on a pseudo terminal of 40 lines and 100 columns."""

    def __init__(self, querent, *arguments, **settings):
        environment = {**querent.environment, "TERM": "xterm", "NO_COLOR": "1", **settings}
        command = querent.command("chat", *arguments)
        self.child = pexpect.spawn(command[0], command[1:], env=environment, dimensions=(40, 100), timeout=WAIT,
                                   encoding="utf-8")
        self.greeting = self.read_to_prompt()

    def read_to_prompt(self):
        self.child.expect_exact(PROMPT)
        return ESCAPE.sub("", self.child.before)

    def ask(self, text):
        """Sends a line; returns all that is shown up to the next prompt."""
        self.child.sendline(text)
        self.child.expect_exact("\n")
        return self.read_to_prompt()

    def end(self):
        """Ctrl-D; returns what is said at the end, and the exit code."""
        self.child.sendeof()
        self.child.expect(pexpect.EOF)
        self.child.close()
        return ESCAPE.sub("", self.child.before), self.child.exitstatus


@pytest.fixture
def terminals():
    """Opens terminals, and closes them whatever happens."""
    opened = []

    def start(*arguments, **settings):
        opened.append(Terminal(*arguments, **settings))
        return opened[-1]

    yield start
    for terminal in opened:
        for worker in children(terminal.child.pid) if terminal.child.isalive() else []:
            os.kill(worker, signal.SIGCONT)
        terminal.child.close(force=True)


@pytest.fixture
def visits(tmp_path):
    """Two measures that "score" could mean, and a column of groups to go on with."""
    path = tmp_path / "visits.csv"
    lines = ["day,ward,kind,minutes,home_score,away_score"]
    for i in range(24):
        lines.append(f"{2023 + i // 12}-{i % 12 + 1:02}-05,{'East West'.split()[i % 2]},"
                     f"{'urgent planned planned'.split()[i % 3]},{10 + i},{i % 5},{i % 7}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_six_turns(querent, visits, terminals):
    chat = terminals(querent, "--data", visits)
    assert "1 dataset" in chat.greeting and "Ctrl-D" in chat.greeting
    said = chat.ask("total minutes")
    assert "Total minutes: 516" in said and "execute_query" in said
    assert "252" in chat.ask("and by ward?")
    said = chat.ask("only urgent ones")
    assert "urgent" in said and "76" in said and "88" in said
    said = chat.ask("only 2024")
    assert "2024" in said and "56" in said and "50" in said
    assert "SELECT" in chat.ask("/sql")
    said = chat.ask("what is the blood pressure of the chief physician?")
    assert "there is no answer" in said or "asked back" in said
    assert "There is no '/nonsense'" in chat.ask("/nonsense")
    said, code = chat.end()
    assert re.search(r"chat --conversation conv_[0-9a-f]{16}", said) and code == 0


def test_a_clarification_is_picked_by_its_number(querent, visits, terminals):
    chat = terminals(querent, "--data", visits)
    said = chat.ask("total score")
    options = re.findall(r"\b(?:home|away) score\b", said)
    assert "Did you mean" in said and {"home score", "away score"} <= set(options), said
    assert re.search(r"^  1  ", said, re.M) and re.search(r"^  2  ", said, re.M)
    first = re.search(r"^  1  .*(home|away) score", said, re.M)[1]
    picked = chat.ask("1")
    total = {"home": 46, "away": 66}[first]
    assert str(total) in picked, picked
    assert chat.end()[1] == 0


def test_history_is_kept_for_the_next_chat(querent, visits, terminals):
    chat = terminals(querent, "--data", visits)
    chat.ask("total minutes")
    chat.end()
    chat = terminals(querent, "--data", visits)
    chat.child.send("\x1b[A")
    chat.child.expect_exact("total minutes")
    chat.child.sendline("")
    assert "Total minutes: 516" in chat.read_to_prompt()
    assert chat.end()[1] == 0


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def wait_until_it_waits(child):
    """A step's line says that it has begun, not that its statement is with the worker: until nothing moves."""
    deadline, quiet_since, ticks = time.monotonic() + WAIT, time.monotonic(), cpu_ticks(child.pid)
    while time.monotonic() - quiet_since < 1:
        assert time.monotonic() < deadline, "the chat never comes to rest"
        time.sleep(0.05)
        if (now := cpu_ticks(child.pid)) != ticks:
            ticks, quiet_since = now, time.monotonic()


def test_ctrl_c_cancels_the_question_and_not_the_chat(querent, visits, terminals):
    """A stopped worker makes the question wait; the chat goes on with another worker."""
    chat = terminals(querent, "--data", visits)
    assert "Total minutes: 516" in chat.ask("total minutes")
    for worker in children(chat.child.pid):
        os.kill(worker, signal.SIGSTOP)
    chat.child.sendline("minutes by ward")
    chat.child.expect_exact("… generate_sql")
    wait_until_it_waits(chat.child)
    chat.child.sendintr()
    said = chat.read_to_prompt()
    assert "cancelled" in said and "252" not in said
    assert "264" in chat.ask("minutes by ward")
    assert chat.end()[1] == 0


def test_ctrl_c_at_the_prompt_gives_a_new_one(querent, visits, terminals):
    chat = terminals(querent, "--data", visits)
    chat.child.send("half a quest")
    chat.child.expect_exact("half a quest")
    chat.child.sendintr()
    chat.read_to_prompt()
    assert "Total minutes: 516" in chat.ask("total minutes")
    assert chat.end()[1] == 0


def test_a_long_conversation_goes_on_later(querent, visits, terminals):
    chat = terminals(querent, "--data", visits)
    chat.ask("total minutes")
    said, _ = chat.end()
    conversation = re.search(r"conv_[0-9a-f]{16}", said)[0]
    chat = terminals(querent, "--data", visits, "--conversation", conversation)
    assert "252" in chat.ask("and by ward?")
    assert chat.end()[1] == 0


def test_lines_from_a_script(querent, visits):
    result = querent.run("chat", "--data", visits, input="total minutes\n\n/rows\n  and by ward?  \r\n/quit\nnever asked\n")
    assert result.returncode == 0
    assert "you> total minutes" in result.stdout and "Total minutes: 516" in result.stdout
    assert "252" in result.stdout and "264" in result.stdout
    assert "never asked" not in result.stdout and "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize("text", ["", "\n\n\n", "/quit", "total minutes"])
def test_input_that_ends_early(querent, visits, text):
    result = querent.run("chat", "--data", visits, input=text)
    assert result.returncode == 0


def test_a_line_that_is_too_long_or_no_text(querent, visits):
    result = querent.run("chat", "--data", visits, input="x" * 5000 + "\ntotal minutes\n")
    assert "4000" in result.stderr or "4,000" in result.stderr
    assert result.returncode == 0 and "Total minutes: 516" in result.stdout


def test_how_to_go_on_is_a_whole_command(querent, visits):
    """With the data, as a shell reads it: what was said can be pasted."""
    awkward = visits.with_name("it's all $HOME.csv")
    awkward.write_bytes(visits.read_bytes())
    first = querent.run("chat", "--data", awkward, "--user", "ana maria", input="total minutes\n").stdout
    command = shlex.split(re.search("Go on later with: (.*)", first)[1])
    assert command[:2] == ["querent", "chat"] and command[4:] == ["--data", str(awkward), "--user", "ana maria"]
    result = querent.run(*command[1:], input="and by ward?\n")
    assert result.returncode == 0 and "252" in result.stdout, result.stderr


def test_the_last_statement_outlives_questions_without_one(querent, visits):
    text = "/sql\ntotal minutes\n/sql\nwhat is the capital of France?\n/sql\n/rows\nhow many rows\n/sql\n"
    said = querent.run("chat", "--data", visits, input=text).stdout.split("you> ")
    assert "no statement yet" in said[1] and "SELECT" in said[3]
    assert 'Of the last answer from the data, to "total minutes"' in said[5] and said[3].split("\n", 1)[1] in said[5]
    assert "516" in said[6]
    assert "count(" in said[8] and "Of the last" not in said[8]


def test_no_answer_advises_what_every_face_can_do(querent, visits):
    question = "what is the capital of France?"
    said = querent.run("chat", "--data", visits, input=f"{question}\nwhich datasets are there?\n").stdout
    said = " ".join(said.split())  # it is wrapped
    assert "'querent" not in said and '"which datasets are there?"' in said and "You can ask about" in said
    assert "'querent" not in querent.ask(question, "--data", visits, expect=4)["final_response"]


def test_a_number_without_suggestions_is_no_question(querent, sales):
    result = querent.run("chat", "-q", "--data", sales, input="1\ntotal revenue\n9\n")
    assert "There is no suggestion 1." in result.stdout and "There is no suggestion 9." in result.stdout
    assert "nothing called" not in result.stdout
