"""Stored texts: ``python -m tests.paper.pages`` writes them anew. Read what has changed."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FILE", "page"]

FILE = Path(__file__).parent / "pages.txt"
MARK = "=== "


def page(name: str) -> str:
    """One of the texts."""
    pages = FILE.read_text(encoding="utf-8").split(f"\n{MARK}")
    found = {p.partition("\n")[0].removeprefix(MARK): p.partition("\n")[2] for p in pages}
    return found[name].rstrip("\n")
