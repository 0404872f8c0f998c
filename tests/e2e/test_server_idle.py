# SPDX-License-Identifier: Apache-2.0
"""Ten thousand connections that ask nothing: others are served, and all comes back when they go."""
import os
import resource
import socket

import pytest

from conftest import wait_for
from server_support import PATIENCE_S, SANITIZED, Server

CONNECTIONS = 10_000
OTHERS = 500  # descriptors of the test and of the server besides
KIB_A_CONNECTION = 8


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard == resource.RLIM_INFINITY else max(hard, CONNECTIONS + OTHERS)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS + OTHERS, most))
    except ValueError:  # raising the hard limit takes root
        pytest.skip(f"only {hard} descriptors may be had")
    yield CONNECTIONS + OTHERS
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def resident_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))


def open_all(server):
    connections = []
    for i in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)
        if i % 100 == 0:  # some have asked before, and are kept
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        connections.append(connection)
    return connections


def test_ten_thousand_idle_connections(querent, sales, many_descriptors):
    with Server(querent, sales, descriptors=many_descriptors) as server:
        folder = f"/proc/{server.process.pid}/fd"
        expected = server.ask("total revenue")["final_response"]
        descriptors, memory, grown = len(os.listdir(folder)), resident_kib(server.process.pid), []
        for _ in range(2):
            connections = open_all(server)
            wait_for(lambda: len(os.listdir(folder)) >= descriptors + CONNECTIONS, PATIENCE_S)
            grown.append(resident_kib(server.process.pid) - memory)
            assert server.http.get("/health").status_code == 200
            assert server.ask("total revenue", use_cache=False)["final_response"] == expected
            for connection in connections:
                connection.close()
            wait_for(lambda: len(os.listdir(folder)) < descriptors + 20, PATIENCE_S)
        assert server.ask("total revenue", use_cache=False)["final_response"] == expected
    if not SANITIZED:
        assert grown[0] < CONNECTIONS * KIB_A_CONNECTION
        assert grown[1] < grown[0] * 1.25 + 4096  # the second ten thousand cost no more
