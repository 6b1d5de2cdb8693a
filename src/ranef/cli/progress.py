"""A line on the terminal while something takes long."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["progress"]

_DELAY = 2.0
"""Seconds of silence before the line appears."""


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show `text` with a moving sign once the block has run for two seconds.

    It is written to standard error, and only where that is a terminal, so that nothing of it
    ends in a file or a pipe.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    from threading import Timer

    from rich.console import Console

    status = Console(stderr=True).status(text)
    timer = Timer(_DELAY, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
