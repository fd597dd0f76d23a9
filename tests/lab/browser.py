"""A headless Chromium, spoken to over two pipes in its own protocol (--remote-debugging-pipe). For tests of the page."""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAM = "chromium"
PHONE, DESKTOP = (390, 844, 2), (1280, 900, 1)  # width, height, device pixels of one


class BrowserError(Exception):
    """The page or the browser did not do what it was told."""


class Browser:
    """`with Browser(prefix) as browser`: one page; `prefix` goes before the command, to run it in a namespace. Keeps
    `asked`: every address that the page asked for, and `said`: errors that it logged."""

    def __init__(self, prefix=()):
        self.prefix = list(prefix)
        self.asked, self.said = [], []
        self._number = 0
        self._rest = b""
        self._answers = {}
        self._session = None

    def __enter__(self):
        self._folder = tempfile.mkdtemp()
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # The shell moves the pipes to 3 and 4, where Chromium looks for them.
        command = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self._process = subprocess.Popen(
            ["bash", "-c", command, "bash", *self.prefix, PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--disable-component-update",
             "--disable-background-networking", "--disable-sync", "--disable-default-apps", "--hide-scrollbars",
             f"--user-data-dir={self._folder}", "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(theirs_in, theirs_out),
            start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            self._attach()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self._process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _attach(self):
        targets = self._call("Target.getTargets", seconds=60)["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in "Page", "Network", "Runtime", "Log":
            self._call(f"{domain}.enable")

    def _call(self, method, seconds=20, **parameters):
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + seconds
        while number not in self._answers:
            self._hear(end - time.monotonic(), method)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']}")
        return answer["result"]

    def _hear(self, seconds, what):
        if seconds <= 0 or not select.select([self._in], [], [], seconds)[0]:
            raise BrowserError(f"the browser does not answer: {what}")
        got = os.read(self._in, 1 << 20)
        if not got:
            raise BrowserError(f"the browser ended: {what}")
        *messages, self._rest = (self._rest + got).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._answers[message["id"]] = message
            elif message["method"] == "Network.requestWillBeSent":
                self.asked.append(message["params"]["request"]["url"])
            elif message["method"] == "Runtime.exceptionThrown":
                self.said.append(message["params"]["exceptionDetails"].get("exception", {}).get("description", "an exception"))
            elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["source"] == "security":
                self.said.append(message["params"]["entry"]["text"])

    def size(self, shape):
        width, height, pixels = shape
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=pixels, mobile=width < 600)

    def scheme(self, name):
        """dark or light, as the user's system would prefer."""
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def open(self, address):
        self._call("Page.navigate", url=address)

    def value(self, script):
        """What a JavaScript expression is in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{script}: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    def wait_for(self, script, seconds=15):
        """Waits until a JavaScript expression is true."""
        end = time.monotonic() + seconds
        while not self.value(f"!!({script})"):
            if time.monotonic() > end:
                raise BrowserError(f"this did not come true: {script}\n" + str(self.value("document.body.innerText")))
            time.sleep(0.1)

    def photograph(self, path):
        """The whole page, not only what fits the window."""
        height = self.value("document.documentElement.scrollHeight")
        width = self.value("innerWidth")
        made = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                          clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(made["data"]))
