"""Tables of studies in the documentation pages."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["replace_block"]


def replace_block(page: Path, name: str, text: str) -> None:
    """Put `text` between the markers ``<!-- begin name -->`` and ``<!-- end name -->``."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    old = page.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(old):
        raise ValueError(f"{page} has no block '{name}'")
    page.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", old), encoding="utf-8")
