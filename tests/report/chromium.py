"""A browser without a window, spoken to through a pair of pipes: Chrome's DevTools protocol.

Messages are JSON with a null character after each. Nothing but the standard library is needed.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--remote-debugging-pipe"),
)
PATIENCE = 120.0  # seconds for one answer


def browser() -> str | None:
    """The program, if it is installed."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Tab:
    """A page in the browser."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def open(self) -> None:
        """Make a page and listen to it."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one command."""
        self._number += 1
        message: dict[str, Any] = {
            "id": self._number,
            "method": method,
            "params": parameters,
        }
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while True:
            answer = self._next(until)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            more = os.read(self._read, 1 << 20)
            if not more:
                raise EOFError("the browser has ended")
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def close(self) -> None:
        """End the browser."""
        self._session = None
        self.ask("Browser.close")

    def go(self, path: Path) -> None:
        """Show a file, and wait until all of it is there."""
        self.events.clear()
        self.ask("Page.navigate", url=path.as_uri())
        until = time.monotonic() + PATIENCE
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next(until))

    def run(self, code: str) -> Any:
        """The value of an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=code, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def size(self, width: int, height: int = 900) -> None:
        """The size of the window."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def scheme(self, name: str) -> None:
        """``"light"`` or ``"dark"``."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self.ask("Emulation.setEmulatedMedia", features=[feature])

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])

    def pdf(self) -> bytes:
        """The page on paper, in the size that it asks for."""
        answer = self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(answer["data"])

    def accessible(self) -> list[tuple[str, str]]:
        """Role and name of each node that assistive technology is told of."""
        nodes = self.ask("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]


@contextmanager
def open_tab(program: str, folder: Path) -> Iterator[Tab]:
    """A page of a browser that ends with the block."""
    from_us, to_it = map(_far, os.pipe())
    from_it, to_us = map(_far, os.pipe())
    command = [program, *OPTIONS, f"--user-data-dir={folder}"]
    nowhere = os.O_RDWR
    files = [
        *((os.POSIX_SPAWN_OPEN, k, os.devnull, nowhere, 0) for k in range(3)),
        (os.POSIX_SPAWN_DUP2, from_us, 3),  # what the browser reads
        (os.POSIX_SPAWN_DUP2, to_us, 4),  # what it writes
    ]
    process = os.posix_spawn(program, command, os.environ, file_actions=files)
    os.close(from_us)
    os.close(to_us)
    try:
        tab = Tab(from_it, to_it)
        tab.open()
        yield tab
        tab.close()
    finally:
        _end(process)
        os.close(from_it)
        os.close(to_it)


def _far(file: int) -> int:
    """The same file under a number that is not one of the browser's."""
    import fcntl

    copy = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 50)
    os.close(file)
    return copy


def _end(process: int) -> None:
    """Wait for the browser to end, and end it if it does not."""
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None:
            os.kill(process, number)
        until = time.monotonic() + 10.0
        while time.monotonic() < until:
            if os.waitpid(process, os.WNOHANG)[0]:
                return
            time.sleep(0.05)
