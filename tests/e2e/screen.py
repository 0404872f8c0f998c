# SPDX-License-Identifier: Apache-2.0
"""A terminal's screen as its reader sees it, after each piece that a program wrote: the few sequences that Querent uses, and
an error for any other."""
import re
import unicodedata

import pexpect

TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|[\r\n]|[^\x1b\r\n]", re.S)


class Screen:
    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.lines = [""]  # all that was ever scrolled through, too: it can be scrolled back to
        self.row = self.column = 0

    @property
    def top(self):
        return max(0, len(self.lines) - self.rows)

    def feed(self, text):
        """Yields after each change."""
        at = 0
        while at < len(text):
            token = TOKEN.match(text, at)
            assert token, f"not understood: {text[at:at + 20]!r}"
            at = token.end()
            if token[2]:
                self.obey(token[2], token[1])
            elif token[0] == "\r":
                self.column = 0
            elif token[0] == "\n":
                self.down()
            else:
                self.put(token[0])
            yield self

    def obey(self, name, number):
        if name == "m":
            return
        if name == "A":
            self.row = max(self.top, self.row - int(number or 1))
        elif name == "K" and not number:
            self.cut()
        elif name == "J" and not number:
            self.cut()
            del self.lines[self.row + 1:]
        else:
            raise AssertionError(f"not understood: CSI {number}{name}")

    def cut(self):
        kept, width = "", 0
        for character in self.lines[self.row]:
            width += width_of(character)
            if width > self.column:
                break
            kept += character
        self.lines[self.row] = kept

    def down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def put(self, character):
        width = width_of(character)
        if self.column + width > self.columns:
            self.down()
            self.column = 0
        self.cut()  # the program never writes in the middle of a line
        self.lines[self.row] += character
        self.column += width

    def text(self):
        return "\n".join(self.lines)


def width_of(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def run_on_screen(command, environment, rows=24, columns=80, code=0):
    """Runs a program on a terminal of that size; returns what it wrote, the screen at each moment, one text each, and at
    the end."""
    child = pexpect.spawn(command[0], command[1:], env={**environment, "TERM": "xterm"}, dimensions=(rows, columns),
                          timeout=120, encoding="utf-8")
    try:
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == code, child.before
        written = child.before
    finally:
        child.close(force=True)
    screen, moments = Screen(rows, columns), []
    for one in screen.feed(written):
        moments.append(one.text())
    return written, moments, screen
