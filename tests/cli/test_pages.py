"""Commands in the documentation print what stands under them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
BLOCK = re.compile(
    r"^```sh\n(ranef (?:[^`]|`(?!``))*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
SHOWN = [(page.name, *match) for page in PAGES for match in BLOCK.findall(page.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "command", "text"), SHOWN, ids=[page for page, *_ in SHOWN])
def test_a_command_prints_what_is_written(ranef, page: str, command: str, text: str) -> None:
    _, *arguments = shlex.split(command.replace("\\\n", " "))
    run = ranef(*arguments)
    assert (run.status, run.out, run.err) == (0, text, ""), page


def test_there_are_such_blocks() -> None:
    assert "command-line.md" in {page for page, *_ in SHOWN}
