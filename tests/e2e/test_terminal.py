# SPDX-License-Identifier: Apache-2.0
"""What is drawn: to the width, in colour only where colour is wanted, and safe whatever the cells hold."""
import json
import re
import unicodedata

import pexpect
import pytest

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ERASE = re.compile(r"\r\x1b\[K")


def on_terminal(querent, width, *arguments, **settings):
    """What the program writes to a terminal of that width."""
    environment = {**querent.environment, "TERM": "xterm", **settings}
    command = querent.command(*arguments)
    child = pexpect.spawn(command[0], command[1:], env=environment, dimensions=(40, width), timeout=60, encoding="utf-8")
    try:
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0, child.before
        return child.before.replace("\r\n", "\n")
    finally:
        child.close(force=True)


def columns_of(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@pytest.fixture
def wide(tmp_path):
    """Twelve columns, long texts, letters of double width."""
    path = tmp_path / "wide.csv"
    names = ["city", "remark", *"boats cars vans trams buses trucks planes bikes trains ships".split()]
    rows = [[name, remark, *(str(i * 1000 + k) for k in range(10))] for i, (name, remark) in enumerate([
        ("Oslo", "a long remark that fills far more than any one column can hold, and then some more of it"),
        ("東京", "短い"), ("São Paulo", "e\u0301tude"), ("Rome", "")])]
    path.write_text("\n".join(",".join(f'"{cell}"' for cell in row) for row in [names, *rows]) + "\n")
    return path


@pytest.mark.parametrize("width", [40, 80, 200])
def test_nothing_is_wider_than_the_terminal(querent, wide, width):
    for question in ("show me the first 4 rows", "total trams by city", "what is this data about?"):
        shown = ERASE.sub("\n", COLOUR.sub("", on_terminal(querent, width, "ask", "--data", wide, "-q", question)))
        for line in shown.split("\nSQL:")[0].split("\n"):
            assert columns_of(line) <= width, line
    shown = COLOUR.sub("", on_terminal(querent, width, "datasets", "--data", wide))
    assert all(columns_of(line) <= width for line in ERASE.sub("\n", shown).split("\n")), shown


def test_steps_fit_too(querent, wide):
    shown = ERASE.sub("\n", COLOUR.sub("", on_terminal(querent, 40, "ask", "--data", wide, "total trams by city")))
    steps = [line for line in shown.split("\n") if line.startswith("✓")]
    assert len(steps) == 6 and all(columns_of(line) <= 40 for line in steps)


def test_what_does_not_fit_is_named(querent, wide):
    shown = COLOUR.sub("", on_terminal(querent, 60, "ask", "--data", wide, "-q", "show me the first 4 rows"))
    assert "ships" in shown


def test_colours_only_on_a_terminal_that_wants_them(querent, wide):
    arguments = ["ask", "--data", wide, "total trams by city"]
    assert COLOUR.search(on_terminal(querent, 80, *arguments))
    assert not COLOUR.search(on_terminal(querent, 80, *arguments, NO_COLOR="1"))
    assert not COLOUR.search(on_terminal(querent, 80, *arguments, TERM="dumb"))
    result = querent.run(*arguments)
    assert "\x1b" not in result.stdout + result.stderr and "\r" not in result.stdout + result.stderr


def test_width_from_the_environment_where_there_is_no_terminal(querent, wide):
    result = querent.run("ask", "--data", wide, "-q", "show me the first 4 rows", environment={"COLUMNS": "50"})
    assert result.returncode == 0
    assert all(columns_of(line) <= 50 for line in result.stdout.split("\n")), result.stdout


HOSTILE = ["\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b[2J\x1b[H", "bell\x07", "back\b\b\b\b", "over\rwritten",
           "\u202eesrever", "\x9b31m", "null\x7f", "two\nlines", "tab\there"]


@pytest.mark.parametrize("cell", HOSTILE, ids=map(ascii, HOSTILE))
def test_cells_cannot_steer_the_terminal(querent, tmp_path, cell):
    path = tmp_path / "odd.json"
    path.write_text(json.dumps([{"name": cell, "amount": 1}, {"name": "plain", "amount": 2}]))
    for question in ("amount by name", "show me the first 2 rows", "which name has the lowest amount"):
        result = querent.run("ask", "--data", path, "-q", question)
        assert result.returncode == 0, result.stderr
        unsafe = [c for c in result.stdout if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]
        assert not unsafe, result.stdout


def test_names_cannot_steer_the_terminal(querent, tmp_path):
    path = tmp_path / "odd\x1b[31m.csv"
    path.write_text("na\x1b[31mme,amount\nOslo,1\n")
    for arguments in (["ask", "--data", path, "total amount"], ["datasets", "--data", path], ["profile", path],
                      ["index", "--data", path], ["doctor", "--data", path]):
        result = querent.run(*arguments)
        assert "\x1b" not in result.stdout + result.stderr, arguments
    path.write_text("")
    for arguments in (["ask", "--data", path, "total amount"], ["profile", path], ["doctor", "--data", path],
                      ["ask", "--data", path.with_name("none\x1b[31m.csv"), "x"], ["ask", "--\x1b[31m", "x"]):
        result = querent.run(*arguments)
        assert result.returncode != 0 and "\x1b" not in result.stdout + result.stderr, arguments


def test_questions_cannot_steer_the_terminal(querent, wide):
    result = querent.run("ask", "--data", wide, "total \x1b[31mfrobs\x1b[0m by \u202ecity")
    assert "\x1b" not in result.stdout + result.stderr and "\u202e" not in result.stdout + result.stderr
