# SPDX-License-Identifier: Apache-2.0
"""A double of language models that others wrote: a program that serves on a free port."""
import os
import socket
import subprocess

import httpx

from conftest import wait_for


class MockServer:
    """Runs `command`, in which "PORT" is put in place, until it answers at /health."""

    def __init__(self, command, headers=None, environment=None):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = str(listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        # A connection of its own for each request: an old one may be closed in the moment in which it is used again.
        self.http = httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=60,
                                 limits=httpx.Limits(max_keepalive_connections=0))
        assert command[0].exists() and command[1].exists(), f"{command[1]} is missing: tools/setup/setup.sh test makes it"
        self.process = subprocess.Popen([port if part == "PORT" else part for part in command], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], **(environment or {})})
        wait_for(self.answers)

    def answers(self):
        assert self.process.poll() is None, f"{type(self).__name__} ended"
        try:
            return self.http.get("/health").status_code == 200
        except httpx.HTTPError:
            return False

    def get(self, path):
        return self.http.get(path, headers={"accept": "application/json"}).raise_for_status().json()

    def post(self, path, json=None):
        self.http.post(path, json=json).raise_for_status()

    def close(self):
        self.http.close()
        self.process.terminate()
        self.process.wait(timeout=30)
