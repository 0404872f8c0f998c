# SPDX-License-Identifier: Apache-2.0
"""make install: the installed tree works from any folder, for any user, and can be removed again."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from conftest import PROGRAM

BUILD = Path(PROGRAM).resolve().parent
LOG = BUILD / "meson-logs" / "install-log.txt"
NOBODY = 65534


def run_in_build(*command, **environment):
    result = subprocess.run(command, text=True, capture_output=True, env={**os.environ, **environment}, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture
def destination():
    """What the build folder under test installs with DESTDIR, in a folder that other users may enter."""
    if not (BUILD / "build.ninja").exists():
        pytest.skip("the program under test is in no build folder")
    log = LOG.read_bytes() if LOG.exists() else None  # what `make uninstall` goes by
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    run_in_build("meson", "install", "-C", BUILD, "--no-rebuild", DESTDIR=str(folder / "root"))
    yield folder
    shutil.rmtree(folder)
    if log is not None:
        LOG.write_bytes(log)


def ask(destination, querent, question="total revenue", **options):
    program, = destination.rglob("bin/querent")
    return subprocess.run([program, "ask", "--quiet", "--data", destination / "sales.csv", question],
                          text=True, capture_output=True, env=querent.environment, cwd="/", timeout=120, **options)


def test_an_installed_program_answers_with_its_own_files(destination, querent, sales):
    shutil.copy(sales, destination)
    result = ask(destination, querent)
    assert result.returncode == 0, result.stderr
    assert "1,725.75" in result.stdout
    library, = destination.rglob("libduckdb.so")
    library.write_text("no library")
    result = ask(destination, querent, "total units")  # no answer that is kept
    assert result.returncode != 0 and str(library) in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_can_run_what_root_installed(destination, querent, sales):
    shutil.copy(sales, destination)
    home = destination / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    querent.environment.update(HOME=str(home), QUERENT_HOME=str(home / "querent"))
    result = ask(destination, querent, user=NOBODY, group=NOBODY, extra_groups=[])
    assert result.returncode == 0, result.stderr
    assert "1,725.75" in result.stdout


def test_uninstall_leaves_nothing(destination):
    assert list(destination.rglob("bin/querent"))
    run_in_build("ninja", "-C", BUILD, "uninstall")
    assert not [path for path in destination.rglob("*") if path.is_file()]
