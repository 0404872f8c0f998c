# SPDX-License-Identifier: Apache-2.0
"""What the tests of the program share: the real program, in a home of its own."""
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = os.environ.get("QUERENT", str(ROOT / "build" / "querent"))


class Querent:
    """Runs build/querent with nothing of the caller's environment that could change it."""

    def __init__(self, home):
        self.home = Path(home)
        keep = ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
                "LD_LIBRARY_PATH")
        self.environment = {name: os.environ[name] for name in keep if name in os.environ}
        self.environment.update(QUERENT_HOME=str(self.home), HOME=str(self.home), LANG="C.UTF-8",
                                QUERENT_NOW="2024-03-15T12:00:00Z")

    def command(self, *arguments):
        return [PROGRAM, *map(str, arguments)]

    def run(self, *arguments, timeout=120, input=None, environment=None, cwd=None):
        """Runs to the end; returns the CompletedProcess with text output."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=timeout,
                              input=input, env={**self.environment, **(environment or {})}, cwd=cwd or ROOT)

    def start(self, *arguments, environment=None, **options):
        return subprocess.Popen(self.command(*arguments), env={**self.environment, **(environment or {})}, cwd=ROOT,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def ask(self, question, *arguments, expect=0, **options):
        """`ask --json`: returns the reply as a dict, after checking the exit code."""
        result = self.run("ask", "--json", *arguments, question, **options)
        assert result.returncode == expect, f"exit {result.returncode}: {result.stderr}\n{result.stdout[:2000]}"
        return json.loads(result.stdout) if result.stdout.strip() else {}


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def children(pid):
    """The process ids below a process."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in path.read_text().split()]
        except OSError:
            continue
    return found + [below for child in found for below in children(child)]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def unread_by(peer, connection):
    """Bytes that wait at the other end of a connection of this machine, read by its program not yet; None: there is
    no such end."""
    def address(name):
        host, port = name
        return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"

    ends = [address(connection.getpeername()), address(connection.getsockname())]
    for line in Path(f"/proc/{peer}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1:3] == ends:
            return int(fields[4].split(":")[1], 16)
    return None


@pytest.fixture
def querent(tmp_path):
    return Querent(tmp_path / "home")


@pytest.fixture
def sales(tmp_path):
    """A small file to ask about: two regions, three months."""
    path = tmp_path / "sales.csv"
    path.write_text("day,region,product,units,revenue\n"
                    "2024-01-10,North,Desk,2,500.00\n"
                    "2024-01-20,South,Chair,4,300.50\n"
                    "2024-02-05,North,Chair,1,75.00\n"
                    "2024-02-15,South,Desk,3,750.00\n"
                    "2024-03-01,North,Lamp,5,100.25\n")
    return path
