"""Every code of a finding has its section in docs/findings.md, and every section its code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### ([\w-]+)\n(.*?)(?=^##|\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))


def codes() -> set[str]:
    """First argument of every ``Finding(...)`` in the source, by position or by name."""
    found = set()
    for file in (ROOT / "src" / "ranef").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                named = [k.value for k in node.keywords if k.arg == "code"]
                code = (node.args[:1] or named)[0]
                assert isinstance(code, ast.Constant), f"{file}: a code that is no plain text"
                found.add(str(code.value))
    return found


def test_codes_and_sections_are_the_same() -> None:
    assert set(SECTIONS) == codes()


@pytest.mark.parametrize("code", SECTIONS)
def test_a_section_says_when_it_matters_and_when_not(code: str) -> None:
    text = SECTIONS[code]
    assert "- **Matters**" in text
    # One of the two, and not both.
    assert ("- **Leave it alone**" in text) != ("- **Do not leave it.**" in text)
    # The last point holds the references: names with years, or a page of this documentation.
    last = text.strip().split("\n- ")[-1]
    assert re.search(r"\(\d{4}\)|as above", last), "references"


def test_tables_of_the_study_are_there() -> None:
    for name in ("planted", "clean"):
        block = re.search(f"<!-- begin {name} -->\n(.*?)<!-- end {name} -->", PAGE, re.DOTALL)
        assert block is not None
        assert "| 200 |" in block[1]
