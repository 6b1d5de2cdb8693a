"""A sign of life on the terminal while something takes long.

Everything that may take over two seconds runs within :func:`progress`, or within
:func:`progress_bar` where it can tell how far it is. Both write to standard error, and only if that
is a terminal: never into a file, a pipe or a notebook.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import Any, Protocol

__all__ = ["progress", "progress_bar"]

DELAY = 2.0  # seconds of silence before anything appears

# There is one terminal. Who holds this writes to it; whatever runs within is silent.
_TERMINAL = Lock()


class _Display(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


class _Spinner:
    """A line with a moving sign. Nothing is imported before it appears."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._status: Any = None

    def start(self) -> None:
        from rich.console import Console

        self._status = Console(stderr=True).status(self._text)
        self._status.start()

    def stop(self) -> None:
        if self._status is not None:
            self._status.stop()


class _Bar:
    """A bar with the share that is done."""

    def __init__(self, text: str, total: int) -> None:
        self._text, self._total, self._done = text, total, 0
        self._bar: Any = None

    def start(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        bar = Progress(console=Console(stderr=True), transient=True)
        bar.add_task(self._text, total=self._total, completed=self._done)
        bar.start()
        self._bar = bar

    def tick(self, done: int) -> None:
        self._done = done
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show `text` with a moving sign once the block has run for two seconds."""
    with _shown(_Spinner(text)):
        yield


@contextmanager
def progress_bar(text: str, total: int) -> Iterator[Callable[[int], None]]:
    """Give a function to call with the number done; a bar appears after two seconds."""
    bar = _Bar(text, total)
    with _shown(bar):
        yield bar.tick


@contextmanager
def _shown(display: _Display) -> Iterator[None]:
    if not sys.stderr.isatty() or not _TERMINAL.acquire(blocking=False):
        yield
        return
    timer = Timer(DELAY, display.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        display.stop()
        _TERMINAL.release()
