"""Code of another program, as a string that prints itself."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["Script", "wrapped_call"]

_WIDEST = 79


class Script(str):
    """Lines of code. It is a string; notebooks show it as code.

    Attributes
    ----------
    program : str
        Which program it is for.
    language : str
        Its language, as Markdown names it.
    """

    program: str
    language: str

    def __new__(cls, lines: Sequence[str], program: str, language: str) -> Script:
        made = super().__new__(cls, "\n".join(lines))
        made.program = program
        made.language = language
        return made

    def __getnewargs__(self) -> tuple[list[str], str, str]:  # type: ignore[override]
        return self.splitlines(), self.program, self.language

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre><code>{escape(self)}</code></pre>"

    def _repr_markdown_(self) -> str:
        return f"```{self.language}\n{self}\n```"


def wrapped_call(start: str, arguments: Sequence[str], end: str = ")", indent: int = 2) -> str:
    """A call in one line if it fits, else with one argument a line.

    >>> wrapped_call("f(", ["a", "b"])
    'f(a, b)'
    """
    line = start + ", ".join(arguments) + end
    if len(line) <= _WIDEST:
        return line
    gap = ",\n" + " " * indent
    return f"{start}\n{' ' * indent}{gap.join(arguments)}\n{end}"
