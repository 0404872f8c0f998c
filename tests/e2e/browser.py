# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven by the DevTools protocol over a pipe: no driver program, no package.

    with Browser(folder) as browser:
        page = browser.open(url)
        page.wait_for("document.querySelector('h2')")
        assert page.evaluate("document.title") == "..." and not page.complaints

`complaints` are console errors, exceptions and what the Content-Security-Policy stopped; `requests` the addresses that
the page asked for.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import time

PROGRAM = shutil.which("chromium")
PATIENCE_S = 60


class Browser:
    def __init__(self, folder):
        self.folder = folder
        self.buffer, self.number = b"", 0
        self.pages = {}

    def __enter__(self):
        # The browser reads from its descriptor 3 and writes to 4; each message ends with NUL.
        read_end, self.commands = os.pipe()
        self.replies, write_end = os.pipe()
        assert PROGRAM, "there is no chromium: tools/setup/setup.sh test installs it"
        command = [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--remote-debugging-pipe", f"--user-data-dir={self.folder}", "--window-size=1280,1600", "about:blank"]
        os.set_inheritable(read_end, True), os.set_inheritable(write_end, True)
        script = f'exec 3<&{read_end} 4>&{write_end}; exec "$@"'
        with open(os.path.join(self.folder, "chromium.log"), "wb") as log:
            self.process = subprocess.Popen(["bash", "-c", script, "bash", *command], pass_fds=[read_end, write_end],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        os.close(read_end), os.close(write_end)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.commands), os.close(self.replies)

    def message(self, until):
        while b"\0" not in self.buffer:
            left = until - time.monotonic()
            ready, _, _ = select.select([self.replies], [], [], max(left, 0))
            assert ready, "the browser says nothing"
            part = os.read(self.replies, 1 << 20)
            assert part, "the browser has ended"
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        until = time.monotonic() + PATIENCE_S
        while True:
            message = self.message(until)
            if message.get("id") == self.number:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            if page := self.pages.get(message.get("sessionId")):
                page.hear(message["method"], message["params"])

    def open(self, url):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call("Page.navigate", url=url)
        return page


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session
        self.complaints, self.requests = [], []

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def hear(self, method, event):
        if method == "Network.requestWillBeSent":
            self.requests.append(event["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(event["exceptionDetails"].get("exception", event["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "assert"):
            self.complaints.append([argument.get("value", argument.get("description")) for argument in event["args"]])
        elif method == "Log.entryAdded" and event["entry"]["level"] == "error":
            self.complaints.append(event["entry"]["text"])

    def evaluate(self, expression):
        """The value of an expression, as JSON has it; promises are waited for."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, expression, seconds=PATIENCE_S):
        until = time.monotonic() + seconds
        while not (value := self.evaluate(f"!!({expression})")):
            assert time.monotonic() < until, f"in vain: {expression}\n{self.complaints}"
            time.sleep(0.05)
        return value

    def click(self, selector):
        self.wait_for(f"document.querySelector({json.dumps(selector)})")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))
