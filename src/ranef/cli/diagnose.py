"""``ranef diagnose``: what is worth knowing about a fit, and a ladder of remedies."""

from __future__ import annotations

from typing import Annotated

import typer

from ranef.cli.data import read_data
from ranef.cli.options import Center, Data, Json, MaximumLikelihood, with_centred
from ranef.cli.progress import progress
from ranef.cli.run import NOT_CERTIFIED, OK

__all__ = ["diagnose"]


def diagnose(
    data: Data,
    formula: Annotated[
        str,
        typer.Argument(
            metavar="FORMULA",
            help='In quotes: "math ~ ses * sector + (ses | sch.id)".',
            show_default=False,
        ),
    ],
    ml: MaximumLikelihood = False,
    center: Center = None,
    weights: Annotated[
        str | None,
        typer.Option("--weights", metavar="COLUMN", help="Prior (precision) weights of the rows."),
    ] = None,
    offset: Annotated[
        str | None,
        typer.Option("--offset", metavar="COLUMN", help="A known part of the prediction."),
    ] = None,
    json: Json = False,
) -> int:
    """Fit a linear mixed model, say what is worth knowing and try the remedies.

    The exit status is 0 where the optimum of the model asked for is certified and 3 where it is
    not.
    """
    import ranef as rn

    with progress(f"reading {data}"):
        frame = with_centred(read_data(data), center)
    with progress(f"fitting {formula}"):
        model = rn.lmm(formula, frame, reml=not ml, weights=weights, offset=offset)
    with progress("fitting the rungs of the ladder"):
        diagnosis = model.diagnose()
    print(diagnosis.to_json() if json else diagnosis)
    return OK if model.certificate.certified else NOT_CERTIFIED
