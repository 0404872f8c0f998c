# SPDX-License-Identifier: Apache-2.0
"""What readiness says of a language model: how its last call ended, without a call of its own."""
from doubles.claude import Claude
from doubles.script import Reply
from serving import Refused, Server


def ready(client):
    state = client.call("GET", "/health/ready")
    assert state["status"] == "ready"  # whatever the model does
    return state["checks"].get("model")


def ask(client, question):
    try:
        client.ask(question)
    except Refused:
        pass  # what comes of it is not this test's business


def test_readiness_tells_how_the_last_call_ended(querent, sales):
    with Claude(Reply(status=401, message="no such key")) as claude:
        environment = {"ANTHROPIC_BASE_URL": claude.origin, "ANTHROPIC_API_KEY": "test-key"}
        with Server(querent, "--data", sales, environment=environment) as server:
            client = server.wait_until_ready().client()
            assert ready(client) == {"status": "ok", "message": "anthropic: not called yet"}
            ask(client, "which region earns the most per order?")
            state = ready(client)
            assert state["status"] == "failed"
            assert "set ANTHROPIC_API_KEY" in state["message"] and "test-key" not in state["message"]
            claude.forget("{}")
            ask(client, "what was the smallest order of each region?")
            state = ready(client)
            assert state["status"] == "ok" and state["message"].startswith("anthropic: answered")
            calls = len(claude.requests)
            ready(client)
            assert len(claude.requests) == calls


def test_without_a_model_there_is_nothing_to_say(querent, sales):
    with Server(querent, "--data", sales) as server:
        assert ready(server.wait_until_ready().client()) is None
