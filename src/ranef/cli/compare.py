"""``ranef compare``: several models of the same data side by side."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from ranef.cli.options import Center, Data, MaximumLikelihood, Reading, models_of
from ranef.cli.run import NOT_CERTIFIED, OK
from ranef.present.progress import progress

__all__ = ["Format", "compare"]


class Format(StrEnum):
    """What the table is written in."""

    text = "text"
    markdown = "markdown"
    html = "html"
    latex = "latex"


def compare(
    data: Data,
    formulas: Annotated[
        list[str],
        typer.Argument(
            metavar="FORMULA...", help="Two formulas or more, each in quotes.", show_default=False
        ),
    ],
    reading: Reading,
    format: Annotated[
        Format, typer.Option("--format", help="What the table is written in.")
    ] = Format.text,
    ml: MaximumLikelihood = False,
    center: Center = None,
) -> int:
    """Fit several linear mixed models and set them side by side.

    A formula without a random part is fitted by least squares. The exit status is 0 where every
    optimum is certified and 3 where one is not.
    """
    import ranef as rn

    models = models_of(data, reading, formulas, center, ml)
    with progress("comparing"):
        table = rn.compare(*models)
        text = _written(table, format)
    print(text)
    if format is Format.text:
        print()
        for label, formula in zip(table.labels, formulas, strict=True):
            print(f"{label}: {formula}")
    certified = all(model.certificate.certified for model in models)
    return OK if certified else NOT_CERTIFIED


def _written(table: Any, format: Format) -> str:
    match format:
        case Format.text:
            return str(table)
        case Format.markdown:
            return str(table.to_markdown())
        case Format.html:
            return str(table.to_html())
        case Format.latex:
            return str(table.to_latex())
