"""The documentation's pages as programs: their Python blocks run, and print what is written.

The blocks of one page run in order and share their names. A block of text that follows a block of
Python directly is its output: numbers in it are compared in the precision they are written in.
`tests/docs` runs every page in this way, and so does the build of the site, which also keeps the
pictures that the blocks draw.

    python -m tools.pages docs/means.md            say where outputs differ
    python -m tools.pages --write docs/means.md    write what the blocks print
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```(python|text)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
#: What the site shows in place of the text that is printed: `<!-- html: table -->`.
SHOWN = re.compile(r"<!-- html: (.+?) -->")
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?", flags=re.IGNORECASE)
#: Below this a number in scientific notation is rounding, and differs from machine to machine.
NIL = 1e-7


@dataclass(frozen=True, slots=True)
class Example:
    """A block of Python, where it stands, and the output written under it, if any.

    Attributes
    ----------
    line : int
        The line of the page on which the code starts.
    code : str
    output : str or None
    span : tuple of int
        Where the block, with its output, begins and ends in the text of the page.
    code_end : int
        Where the fence of the code ends.
    html : str or None
        An expression whose HTML the site shows in place of the output.
    """

    line: int
    code: str
    output: str | None
    span: tuple[int, int]
    code_end: int
    html: str | None


def examples(text: str) -> list[Example]:
    """The Python blocks of a page, in order."""
    found: list[Example] = []
    for match in FENCE.finditer(text):
        if match[1] == "python":
            line = text.count("\n", 0, match.start(2)) + 1
            span = match.span()
            found.append(Example(line, match[2], None, span, span[1], None))
        elif found and found[-1].output is None:
            between = text[found[-1].code_end : match.start()].strip()
            shown = SHOWN.fullmatch(between)
            if not between or shown:
                code = found[-1]
                span = (code.span[0], match.end())
                html = shown[1] if shown else None
                found[-1] = Example(code.line, code.code, match[2], span, code.code_end, html)
    return found


@dataclass(frozen=True, slots=True)
class Run:
    """What one block did: the text it printed, and the names as it left them."""

    example: Example
    printed: str
    names: dict[str, Any]
    before: dict[str, Any]

    @property
    def difference(self) -> str | None:
        """What is wrong with the output written on the page, if anything is."""
        written = self.example.output
        if written is None or same(self.printed, written):
            return None
        return f"the block on line {self.example.line} prints:\n{self.printed}"


def run(page: Path, text: str | None = None) -> Iterator[Run]:
    """Run the blocks of `page` in the current folder, one after the other.

    Parameters
    ----------
    page : Path
    text : str, optional
        Its text, if that is not read from the file.
    """
    names: dict[str, Any] = {"__name__": page.stem}
    for example in examples(page.read_text(encoding="utf-8") if text is None else text):
        before = dict(names)
        yield Run(example, execute(example, page, names), names, before)


def execute(example: Example, page: Path, names: dict[str, Any]) -> str:
    """Run one block with `names`, and return what it prints."""
    code = compile("\n" * (example.line - 1) + example.code, str(page), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code, names)
    return out.getvalue()


@contextlib.contextmanager
def settings(folder: Path) -> Iterator[None]:
    """In `folder`, with pages 100 columns wide and pictures that need no screen."""
    wanted = {"COLUMNS": "100", "MPLBACKEND": "agg"}
    old = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


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


def written(page: Path) -> str:
    """The text of a page with what its blocks print now."""
    text, pieces, end = page.read_text(encoding="utf-8"), [], 0
    for block in run(page):
        if block.difference:
            start = text.rindex("```text\n", 0, block.example.span[1])
            lines = [line.rstrip() for line in block.printed.strip("\n").splitlines()]
            pieces += [text[end:start], "\n".join(("```text", *lines, "```"))]
            end = block.example.span[1]
    return "".join(pieces) + text[end:]


def main(arguments: list[str]) -> int:
    """Run pages; with ``--write`` their outputs are written anew."""
    write = "--write" in arguments
    pages = [Path(name).resolve() for name in arguments if name != "--write"]
    wrong = failed = 0
    for page in pages:
        with tempfile.TemporaryDirectory() as folder, settings(Path(folder)):
            try:
                text = written(page)
            except Exception as error:
                failed += 1
                print(f"{page}: a block fails: {type(error).__name__}: {error}")
                continue
            if text != page.read_text(encoding="utf-8"):
                wrong += 1
                print(f"{page}: {'written anew' if write else 'other outputs'}")
                if write:
                    page.write_text(text, encoding="utf-8")
    return int(failed > 0 or (wrong > 0 and not write))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
