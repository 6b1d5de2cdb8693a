"""A progress bar on the terminal for work that can tell how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]

DELAY = 2.0  # seconds of silence before the bar appears


@contextmanager
def progress_bar(text: str, total: int) -> Iterator[Callable[[int], None]]:
    """Give a function to call with the number done; a bar appears after two seconds.

    It is written to standard error, and only where that is a terminal: never into a file, a pipe
    or a notebook.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(text, total=total)
    begin = time.monotonic()
    shown = False

    def tick(done: int) -> None:
        nonlocal shown
        if not shown and time.monotonic() - begin > DELAY:
            bar.start()
            shown = True
        if shown:
            bar.update(task, completed=done)

    try:
        yield tick
    finally:
        if shown:
            bar.stop()


def _nothing(done: int) -> None:
    """Nobody is watching."""
