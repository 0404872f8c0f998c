# SPDX-License-Identifier: Apache-2.0
"""Questions with expected rows, put to the real program. README.md describes the files."""
import itertools
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import Querent

FOLDER = Path(__file__).parent
COLUMNS_TRIED_MAX = 8


class Case:
    """One question: its text, tags, and the answers that are right (each a list of rows)."""

    def __init__(self, domain, line, question, now):
        self.domain, self.line, self.question = domain, line, question
        self.tags = {"now": now}
        self.answers = [None]

    def add(self, text):
        if text.startswith(": "):
            for tag in text[2:].split():
                name, _, value = tag.partition("=")
                self.tags[name] = value or True
        elif text == "or":
            self.answers.append(None)
        elif text == "empty":
            self.answers[-1] = []
        elif text.startswith("= "):
            row = [cell.strip() for cell in text[2:].split(" | ")]
            self.answers[-1] = [*(self.answers[-1] or []), row]
        else:
            raise ValueError(f"{self.domain}:{self.line}: not understood: {text}")


def read_conversations(path):
    """The file's cases as lists: a question and those that follow it."""
    conversations, now = [], None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("now "):
            now = line[4:]
        elif line.startswith("? "):
            case = Case(path.parent.name, number, line[2:], now)
            conversations.append([case])
        else:
            case.add(line)
            if "follows" in case.tags and conversations[-1] == [case]:
                conversations.pop()
                conversations[-1].append(case)
    return conversations


CONVERSATIONS = [conversation for path in sorted(FOLDER.glob("*/questions.txt"))
                 for conversation in read_conversations(path)]
TURNS = [(conversation, place) for conversation in CONVERSATIONS for place in range(len(conversation))]


def hold(conversation, homes):
    """Asks a conversation's questions in order; returns a reply for each, or what went wrong."""
    domain = conversation[0].domain
    querent = Querent(homes / domain)
    source = "--metadata" if list((FOLDER / domain).glob("*.yaml")) else "--data"
    arguments, replies = ["ask", "--json", "--rows", "1000", source, FOLDER / domain], []
    for case in conversation:
        result = querent.run(*arguments, case.question, timeout=120,
                             environment={"QUERENT_NOW": f"{conversation[0].tags['now']}T12:00:00Z"})
        try:
            reply = json.loads(result.stdout)
            replies.append(reply if "status" in reply else {"status": f"{reply['code']}: {reply['error']}"})
        except ValueError:
            replies.append({"status": f"exit code {result.returncode}: {result.stderr}"})
            break
        if case is conversation[0] and "conversation_id" in replies[0]:
            arguments += ["--conversation", replies[0]["conversation_id"]]
    return replies + [{"status": "not asked"}] * (len(conversation) - len(replies))


@pytest.fixture(scope="session")
def replies(tmp_path_factory):
    """A future per conversation: several are held at the same time, on homes that they share."""
    homes = tmp_path_factory.mktemp("homes")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = {id(conversation): pool.submit(hold, conversation, homes) for conversation in CONVERSATIONS}
        yield futures
        pool.shutdown(cancel_futures=True)


def equal(expected, cell):
    if expected == "null" or cell is None:
        return expected == "null" and cell is None
    text = str(cell)
    try:
        return abs(float(expected) - float(text)) <= 1e-4 * max(1.0, abs(float(expected)))
    except ValueError:
        return expected.casefold() == re.sub(r"[T ]00:00:00(\.0+)?Z?$", "", text).casefold()


def same_rows(expected, rows, ordered):
    if len(expected) != len(rows):
        return False
    left = list(rows)
    for row in expected:
        places = range(1) if ordered else range(len(left))
        place = next((i for i in places if all(map(equal, row, left[i]))), None)
        if place is None:
            return False
        left.pop(place)
    return True


def matches(expected, rows, ordered):
    """True if some choice of the result's columns gives the expected rows."""
    if not expected or not rows:
        return not expected and not rows
    chosen = itertools.permutations(range(min(len(rows[0]), COLUMNS_TRIED_MAX)), len(expected[0]))
    return any(same_rows(expected, [[row[i] for i in columns] for row in rows], ordered) for columns in chosen)


def check(case, reply):
    status, tags = reply["status"], case.tags
    context = f"{case.domain}/questions.txt:{case.line}: {case.question}"
    if tags.get("status") == "unsure":
        assert status in ("no_answer", "needs_clarification"), f"{context}\n{reply.get('sql_query')}"
        assert reply["data_sample"] == [] and reply["sql_query"] is None
        assert reply["final_response"]
        for word in filter(None, tags.get("text", "").split(",")):
            assert word in reply["final_response"], f"{context}\n{reply['final_response']}"
        return
    assert status == "answered", f"{context}\n{status}: {reply.get('final_response')}"
    rows = [list(row.values()) for row in reply["data_sample"]]
    shown = f"{context}\n{reply['sql_query']}\n{reply['final_response']}\n{rows[:10]}"
    if "rows" in tags:
        assert len(rows) == int(tags["rows"]), shown
    for word in tags.get("text", "").split(","):
        assert word in reply["final_response"] + json.dumps(reply["data_sample"]), shown
    expected = [answer for answer in case.answers if answer is not None]
    assert not expected or any(matches(answer, rows, "ordered" in tags) for answer in expected), \
        f"{shown}\nexpected {expected}"


def name_of(turn):
    conversation, place = turn
    case = conversation[place]
    return f"{case.domain}-{case.line}"


@pytest.mark.parametrize("turn", [
    pytest.param(turn, marks=[pytest.mark.xfail(strict=False)] if "known_gap" in turn[0][turn[1]].tags else [])
    for turn in TURNS], ids=map(name_of, TURNS))
def test_question(replies, turn):
    conversation, place = turn
    check(conversation[place], replies[id(conversation)].result(timeout=900)[place])


def test_every_case_says_what_is_right():
    for conversation in CONVERSATIONS:
        for case in conversation:
            checked = case.answers != [None] or {"status", "rows", "text"} & case.tags.keys()
            assert checked, f"{case.domain}:{case.line}"
