# SPDX-License-Identifier: Apache-2.0
"""Many cases of something that goes wrong, several at a time since they wait rather than work, and a table of them at the end."""
import concurrent.futures
import contextlib

from conftest import ROOT


@contextlib.contextmanager
def running(request, run, at_a_time, name, heading, line):
    """str(case) -> the future of run(case), for all cases of the module that were asked for; they begin at once. At the end
    what came of each, by line(case, *result), goes to the screen and to NAME.txt among the logs."""
    wanted = [item.callspec.params["case"] for item in request.session.items
              if item.path == request.path and hasattr(item, "callspec")]
    with concurrent.futures.ThreadPoolExecutor(at_a_time) as pool:
        futures = {str(case): pool.submit(run, case) for case in wanted}
        yield futures
    ended = [(case, futures[str(case)]) for case in wanted]
    table = "\n".join([heading] + [line(case, *future.result()) for case, future in ended if not future.exception()])
    logs = ROOT / "build/test-logs"
    logs.mkdir(parents=True, exist_ok=True)
    (logs / f"{name}.txt").write_text(table + "\n")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\n" + table)
