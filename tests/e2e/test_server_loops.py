# SPDX-License-Identifier: Apache-2.0
"""Limits that hold for the process, however many loops it has."""
import concurrent.futures

import pytest

from conftest import children
from serving import Server


@pytest.mark.parametrize("runs, workers", [(1, 1), (256, 2)])
def test_more_loops_than_runs_or_workers(querent, tmp_path, runs, workers):
    """Each loop has workers of its own, so that their number tells how many loops answered."""
    data = tmp_path / "sales.csv"
    data.write_text("region,amount\nNorth,1\nSouth,2\n")
    environment = {"QUERENT_LOOPS": "8", "QUERENT_RUNS_MAX": str(runs), "QUERENT_WORKERS": str(workers)}
    with Server(querent, "--data", data, environment=environment) as server:
        server.wait_until_ready()
        for _ in range(12):
            with server.client() as client:
                client.ask("total amount by region", use_cache=False)
        assert len(children(server.process.pid)) in range(1, workers + 1)


def test_the_queue_is_common(querent, tmp_path):
    """As many questions at once as may run and wait together: wherever their connections landed, none is refused."""
    data = tmp_path / "sales.csv"
    data.write_text("region,amount\nNorth,1\nSouth,2\n")
    environment = {"QUERENT_LOOPS": "4", "QUERENT_RUNS_MAX": "4", "QUERENT_QUEUE_MAX": "20", "QUERENT_WORKERS": "4"}
    with Server(querent, "--data", data, environment=environment) as server:
        server.wait_until_ready()

        def ask(number):
            with server.client() as client:
                return client.ask("total amount by region", user=f"u{number}", use_cache=False)["status"]

        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            assert set(pool.map(ask, range(24))) == {"answered"}
