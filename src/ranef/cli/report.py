"""``ranef report``: one model, and all there is to say about it on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ranef.cli.family import AskedFamily
from ranef.cli.options import (
    Center,
    Data,
    Formula,
    MaximumLikelihood,
    Offset,
    Prior,
    Reading,
    Residual,
    Weights,
    fitted,
    prior_named,
    read,
    residual_time,
)
from ranef.cli.status import NOT_CERTIFIED, OK
from ranef.cli.table import pairs
from ranef.present.progress import progress

__all__ = ["report"]


def report(
    data: Data,
    formula: Formula,
    family: AskedFamily,
    reading: Reading,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The page; it ends in .html."),
    ] = Path("report.html"),
    title: Annotated[
        str | None,
        typer.Option("--title", help="The title of the page.", show_default=False),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label",
            metavar="NAME=WORDS",
            help="What readers call a variable: --label 'ses=Socio-economic status'. May be "
            "repeated.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="FORMULA",
            help="Another model of the same data that stands beside this one in the table. May be "
            "repeated.",
            show_default=False,
        ),
    ] = None,
    note: Annotated[
        list[str] | None,
        typer.Option(
            "--note",
            metavar="TEXT",
            help="A paragraph of your own below the verdict. May be repeated.",
            show_default=False,
        ),
    ] = None,
    complete: Annotated[
        bool,
        typer.Option("--complete", help="With what takes long on large data too."),
    ] = False,
    ml: MaximumLikelihood = False,
    center: Center = None,
    weights: Weights = None,
    offset: Offset = None,
    prior: Prior = None,
    residual: Residual = None,
) -> int:
    """Fit one model and write a page about it: estimates, pictures, checks, other models.

    The page is one HTML file that loads nothing. The exit status is 0 if the optimum is
    certified and 3 if it is not; the page is written in both cases.
    """
    from ranef.present.report.target import report_path

    report_path(output)
    family.check({"--ml": ml, "--residual": residual})
    labels = pairs("--label", label or ())
    formulas = [formula, *(against or ())]
    with progress(f"reading {data}"):
        time = residual_time(residual)
        frame = read(data, reading, formulas, center, family, weights, offset, time)
    models = []
    for k, text in enumerate(formulas):
        with progress(f"fitting {text}"):
            models.append(
                fitted(
                    text,
                    frame,
                    family,
                    ml=ml,
                    weights=weights,
                    offset=offset,
                    prior=prior_named(prior) if k == 0 else None,
                    residual=residual if k == 0 else None,
                )
            )
    model, others = models[0], models[1:]
    print(model.report(output, title, labels, others or None, note, complete=complete))
    return OK if model.certificate.certified else NOT_CERTIFIED
