"""A sign of life on the terminal while something takes long.

Everything that may take over two seconds runs within :func:`progress`, or within
:func:`progress_bar` where it can tell how far it is, or within :func:`progress_rows` where it can
tell how many rows it has read. Both write to standard error, and only if that
is a terminal: never into a file, a pipe or a notebook.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import Any, Protocol

__all__ = ["progress", "progress_bar", "progress_rows"]

DELAY = 2.0  # seconds of silence before anything appears

# There is one terminal. Who holds this writes to it; whatever runs within is silent.
_TERMINAL = Lock()

# What is on it, so that what runs within can say more.
_SHOWN: list[_Display] = []


class _Display(Protocol):
    def start(self) -> None: ...
    def say(self, text: str) -> None: ...
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

    def say(self, text: str) -> None:
        """Other words; none are the first ones again."""
        if self._status is not None:
            self._status.update(text or self._text)

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

    def say(self, text: str) -> None:
        """A bar keeps its words."""

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
def progress_rows(text: str) -> Iterator[Callable[[int], None]]:
    """Give a function to call with the rows read so far; they stand beside the moving sign.

    Within something that shows a sign already, that sign counts the rows.
    """
    with _shown(_Spinner(text)):
        display = _SHOWN[-1] if _SHOWN else None

        def tick(rows: int) -> None:
            if display is not None and rows:
                display.say(f"{text}: {rows:,} rows")

        try:
            yield tick
        finally:
            if display is not None:
                display.say("")


@contextmanager
def _shown(display: _Display) -> Iterator[None]:
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if not terminal or not _TERMINAL.acquire(blocking=False):
        yield
        return
    timer = Timer(DELAY, display.start)
    timer.daemon = True
    timer.start()
    _SHOWN.append(display)
    try:
        yield
    finally:
        _SHOWN.remove(display)
        timer.cancel()
        timer.join()
        display.stop()
        _TERMINAL.release()
