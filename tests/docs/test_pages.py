"""The documentation: every Python block runs, and prints what stands under it."""

from __future__ import annotations

import contextlib
import io
import math
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

FENCE = re.compile(r"^```(python|text)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?", flags=re.IGNORECASE)
#: Below this a number in scientific notation is rounding, and differs from machine to machine.
NIL = 1e-7


@dataclass(frozen=True)
class Example:
    """A block of Python, the line it starts on, and the output written under it, if any."""

    line: int
    code: str
    output: str | None


def examples(text: str) -> list[Example]:
    found: list[Example] = []
    end = -1
    for match in FENCE.finditer(text):
        if match[1] == "python":
            found.append(Example(text.count("\n", 0, match.start(2)) + 1, match[2], None))
        elif found and found[-1].output is None and not text[end : match.start()].strip():
            found[-1] = Example(found[-1].line, found[-1].code, match[2])
        end = match.end()
    return found


def same(printed: str, written: str) -> bool:
    """Equal but for white space, with numbers equal to the precision they are written in."""
    if _words(printed) != _words(written):
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(written), strict=True)
    return all(_close(a, b) for a, b in pairs)


def _words(text: str) -> str:
    return " ".join(NUMBER.sub("#", text).split())


def _close(a: str, b: str) -> bool:
    x, y = (float(text.replace(",", "")) for text in (a, b))
    if "e" in b.lower() and max(abs(x), abs(y)) < NIL:
        return True
    places = _places(b)
    if places <= 0 and "e" not in b.lower():
        return x == y
    # A number cut to fewer places is off by half a unit, one that falls between two by one.
    units = 0.51 if _places(a) > places else 1.01
    return math.isclose(x, y, rel_tol=1e-12, abs_tol=units * 10.0**-places)


def _places(number: str) -> int:
    mantissa, _, exponent = number.lower().partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_print_what_is_written(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names: dict[str, object] = {"__name__": page.stem}
    for example in examples(page.read_text(encoding="utf-8")):
        code = compile("\n" * (example.line - 1) + example.code, str(page), "exec")
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(code, names)
        if example.output is not None:
            printed = out.getvalue()
            assert same(printed, example.output), f"line {example.line} prints:\n{printed}"


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\]\(([\w-]+\.md)\)", index))
    pages = {page.name for page in PAGES if page.parent == ROOT / "docs"} - {"index.md"}
    assert named == pages, "docs/index.md and the files in docs/ differ"


def test_text_fences_are_balanced() -> None:
    for page in PAGES:
        fences = re.findall(r"^```(\w*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert [bool(opening) for opening in fences] == [True, False] * (len(fences) // 2), page


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
