# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the program at each of its steps, and of its workers: nothing acknowledged is lost."""
import fcntl
import json
import os
import select
import signal
import sqlite3
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from conftest import PROGRAM, ROOT, children, is_alive, wait_for

F_SETPIPE_SZ = 1031
PIPE_SIZE = 4096
QUESTION = "total revenue"
# run_start, then start and end of six steps; "complete" comes when the answer is saved.
EVENTS = ["run_start", *(name for _ in range(6) for name in ("step_start", "step_update")), "complete"]


def unread(reader):
    return struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"\0\0\0\0"))[0]


def waits_in_write(pid):
    """Whether the process waits to write into a full pipe; where the kernel hides it, a second is long enough."""
    place = Path(f"/proc/{pid}/wchan").read_text()
    if place in ("", "0"):
        time.sleep(1)
    return place in ("", "0") or "pipe_write" in place


@pytest.fixture
def streamed(querent, sales):
    """The lines that the question streams, once asked undisturbed."""
    querent.ask("total units", "--data", sales)
    result = querent.run("ask", "--data", sales, "--stream", QUESTION)
    lines = result.stdout.splitlines(keepends=True)
    assert [json.loads(line)["event"] for line in lines] == EVENTS
    return [len(line.encode()) for line in lines]


def kill_when_written(querent, sales, sizes, count):
    """
    Kills the program when it has written `count` events and wants to write the next: its output is a
    pipe filled beforehand so far that exactly these find room. Returns its workers' process ids.
    """
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, F_SETPIPE_SZ, PIPE_SIZE)
    room = sum(sizes[:count]) + min(60, sizes[count] // 2)
    assert room <= size
    os.write(writer, b" " * (size - room))
    process = subprocess.Popen([PROGRAM, "ask", "--data", str(sales), "--stream", QUESTION], stdout=writer,
                               stderr=subprocess.DEVNULL, env=querent.environment, cwd=ROOT)
    os.close(writer)
    try:
        wait_for(lambda: unread(reader) >= size - room + sum(sizes[:count]) - 60)
        wait_for(lambda: waits_in_write(process.pid))
        workers = children(process.pid)
        process.kill()
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait(timeout=30)
        written = b""
        while select.select([reader], [], [], 0)[0] and (part := os.read(reader, size)):
            written += part
        os.close(reader)
    assert [json.loads(line)["event"] for line in written.decode().strip().splitlines()] == EVENTS[:count]
    return workers


@pytest.mark.parametrize("count", range(len(EVENTS)), ids=lambda count: f"{count}-{EVENTS[count]}")
def test_killed_at_each_event(querent, sales, streamed, count):
    workers = kill_when_written(querent, sales, streamed, count)
    wait_for(lambda: not any(map(is_alive, workers)), 30)
    store = sqlite3.connect(querent.home / "store.sqlite")
    run = "select id, conversation_id, state from runs order by rowid desc limit 1"
    run_id, conversation, _ = store.execute(run).fetchone()
    answered = EVENTS[count] == "complete"
    contents = [row[0] for row in store.execute(
        "select content from messages where conversation_id = ? order by rowid", [conversation])]
    assert contents[0] == QUESTION and len(contents) == (2 if answered else 1)

    following = querent.run("datasets", "--data", sales)
    assert following.returncode == 0
    assert (f'the question "{QUESTION}"' in following.stderr and "interrupted" in following.stderr) != answered
    assert "interrupted" not in querent.run("datasets", "--data", sales).stderr
    contents = [row[0] for row in store.execute(
        "select content from messages where conversation_id = ? order by rowid", [conversation])]
    assert len(contents) == 2 and ("1,725.75" in contents[1]) == answered
    assert store.execute("pragma integrity_check").fetchone() == ("ok",)
    reply = querent.ask("revenue by region", "--data", sales, "--conversation", conversation)
    assert len(reply["data_sample"]) == 2


def test_killed_while_loading(querent, tmp_path):
    """A file whose loading was cut off is loaded whole at the next start; no worker stays."""
    path = tmp_path / "long.csv"
    path.write_text("city,amount\n" + "Oslo,1\nRome,2\n" * 300_000)
    for delay in (0.05, 0.2, 0.4):
        process = querent.start("ask", "--data", path, "total amount")
        time.sleep(delay)
        workers = children(process.pid)
        process.kill()
        process.communicate(timeout=30)
        wait_for(lambda: not any(map(is_alive, workers)), 30)
    reply = querent.ask("total amount", "--data", path)
    assert [list(row.values()) for row in reply["data_sample"]] == [[900_000]]


class Chat:
    """`querent chat` fed line by line; the worker stays between questions."""

    def __init__(self, querent, *arguments, **settings):
        self.process = subprocess.Popen([PROGRAM, "chat", *map(str, arguments)], env={**querent.environment, **settings},
                                        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)

    def send(self, question):
        self.process.stdin.write(question.encode() + b"\n")
        self.process.stdin.flush()

    def read_until(self, text, seconds=60):
        seen, end = b"", time.monotonic() + seconds
        while text.encode() not in seen:
            left = end - time.monotonic()
            assert left > 0 and select.select([self.process.stdout], [], [], left)[0], seen.decode()
            part = os.read(self.process.stdout.fileno(), 65536)
            assert part, seen.decode()
            seen += part
        return seen.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in children(self.process.pid):
            try:
                os.kill(worker, signal.SIGCONT)
            except ProcessLookupError:
                pass
        self.process.kill()
        self.process.communicate(timeout=30)


@pytest.fixture
def chat(querent, sales):
    with Chat(querent, "--data", sales, QUERENT_STATEMENT_TIMEOUT_S="2", QUERENT_WORKERS="1") as chat:
        chat.send("total revenue")
        chat.read_until("1,725.75")
        yield chat


def test_an_idle_worker_that_was_killed_is_replaced(chat):
    workers = children(chat.process.pid)
    assert workers
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not any(map(is_alive, workers)))
    chat.send("total units")
    chat.read_until("Total units: 15")
    assert not set(children(chat.process.pid)) & set(workers)


def test_a_worker_that_hangs_is_ended(chat):
    """A stopped worker answers nothing: the statement's time ends, then the worker."""
    workers = children(chat.process.pid)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    chat.send("total units")
    said = chat.read_until("querent: ")
    assert "Total units" not in said
    wait_for(lambda: not any(map(is_alive, workers)))
    chat.send("how many products are there")
    chat.read_until("3")


def test_a_worker_killed_at_work_gives_a_clear_error(chat):
    workers = children(chat.process.pid)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    chat.send("total units")
    time.sleep(0.5)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    said = chat.read_until("units")
    chat.send("revenue by region")
    said += chat.read_until("1,050.50")
    assert "Total units: 15" in said or "worker" in said
