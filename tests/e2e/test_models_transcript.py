# SPDX-License-Identifier: Apache-2.0
"""The transcript of two streamed questions (`make transcript`): it is printed into test-logs/transcript.txt beside the program,
and how much of two consecutive prompts is the same is said on the screen."""
import io
from pathlib import Path

from conftest import PROGRAM
from doubles.transcript import KEY, QUESTIONS, common_prefix, prefix_words, transcript


def test_a_transcript_has_steps_deltas_and_cost(request):
    out = io.StringIO()
    replies, decisions = transcript(PROGRAM, out)
    text = out.getvalue()
    folder = Path(PROGRAM).parent / "test-logs"
    folder.mkdir(exist_ok=True)
    (folder / "transcript.txt").write_text(text)
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{prefix_words(*decisions)} ({folder / 'transcript.txt'})")
    assert [reply["status"] for reply in replies] == ["answered"] * 2
    for step in ("vector_search", "load_metadata", "select_dataset", "generate_sql", "execute_query", "generate_response"):
        assert text.count(f"step_update  {step}: completed") == 2
    assert text.count("answer_delta") > 20 and text.count("in place of all") == 1 and "; $0.00" in text
    assert replies[0]["final_response"] == QUESTIONS[0][2]
    assert "612" not in replies[1]["final_response"] and "60" in replies[1]["final_response"]
    assert replies[0]["metadata"]["tokens"]["cache_written"] == replies[1]["metadata"]["tokens"]["cached"] > 0
    assert common_prefix(*decisions) > 0.95 * len(decisions[1])
    assert KEY not in text
