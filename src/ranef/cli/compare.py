"""``ranef compare``: several models of the same data side by side."""

from __future__ import annotations

from pathlib import Path
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
from ranef.cli.table import AskedTable
from ranef.errors import OptionError
from ranef.options import one_of
from ranef.present.progress import progress
from ranef.present.table.formats import FORMATS, format_of
from ranef.present.table.options import table_options

__all__ = ["compare"]

_FORMATS = {known.name: known for known in FORMATS if known.is_text}


def compare(
    data: Data,
    formulas: Annotated[
        list[str],
        typer.Argument(
            metavar="FORMULA...", help="One formula or more, each in quotes.", show_default=False
        ),
    ],
    family: AskedFamily,
    table: AskedTable,
    reading: Reading,
    format: Annotated[
        str,
        typer.Option(
            "--format", metavar=f"[{'|'.join(_FORMATS)}]", help="The format of what is printed."
        ),
    ] = "text",
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the table to a file, in the format that its name ends in: "
            f"{', '.join(known.ending for known in FORMATS)}.",
            show_default=False,
        ),
    ] = None,
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

    family.check({"--ml": ml, "--vcov": table.vcov is not None})
    printed = _FORMATS[one_of("--format", format, tuple(_FORMATS))]
    target = None if output is None else _target(output)
    given = table.given(len(formulas))
    table_options(len(formulas), **given)  # refuses before anything is fitted
    models = models_of(data, reading, formulas, center, family, ml, weights, offset)
    with progress("comparing"):
        made = rn.compare(table.named(models), exponentiate=exponentiate, **given)
        text = printed.render(made) if target is None else f"{made.write(target)} holds the table"
    print(text)
    if format == "text":
        print()
        for label, formula in zip(made.labels, formulas, strict=True):
            print(f"{label}: {formula}")
    certified = all(model.certificate.certified for model in models)
    return OK if certified else NOT_CERTIFIED


def _target(name: str) -> Path:
    """The file to write, whose format and folder are known before anything is fitted.

    Raises
    ------
    OptionError
        An ending that no format has, or a folder that does not exist.
    """
    target = Path(name)
    format_of(target)
    if not target.parent.is_dir():
        raise OptionError(
            f"there is no folder {target.parent}",
            found=f"--output {name}",
            fix="make the folder, or name a file in another one",
        )
    return target
