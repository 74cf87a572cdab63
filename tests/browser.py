"""A headless Chromium, driven through a pipe by the DevTools protocol: no port, no driver, no download.

Imported by tests. What a page asks for, logs or throws is kept.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

from patience import PATIENCE_S

_FLAGS = (
    "--headless",
    "--no-sandbox",  # it is root in containers, and the page is ours
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# Chromium reads commands on 3 and writes on 4.
_PIPED = """\
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_ABOVE = 10


def found() -> str | None:
    """Where a Chromium is; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


class Browser:
    """A browser with one empty page; ends, and takes its profile along, when left."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._last = 0
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self._profile = tempfile.mkdtemp(prefix="runner-browser-")
        commands, self._write = (fcntl.fcntl(each, fcntl.F_DUPFD, _ABOVE) for each in self._pipe())
        self._read, answers = (fcntl.fcntl(each, fcntl.F_DUPFD, _ABOVE) for each in self._pipe())
        words = [self._program, *_FLAGS, f"--user-data-dir={self._profile}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PIPED, str(commands), str(answers), *words],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "HOME": self._profile},
        )
        os.close(commands)
        os.close(answers)
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        self._session: str | None = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def _pipe(self) -> tuple[int, int]:
        ends = os.pipe()
        self._plain = [*getattr(self, "_plain", []), *ends]
        return ends

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE_S)
        for end in (*self._plain, self._write):
            os.close(end)
        self._reader.join(PATIENCE_S)
        os.close(self._read)
        shutil.rmtree(self._profile, ignore_errors=True)

    def _listen(self) -> None:
        kept = b""
        while some := os.read(self._read, 1 << 16):
            *whole, kept = (kept + some).split(b"\0")
            for message in whole:
                self._answers.put(json.loads(message))

    def ask(self, method: str, **words: Any) -> dict[str, Any]:
        """What the browser answers to a command; events that come meanwhile are kept."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": words}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda said: said.get("id") == message["id"])
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _until(self, is_meant: Any) -> dict[str, Any]:
        while True:
            said = self._answers.get(timeout=PATIENCE_S)
            if "method" in said:
                self.events.append(said)
            if is_meant(said):
                return said

    def open(self, path: Path | str, *, width: int, scheme: str = "light") -> None:
        """Opens a file, or a URL, at a width (in px of CSS) and waits until it is loaded."""
        self.events.clear()
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.ask("Page.navigate", url=path if isinstance(path, str) else path.as_uri())
        if not self.seen("Page.loadEventFired"):
            self._until(lambda said: said.get("method") == "Page.loadEventFired")

    def seen(self, method: str) -> list[dict[str, Any]]:
        """What events of a kind said, since the page was opened."""
        return [event["params"] for event in self.events if event["method"] == method]

    def value(self, expression: str) -> Any:
        """What an expression in JavaScript gives in the page."""
        done = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"])
        return done["result"].get("value")

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        done = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(done["data"])

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.ask("Page.printToPDF", printBackground=False)["data"])
