# SPDX-License-Identifier: Apache-2.0
"""What administrators do: index jobs, API keys, the audit trail."""
import contextlib
import fcntl
import json
import signal
import sqlite3
import struct
import time

import pytest

from conftest import wait_for
from serving import Refused, Server

INDEX, JOBS, KEYS, AUDIT = (f"/api/v1/admin/{name}" for name in ("index", "jobs", "keys", "audit"))
DOCUMENT = "dataset_id: {id}\ntable_name: {id}\nsource: {{file: {id}.csv}}\ncolumns:\n  - {{name: n, type: integer}}\n"


def write_dataset(folder, name, rows=3):
    (folder / f"{name}.csv").write_text("n\n" + "".join(f"{i}\n" for i in range(rows)))
    (folder / f"{name}.yaml").write_text(DOCUMENT.format(id=name))


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "documents"
    path.mkdir()
    for name in ("apples", "pears"):
        write_dataset(path, name)
    return path


@contextlib.contextmanager
def serving(querent, folder, **options):
    with Server(querent, "--metadata", folder, **options) as server:
        server.wait_until_ready()
        with server.client() as client:
            server.api = client
            yield server


def call(server, method, path, body=None, headers=None, status=200):
    """The reply to a request that is expected to have this status."""
    connection = server.client().connection
    text = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
    connection.request(method, path, text, {**({"Content-Type": "application/json"} if text else {}),
                                            **(headers or {})})
    response = connection.getresponse()
    said = response.read()
    connection.close()
    assert response.status == status, said
    return json.loads(said)


def index(server, body=None):
    """Runs a job to its end."""
    job = call(server, "POST", INDEX, body, status=202)["job_id"]
    wait_for(lambda: call(server, "GET", f"{JOBS}/{job}")["state"] in ("done", "failed"))
    return call(server, "GET", f"{JOBS}/{job}")


def outcomes(job):
    return {item["dataset_id"]: item["outcome"] for item in job["result"]["datasets"]}


def costs(job):
    return [job["result"][name] for name in ("documents_read", "files_loaded", "files_profiled", "embeddings_made")]


@contextlib.contextmanager
def index_lock(home):
    """Another process on the store that indexes, and takes its time."""
    with open(f"{home}/store.sqlite-owners", "r+b") as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 1, 1, 0))
        yield


def test_what_has_not_changed_costs_nothing(querent, folder):
    with serving(querent, folder) as server:
        job = index(server)
        assert job["state"] == "done" and job["done"] == job["total"] == 2
        assert outcomes(job) == {"apples": "unchanged", "pears": "unchanged"}
        assert costs(job) == [0, 0, 0, 0]
    with serving(querent, folder) as server:  # nor does it after a restart, which jobs survive
        assert call(server, "GET", f"{JOBS}/{job['job_id']}") == job
        assert costs(index(server)) == [0, 0, 0, 0]
        # Asked to look again at all of it, what content is known is not profiled again.
        assert costs(index(server, {"force": True})) == [2, 2, 0, 2]
        job = index(server, {"force": True, "datasets": ["pears"]})
        assert costs(job) == [1, 1, 0, 1]
        assert job["request"] == {"datasets": ["pears"], "force": True}


def test_each_dataset_has_its_outcome(querent, folder):
    """Added, changed, removed, and failed with file and line; the bad one spoils no other. Without a watch: the
    lock is held while the folder changes, so that the job is what finds it."""
    write_dataset(folder, "plums")
    with serving(querent, folder) as server:
        with index_lock(querent.home):
            write_dataset(folder, "figs")
            write_dataset(folder, "pears", rows=5)
            (folder / "plums.yaml").unlink()
            (folder / "plums.csv").unlink()
            (folder / "apples.yaml").write_text(DOCUMENT.format(id="apples") + "columns: twice\n")
            job = call(server, "POST", INDEX, status=202)["job_id"]
        wait_for(lambda: call(server, "GET", f"{JOBS}/{job}")["state"] == "done")
        told = call(server, "GET", f"{JOBS}/{job}")
        result = told["result"]
        if result["changed"] == 0:  # the watch was first; its own row has it
            told = [row for row in call(server, "GET", JOBS)["jobs"] if row["trigger"] == "change"][-1]
            result = told["result"]
        assert outcomes(told) == {"apples": "failed", "figs": "added", "pears": "changed", "plums": "removed"}
        failed = result["datasets"][0]
        assert failed["path"].endswith("apples.yaml") and failed["line"] == 6 and failed["message"]
        assert server.api.ask("how many figs are there")["status"] == "answered"


def test_two_at_once_are_one(querent, folder):
    with serving(querent, folder) as server, serving(querent, folder) as other:
        with index_lock(querent.home):
            first = call(server, "POST", INDEX, status=202)
            assert first["state"] == "queued"
            assert call(server, "POST", INDEX, status=202)["job_id"] == first["job_id"]
            assert call(other, "POST", INDEX, status=202)["job_id"] == first["job_id"]
            time.sleep(0.3)
            assert call(server, "GET", f"{JOBS}/{first['job_id']}")["state"] == "queued"
        wait_for(lambda: call(other, "GET", f"{JOBS}/{first['job_id']}")["state"] == "done")
        assert index(other)["job_id"] != first["job_id"]
        assert [job["state"] for job in call(server, "GET", JOBS)["jobs"]] == ["done", "done"]
        assert server.stop() == 0 and other.stop() == 0


def test_a_job_of_a_killed_server_has_failed(querent, folder):
    """Found by another server on the store, and by the next start."""
    with serving(querent, folder) as server, serving(querent, folder) as other:
        with index_lock(querent.home):
            queued = call(server, "POST", INDEX, status=202)["job_id"]
            server.kill()
            wait_for(lambda: call(other, "GET", f"{JOBS}/{queued}")["state"] == "failed")
        other.kill()
    big = folder / "big.csv"
    with serving(querent, folder) as server:
        with big.open("w") as file:
            file.write("n,text\n")
            file.writelines(f"{i},some words of row {i}\n" for i in range(1500000))
        (folder / "big.yaml").write_text(DOCUMENT.format(id="big"))
        running = call(server, "POST", INDEX, status=202)["job_id"]
        wait_for(lambda: call(server, "GET", f"{JOBS}/{running}")["state"] != "queued")
        state = call(server, "GET", f"{JOBS}/{running}")["state"]
        server.kill()
    big.write_text("n,text\n1,one\n")
    with serving(querent, folder) as server:
        wait_for(lambda: call(server, "GET", f"{JOBS}/{running}")["state"] != "running")
        job = call(server, "GET", f"{JOBS}/{running}")
        assert state == "done" or (job["state"] == "failed" and "interrupted" in job["error"])
        assert index(server)["state"] == "done"


def test_a_stop_says_so_in_the_job(querent, folder):
    with serving(querent, folder) as server:
        with index_lock(querent.home):
            job = call(server, "POST", INDEX, status=202)["job_id"]
            assert server.stop() == 0
    with serving(querent, folder) as server:
        told = call(server, "GET", f"{JOBS}/{job}")
        assert told["state"] == "failed" and "stopped" in told["error"]


def test_a_job_whose_end_can_not_be_saved(querent, folder):
    """The store refuses it for a time, as a full disk does: then it ends, and another one can begin."""
    with serving(querent, folder) as server:
        with contextlib.closing(sqlite3.connect(querent.home / "store.sqlite", isolation_level=None)) as store:
            store.execute("INSERT INTO jobs (id, kind, state, created_at, updated_at)"
                          " VALUES ('job_0123456789abcdef', 'other', 'done', '', '')")
            store.execute("CREATE UNIQUE INDEX no_other ON jobs (state) WHERE state = 'done'")
            job = call(server, "POST", INDEX, status=202)["job_id"]
            wait_for(lambda: "can't be saved" in server.said())
            assert call(server, "GET", f"{JOBS}/{job}")["state"] == "running"
            store.execute("DROP INDEX no_other")
        assert call(server, "POST", INDEX, status=202)["job_id"] == job  # it has not ended yet
        wait_for(lambda: call(server, "GET", f"{JOBS}/{job}")["state"] == "done")
        told = call(server, "GET", f"{JOBS}/{job}")
        assert told["ended_at"] and outcomes(told) == {"apples": "unchanged", "pears": "unchanged"}
        assert index(server)["job_id"] != job


def test_the_server_looks_by_itself(querent, folder):
    """A change of the folder and SIGHUP go the same way; only SIGHUP tells of nothing."""
    with serving(querent, folder, environment={"QUERENT_INDEX_EVERY": "1"}) as server:
        time.sleep(1.5)
        assert call(server, "GET", JOBS)["jobs"] == []  # the timer found nothing
        write_dataset(folder, "figs")
        wait_for(lambda: call(server, "GET", JOBS)["jobs"])
        wait_for(lambda: call(server, "GET", "/api/v1/datasets")["total"] == 3)
        assert {job["trigger"] for job in call(server, "GET", JOBS)["jobs"]} <= {"change", "timer"}
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: any(job["trigger"] == "signal" and job["state"] == "done"
                             for job in call(server, "GET", JOBS)["jobs"]))


BAD = [
    ("POST", INDEX, "{", 422), ("POST", INDEX, "[]", 422), ("POST", INDEX, {"datasets": "apples"}, 422),
    ("POST", INDEX, {"datasets": []}, 422), ("POST", INDEX, {"datasets": [1]}, 422),
    ("POST", INDEX, {"datasets": ["a"] * 1001}, 422), ("POST", INDEX, {"force": "perhaps"}, 422),
    ("POST", INDEX, {"datasets": ["nothing"]}, 404),
    ("GET", f"{JOBS}/job_0123456789abcdef", None, 404), ("GET", f"{JOBS}/x", None, 404),
    ("GET", f"{JOBS}/%00", None, 422), ("GET", f"{JOBS}/{'a' * 3000}", None, 404),
    ("GET", f"{JOBS}?limit=0", None, 422), ("GET", f"{JOBS}?limit=101", None, 422),
    ("DELETE", JOBS, None, 405), ("GET", INDEX, None, 405),
    ("POST", KEYS, None, 422), ("POST", KEYS, {}, 422), ("POST", KEYS, {"user_id": ""}, 422),
    ("POST", KEYS, {"user_id": "a" * 257}, 422), ("POST", KEYS, {"user_id": "ana", "role": "a b"}, 422),
    ("POST", KEYS, {"user_id": "ana", "attributes": {"a": 1}}, 422),
    ("POST", KEYS, {"user_id": "ana", "attributes": {"a b": "1"}}, 422),
    ("POST", KEYS, {"user_id": "ana", "attributes": {f"a{i}": "1" for i in range(51)}}, 413),
    ("POST", KEYS, {"user_id": "ana", "expires_in_days": 0}, 422),
    ("POST", KEYS, {"user_id": "ana", "expires_in_days": 3661}, 422),
    ("POST", KEYS, {"user_id": "ana", "acts_for_others": 5}, 422),
    ("DELETE", f"{KEYS}/key_0123456789abcdef", None, 404), ("DELETE", f"{KEYS}/x", None, 404),
    ("GET", f"{AUDIT}?cursor=x", None, 422), ("GET", f"{AUDIT}?cursor=1.2.3", None, 422),
    ("GET", f"{AUDIT}?from=yesterday", None, 422), ("GET", f"{AUDIT}?to=2026-02-30", None, 422),
    ("GET", f"{AUDIT}?limit=1001", None, 422), ("GET", f"{AUDIT}?user_id=", None, 422),
]


def test_bad_input_has_an_answer(querent, folder):
    with serving(querent, folder) as server:
        for method, path, body, status in BAD:
            assert "detail" in call(server, method, path, body, status=status), (method, path, body)
        assert call(server, "GET", JOBS)["jobs"] == []
        assert call(server, "GET", KEYS)["keys"] == []
        assert call(server, "GET", AUDIT)["records"] == []


def test_admin_routes_are_for_this_machine(querent, folder):
    with serving(querent, folder) as server:
        for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"},
                        {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            for method, path in (("POST", INDEX), ("GET", JOBS), ("GET", KEYS), ("GET", AUDIT)):
                call(server, method, path, headers=headers, status=403)
        assert call(server, "GET", "/health", headers={"X-Forwarded-For": "10.0.0.1"})["status"] == "healthy"
        assert call(server, "GET", JOBS)["jobs"] == []


def test_a_key_is_shown_once(querent, folder):
    """It is in the reply, and neither in a file of the store nor in what the server says."""
    environment = {"QUERENT_LOG_LEVEL": "debug"}
    with serving(querent, folder, environment=environment) as server:
        made = call(server, "POST", KEYS, {"user_id": "ana", "attributes": {"office": "Lisbon"},
                                           "expires_in_days": 90}, status=201)
        cli = querent.run("keys", "create", "--user", "ben", "--json")
        assert cli.returncode == 0 and "not asked for yet" in cli.stderr
        keys = [made["key"], json.loads(cli.stdout)["key"]]
        assert made["attributes"] == {"office": "Lisbon"} and made["expires_at"].startswith("2024-06-13")
        listed = call(server, "GET", KEYS)["keys"]
        assert [row["user_id"] for row in listed] == ["ben", "ana"] and "key" not in listed[0]
        # Somebody sends one: it is not asked for, and not written down.
        call(server, "GET", AUDIT, headers={"Authorization": f"Bearer {keys[0]}", "X-API-Key": keys[1]})
        call(server, "DELETE", f"{KEYS}/{keys[0]}", status=404)
        call(server, "DELETE", f"{KEYS}/{made['id']}")
        call(server, "DELETE", f"{KEYS}/{made['id']}", status=409)
        acts = call(server, "GET", AUDIT)["records"]
        assert [(act["action"], act["via"]) for act in acts] == \
            [("key.revoke", "http"), ("key.create", "cli"), ("key.create", "http")]
        assert acts[0]["target"] == made["id"] and acts[0]["address"] == "127.0.0.1"
        for path in querent.home.glob("store.sqlite*"):
            for key in keys:
                assert key[16:].encode() not in path.read_bytes(), path
        assert server.stop() == 0
        assert not any(key[16:] in server.said() for key in keys)
    for path in querent.home.glob("store.sqlite*"):
        for key in keys:
            assert key[16:].encode() not in path.read_bytes(), path


def test_questions_and_acts_are_one_trail(querent, folder):
    with serving(querent, folder) as server:
        asked = server.api.ask("how many apples are there", user="ana")
        server.api.ask("how many apples are there", user="ben")  # from the cache
        index(server)
        trail = call(server, "GET", AUDIT)["records"]
        assert {record["action"] for record in trail} == {"question", "index.start"}
        question = call(server, "GET", f"{AUDIT}?user_id=ana")["records"]
        assert [record["target"] for record in question] == [asked["query_id"]]
        assert question[0]["question"] == "how many apples are there" and question[0]["outcome"] == "answered"
        assert question[0]["datasets"] == ["apples"] and question[0]["sql_query"] == asked["sql_query"]
        pages, cursor = [], ""
        while cursor is not None:
            page = call(server, "GET", f"{AUDIT}?limit=1{cursor and '&cursor=' + cursor}")
            pages += page["records"]
            cursor = page["next_cursor"]
        assert pages == trail
        lines = querent.run("audit", "--action", "question").stdout.splitlines()
        assert [json.loads(line)["user_id"] for line in lines] == ["ben", "ana"]
        assert querent.run("audit", "--to", "2024-03-15").stdout == ""


@pytest.mark.parametrize("arguments", [
    [], ["make"], ["create"], ["create", "x", "--user", "ana"], ["revoke"], ["list", "x"],
    ["create", "--user", "ana", "--expires", "90"], ["create", "--user", "ana", "--expires", "0d"],
    ["create", "--user", "ana", "--expires", "3661d"], ["create", "--user", "ana", "--attribute", "office"],
])
def test_wrong_usage_of_keys(querent, arguments):
    result = querent.run("keys", *arguments)
    assert result.returncode == 2 and result.stderr.startswith("querent: ") and not result.stdout
