# SPDX-License-Identifier: Apache-2.0
"""A disk that is full: a clear sentence, nothing damaged, and all works again when there is room."""
import json
import os
import resource
import sqlite3
import subprocess

import pytest

DISK_SIZE = 8 << 20


@pytest.fixture
def disk(tmp_path):
    """A small file system of its own; needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a file system can't be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """Takes all the room that is left; returns the file that holds it."""
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return ballast


def on_disk(querent, folder):
    querent.home = folder / "home"
    querent.environment["QUERENT_HOME"] = str(querent.home)


def one_sentence(stderr):
    lines = [line for line in stderr.splitlines() if line.startswith("querent: ")]
    assert len(lines) == 1, stderr
    return lines[0]


def integrity(querent):
    return sqlite3.connect(querent.home / "store.sqlite").execute("pragma integrity_check").fetchone()[0]


def test_full_before_the_first_start(querent, disk, sales):
    on_disk(querent, disk)
    ballast = fill(disk)
    result = querent.run("ask", "--data", sales, "total revenue")
    assert result.returncode in (1, 2) and result.stdout == ""
    assert "full" in one_sentence(result.stderr) or "No space left" in result.stderr
    ballast.unlink()
    assert querent.ask("total revenue", "--data", sales)["data_sample"] == [{"total_revenue": 1725.75}]


def test_full_while_it_is_used(querent, disk, sales):
    on_disk(querent, disk)
    conversation = querent.ask("total revenue", "--data", sales)["conversation_id"]
    ballast = fill(disk)
    for _ in range(3):
        result = querent.run("ask", "--data", sales, "--conversation", conversation, "and by region?")
        if result.returncode != 0:
            break
    assert result.returncode == 1 and result.stdout == ""
    assert "full" in one_sentence(result.stderr)
    ballast.unlink()
    assert integrity(querent) == "ok"
    reply = querent.ask("and by region?", "--data", sales, "--conversation", conversation)
    assert len(reply["data_sample"]) == 2


def test_full_while_a_file_is_loaded(querent, disk, sales, tmp_path):
    on_disk(querent, disk)
    querent.ask("total revenue", "--data", sales)
    large = tmp_path / "large.csv"
    large.write_text("name,amount\n" + "".join(f"{i * 2654435761 % 2**32:x}-{i * 40503 % 65536:x},{i}\n" for i in range(400_000)))
    result = querent.run("ask", "--data", large, "total amount")
    assert result.returncode != 0 and result.stdout == ""
    assert "large.csv" in result.stderr and ("full" in result.stderr or "space" in result.stderr), result.stderr
    assert not [name for _, _, names in os.walk(querent.home / "data") for name in names if "tmp" in name or "part" in name]
    assert querent.ask("total revenue", "--data", sales)["data_sample"] == [{"total_revenue": 1725.75}]


def test_no_file_may_grow(querent, sales):
    """The same without rights: each file may have 64 KiB, the store needs more."""
    querent.ask("total revenue", "--data", sales)
    result = querent.start("ask", "--data", sales, "--json", "revenue by region",
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)))
    out, err = result.communicate(timeout=120)
    assert result.returncode in (0, 1), (result.returncode, err)
    if result.returncode == 1:
        assert one_sentence(err) and json.loads(out)["code"] == "store"
    else:
        assert len(json.loads(out)["data_sample"]) == 2
    assert integrity(querent) == "ok"
    assert len(querent.ask("revenue by region", "--data", sales)["data_sample"]) == 2
