# SPDX-License-Identifier: Apache-2.0
"""Stopping a server that can't finish: its workers stand still, and somebody is in a hurry."""
import os
import signal
import threading
import time
from pathlib import Path

import pytest

import conftest
from serving import Server

LOOPS = 4


@pytest.fixture
def server(querent, tmp_path):
    data = tmp_path / "sales.csv"
    data.write_text("region,amount\n" + "".join(f"{'North' if i % 2 else 'South'},{i}\n" for i in range(100)))
    with Server(querent, "--data", data, environment={"QUERENT_LOOPS": str(LOOPS)}) as server:
        yield server.wait_until_ready()


def command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # it has ended
        return ""


def children(process):
    """Those that are programs already: who stops one before, stops the parent, which waits for that."""
    return [child for child in conftest.children(process.pid) if command(child) not in ("", command(process.pid))]


@pytest.mark.parametrize("signals", [2, 4])
def test_every_further_signal_is_taken(server, signals):
    """Loops that have ended meanwhile are sent to no more, and runs that save how they ended are
    waited for, however often somebody asks."""
    with server.client() as client:
        client.ask("total amount by region", use_cache=False)
        frozen = children(server.process)
        assert frozen
        for worker in frozen:
            os.kill(worker, signal.SIGSTOP)
        told = []

        def ask():
            try:
                client.ask("average amount by region", use_cache=False)
            except Exception as refused:  # what it says is not the point here
                told.append(refused)

        asker = threading.Thread(target=ask)
        asker.start()
        time.sleep(0.5)
        began = time.monotonic()
        server.process.terminate()
        time.sleep(0.5)  # the loops that have nothing to do are gone
        for _ in range(signals - 1):
            server.process.terminate()
            time.sleep(0.01)
        # A signal that comes when all is over finds nobody to take it.
        assert server.process.wait(timeout=25) in (0, -signal.SIGTERM), server.said()
        assert time.monotonic() - began < 20
        asker.join(timeout=10)
        assert told


def test_reading_of_data_is_given_up(server, tmp_path):
    """A file that is being read again, by a process that stands still, keeps nobody waiting."""
    rows = "".join(f"{'North' if i % 2 else 'South'},{i}\n" for i in range(1_000_000))
    (tmp_path / "sales.csv").write_text("region,amount\n" + rows)
    server.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + 60
    while not (readers := children(server.process)):
        assert time.monotonic() < until
        time.sleep(0.001)
    for reader in readers:
        os.kill(reader, signal.SIGSTOP)
    time.sleep(0.2)
    assert server.stop(seconds=20) == 0, server.said()
    assert "reading documents" not in server.said()
