"""The documentation: every Python block runs, and prints what stands under it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools.pages import examples, main, run, same, settings

ROOT = Path(__file__).parents[2]
SITE = sorted(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *SITE]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_examples_print_what_is_written(page: Path, tmp_path: Path) -> None:
    with settings(tmp_path):
        for block in run(page):
            assert block.difference is None, block.difference


def test_text_fences_are_balanced() -> None:
    for page in PAGES:
        fences = re.findall(r"^```(.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert [bool(opening) for opening in fences] == [True, False] * (len(fences) // 2), page


def test_output_belongs_to_the_block_above_it() -> None:
    page = "```python\na\n```\n\n```text\nA\n```\n\nwords\n\n```text\nB\n```\n"
    (only,) = examples(page)
    assert (only.line, only.code, only.output, only.html) == (2, "a\n", "A\n", None)
    assert page[slice(*only.span)].endswith("A\n```")


def test_html_may_stand_for_the_output() -> None:
    page = "```python\na\n```\n\n<!-- html: table -->\n\n```text\nA\n```\n"
    (only,) = examples(page)
    assert (only.output, only.html) == ("A\n", "table")


@pytest.mark.parametrize(
    ("printed", "written"),
    [("x 1.234", "x 1.235"), ("a  1\n", "a 1"), ("1e-12 left", "3e-11 left"), ("2.0e-5", "1.9e-5")],
)
def test_comparison_accepts(printed: str, written: str) -> None:
    assert same(printed, written)


@pytest.mark.parametrize(
    ("printed", "written"),
    [("x 1.234", "x 1.24"), ("a 1", "a 2"), ("a 1", "b 1"), ("7,185", "7,186"), ("1e-3", "3e-11")],
)
def test_comparison_refuses(printed: str, written: str) -> None:
    assert not same(printed, written)


def test_outputs_are_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1)\n```\n\n```text\n2\n```\n\nend\n\n```text\nkept\n```\n")
    assert main([str(page)]) == 1
    assert main(["--write", str(page)]) == 0
    assert page.read_text().startswith("```python\nprint(1)\n```\n\n```text\n1\n```\n\nend\n")
    assert "kept" in page.read_text()
    assert main([str(page)]) == 0
    page.write_text("```python\nnothing\n```\n")
    assert main(["--write", str(page)]) == 1
