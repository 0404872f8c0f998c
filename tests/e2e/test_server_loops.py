# SPDX-License-Identifier: Apache-2.0
"""Limits that hold for the process, however many loops it has."""
from pathlib import Path

from serving import Server


def test_more_loops_than_runs(querent, tmp_path):
    """Each loop has workers of its own, so that their number tells how many loops answered."""
    data = tmp_path / "sales.csv"
    data.write_text("region,amount\nNorth,1\nSouth,2\n")
    environment = {"QUERENT_LOOPS": "8", "QUERENT_RUNS_MAX": "1", "QUERENT_WORKERS": "1"}
    with Server(querent, "--data", data, environment=environment) as server:
        server.wait_until_ready()
        for _ in range(12):
            with server.client() as client:
                client.ask("total amount by region", use_cache=False)
        tasks = Path(f"/proc/{server.process.pid}/task").iterdir()
        assert sum(len((task / "children").read_text().split()) for task in tasks) == 1
