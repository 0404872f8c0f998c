# SPDX-License-Identifier: Apache-2.0
"""Several processes on one home, and homes that are none."""
import json
import os
import signal
import sqlite3
import subprocess

import pytest

from conftest import children, is_alive, wait_for


def finish(process, timeout=240):
    out, err = process.communicate(timeout=timeout)
    assert process.returncode == 0, err
    return out


def test_many_ask_at_the_same_time(querent, sales):
    """Twelve on a home that none has used before: each makes or waits for what it needs."""
    processes = [querent.start("ask", "--data", sales, "--json", "total revenue") for _ in range(12)]
    replies = [json.loads(finish(process)) for process in processes]
    assert all(list(reply["data_sample"][0].values()) == [1725.75] for reply in replies)
    assert len({reply["conversation_id"] for reply in replies}) == 12
    store = sqlite3.connect(querent.home / "store.sqlite")
    assert store.execute("select count(*) from messages").fetchone() == (24,)
    assert store.execute("select count(*) from runs where ended_at is null").fetchone() == (0,)


def test_one_conversation_from_several_processes(querent, sales):
    conversation = querent.ask("total revenue", "--data", sales)["conversation_id"]
    processes = [querent.start("ask", "--data", sales, "--json", "--conversation", conversation, "revenue by region")
                 for _ in range(6)]
    for process in processes:
        assert len(json.loads(finish(process))["data_sample"]) == 2
    store = sqlite3.connect(querent.home / "store.sqlite")
    assert store.execute("select count(*) from messages where conversation_id = ?", [conversation]).fetchone() == (14,)


def test_asking_while_indexing(querent, sales, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(30):
        (folder / f"table_{i}.csv").write_text(f"city,amount_{i}\nOslo,{i}\nRome,{i}\n")
    indexing = querent.start("index", "--data", folder)
    asking = [querent.start("ask", "--data", sales, "--json", "total revenue") for _ in range(3)]
    for process in asking:
        assert list(json.loads(finish(process))["data_sample"][0].values()) == [1725.75]
    assert "30 datasets ready" in finish(indexing)
    reply = querent.ask("total amount_17", "--data", folder)
    assert [list(row.values()) for row in reply["data_sample"]] == [[34]]


def test_another_process_is_not_taken_for_dead(querent, sales):
    """A run that another process still works on is not marked as interrupted."""
    querent.ask("total units", "--data", sales)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b" " * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    waiting = subprocess.Popen(querent.command("ask", "--data", sales, "--stream", "total revenue"), stdout=writer,
                               stderr=subprocess.DEVNULL, env=querent.environment)
    os.close(writer)
    try:
        store = sqlite3.connect(querent.home / "store.sqlite")
        active = "select count(*) from runs where ended_at is null"
        wait_for(lambda: store.execute(active).fetchone() == (1,))
        assert "interrupted" not in querent.run("datasets", "--data", sales).stderr
        with os.fdopen(reader, "rb") as output:
            assert b'"event":"complete"' in output.read()
        assert waiting.wait(timeout=60) == 0
    finally:
        waiting.kill()
        waiting.wait(timeout=30)


def test_a_home_that_is_a_file(querent, sales, tmp_path):
    path = tmp_path / "file"
    path.write_text("no folder")
    result = querent.run("ask", "--home", path, "--data", sales, "total revenue")
    assert result.returncode in (1, 2) and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1 and str(path) in result.stderr
    assert path.read_text() == "no folder"


@pytest.fixture
def read_only(querent, sales, tmp_path):
    """A home on a file system that takes no writes; needs the right to mount."""
    querent.ask("total revenue", "--data", sales)
    mount = ["mount", "--bind", "-o", "ro", str(querent.home), str(querent.home)]
    remount = ["mount", "-o", "remount,bind,ro", str(querent.home)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a file system can't be mounted here")
    subprocess.run(remount, capture_output=True)
    yield querent.home
    subprocess.run(["umount", "-l", str(querent.home)], check=True)


def test_a_home_that_is_read_only(querent, sales, read_only):
    result = querent.run("ask", "--data", sales, "total revenue")
    assert result.returncode in (1, 2) and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1 and str(read_only) in result.stderr
    assert "read-only" in result.stderr.lower() or "permission" in result.stderr.lower()


@pytest.mark.parametrize("content", [b"this is no database", b"SQLite format 3\0" + bytes(4000)])
def test_a_store_that_is_none_is_left_untouched(querent, sales, content):
    querent.home.mkdir()
    store = querent.home / "store.sqlite"
    store.write_bytes(content)
    result = querent.run("ask", "--data", sales, "total revenue")
    assert result.returncode in (1, 2) and result.stdout == ""
    assert "store.sqlite" in result.stderr
    assert store.read_bytes() == content


def test_what_is_kept_is_the_owners_alone(querent, sales):
    querent.ask("total revenue", "--data", sales)
    for path in [querent.home, querent.home / "data", *querent.home.glob("store*")]:
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_its_workers(querent, sales, number):
    # Under nohup the signal is ignored, which programs inherit; this one rightly keeps to it.
    before = signal.signal(number, signal.SIG_DFL)
    process = querent.start("chat", "--data", sales, stdin=subprocess.PIPE)
    signal.signal(number, before)
    try:
        process.stdin.write("total revenue\n")
        process.stdin.flush()
        while "1,725.75" not in process.stdout.readline():
            assert process.poll() is None
        workers = children(process.pid)
        assert workers
        process.send_signal(number)
        assert process.wait(timeout=60) != 0
        wait_for(lambda: not any(map(is_alive, workers)), 30)
    finally:
        process.kill()
        process.communicate(timeout=30)
