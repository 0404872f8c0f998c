# SPDX-License-Identifier: Apache-2.0
"""A chat notices that the data has changed."""
import os
import subprocess

import pytest

from conftest import wait_for


def replies(chat, until):
    """Lines up to one that holds the text."""
    lines = []
    for line in chat.stdout:
        lines.append(line)
        if until in line:
            return "".join(lines)
    raise AssertionError(f"no {until!r} in: {''.join(lines)}")


def ask(chat):
    chat.stdin.write("total amount\n")
    chat.stdin.flush()
    return replies(chat, "Total amount")


def rewrite(path, text, by_rename):
    if by_rename:
        beside = path.with_name("beside.tmp")
        beside.write_text(text)
        os.replace(beside, path)
    else:
        path.write_text(text)


@pytest.mark.parametrize("whole_folder", [True, False])
def test_chat_answers_from_changed_files(querent, tmp_path, whole_folder):
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "sales.csv"
    path.write_text("region,amount\nNorth,1\nSouth,2\n")
    chat = querent.start("chat", "--data", folder if whole_folder else path, stdin=subprocess.PIPE)
    try:
        for total, by_rename in ((3, None), (30, True), (70, False), (90, True)):
            if by_rename is not None:
                rewrite(path, f"region,amount\nNorth,{total - 2}\nSouth,2\n", by_rename)
            wait_for(lambda: f" {total}." in ask(chat))
        chat.stdin.close()
        assert chat.wait(60) == 0
    finally:
        chat.kill()
