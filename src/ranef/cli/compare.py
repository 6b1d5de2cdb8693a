"""``ranef compare``: several models of the same data side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from ranef.cli.family import AskedFamily
from ranef.cli.options import (
    Center,
    Data,
    Exponentiate,
    MaximumLikelihood,
    Offset,
    Reading,
    Weights,
    models_of,
)
from ranef.cli.status import NOT_CERTIFIED, OK
from ranef.options import one_of
from ranef.present.progress import progress
from ranef.present.table.formats import FORMATS

__all__ = ["compare"]

_FORMATS = {known.name: known for known in FORMATS if known.is_text}


def compare(
    data: Data,
    formulas: Annotated[
        list[str],
        typer.Argument(
            metavar="FORMULA...", help="Two formulas or more, each in quotes.", show_default=False
        ),
    ],
    family: AskedFamily,
    reading: Reading,
    format: Annotated[
        str,
        typer.Option(
            "--format", metavar=f"[{'|'.join(_FORMATS)}]", help="The format of the table."
        ),
    ] = "text",
    ml: MaximumLikelihood = False,
    center: Center = None,
    weights: Weights = None,
    offset: Offset = None,
    exponentiate: Exponentiate = False,
) -> int:
    """Fit several models of one family and set them side by side.

    A linear model without a random part is fitted by least squares. The exit status is 0 where
    every optimum is certified and 3 where one is not.
    """
    import ranef as rn

    family.check({"--ml": ml})
    written = _FORMATS[one_of("--format", format, tuple(_FORMATS))]
    models = models_of(data, reading, formulas, center, family, ml, weights, offset)
    with progress("comparing"):
        table = rn.compare(*models, exponentiate=exponentiate)
        text = written.render(table)
    print(text)
    if format == "text":
        print()
        for label, formula in zip(table.labels, formulas, strict=True):
            print(f"{label}: {formula}")
    certified = all(model.certificate.certified for model in models)
    return OK if certified else NOT_CERTIFIED
