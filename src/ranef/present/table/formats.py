"""The formats that a table of models can be written in. A new one is a file and a line here.

The command ``ranef compare --format`` and :meth:`ComparisonTable.write` take every format of the
list, and the conformance tests run over it. ``markdown.py`` is a format to copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ranef.errors import OptionError
from ranef.present.table.docx import render_docx
from ranef.present.table.html import render_html
from ranef.present.table.latex import render_latex
from ranef.present.table.markdown import render_markdown
from ranef.present.table.record import TableRecord
from ranef.present.table.text import render_text
from ranef.present.table.typst import render_typst

__all__ = ["FORMATS", "Format", "format_of"]


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a table.

    Attributes
    ----------
    name : str
    ending : str
        Of files in this format, with the dot.
    render : callable
        From the record to text, or to bytes if the format is not text.
    is_text : bool
    """

    name: str
    ending: str
    render: Callable[[TableRecord], str | bytes]
    is_text: bool = True


FORMATS = (
    Format("text", ".txt", render_text),
    Format("markdown", ".md", render_markdown),
    Format("html", ".html", render_html),
    Format("latex", ".tex", render_latex),
    Format("typst", ".typ", render_typst),
    Format("docx", ".docx", render_docx, is_text=False),
)


def format_of(path: Path) -> Format:
    """The format that the ending of a file's name stands for.

    Raises
    ------
    OptionError
        It stands for none.
    """
    for known in FORMATS:
        if path.suffix.lower() == known.ending:
            return known
    raise OptionError(
        f"cannot tell the format of the table from the name {path.name!r}",
        found=f"the ending {path.suffix!r}" if path.suffix else "a name without an ending",
        fix=f"let the name end in {', '.join(known.ending for known in FORMATS)}",
    )
