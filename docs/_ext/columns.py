"""Two blocks side by side: a program's lines on the left, ranef's on the right.

A page says ``<!-- side by side -->`` above the left block. Elsewhere the two stand one above the
other.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

BLOCK = r"```{}\n.*?^```$"
OUTPUT = r"(?:\s*^```(?:text|\{code-block\} text)\n.*?^```$)?"
PAIR = re.compile(
    r"^<!-- side by side -->\s*"
    + rf"(?P<left>{BLOCK.format('[a-z]+')}{OUTPUT})\s*"
    + rf"(?P<right>{BLOCK.format('python')}{OUTPUT})",
    flags=re.MULTILINE | re.DOTALL,
)


def setup(app: Sphinx) -> dict[str, Any]:
    # After the blocks have run, and before the page is parsed.
    app.connect("source-read", set_side_by_side, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def set_side_by_side(app: Sphinx, docname: str, content: list[str]) -> None:
    content[0] = PAIR.sub(grid, content[0])


def grid(pair: re.Match[str]) -> str:
    """Both blocks as the cells of a grid, one column on small screens."""
    left = pair["left"].replace("\n```text\n", "\n```{code-block} text\n:class: output\n\n")
    cells = "\n".join(f":::{{grid-item}}\n{cell}\n:::" for cell in (left, pair["right"]))
    return f"::::{{grid}} 1 1 2 2\n:gutter: 3\n:class-container: side-by-side\n\n{cells}\n::::"
