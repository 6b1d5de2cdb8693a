"""``ranef fit``: one model, its summary and its certificate."""

from __future__ import annotations

from typing import Annotated

import typer

from ranef.cli.after import Anova, By, Ddf, Emmeans, Pairs, Vcov, asked_after
from ranef.cli.family import AskedFamily
from ranef.cli.options import (
    Center,
    Data,
    Exponentiate,
    Formula,
    Json,
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
from ranef.present.progress import progress

__all__ = ["fit"]


def fit(
    data: Data,
    formula: Formula,
    family: AskedFamily,
    reading: Reading,
    ml: MaximumLikelihood = False,
    center: Center = None,
    weights: Weights = None,
    offset: Offset = None,
    prior: Prior = None,
    residual: Residual = None,
    ddf: Ddf = None,
    vcov: Vcov = None,
    anova: Anova = None,
    emmeans: Emmeans = None,
    by: By = None,
    pairs: Pairs = False,
    exponentiate: Exponentiate = False,
    log: Annotated[
        bool,
        typer.Option(
            "--log", help="Print how the fit was found too: structure, steps of the search, time."
        ),
    ] = False,
    json: Json = False,
) -> int:
    """Fit one model and print its summary, and the tests and means asked for.

    The model is linear, or generalised with --family. The exit status is 0 if the optimum is
    certified and 3 if it is not.
    """
    family.check({"--ml": ml, "--residual": residual, "--vcov": vcov, "--ddf": ddf})
    after = asked_after(ddf, vcov, anova, emmeans, by, pairs, ml, family.family is not None)
    with progress(f"reading {data}"):
        time = residual_time(residual)
        frame = read(data, reading, [formula], center, family, weights, offset, time)
    with progress(f"fitting {formula}"):
        model = fitted(
            formula,
            frame,
            family,
            ml=ml,
            weights=weights,
            offset=offset,
            prior=prior_named(prior),
            residual=residual,
        )
        if json:
            from ranef.cli.record import fit_record, to_json

            text = to_json(
                fit_record(model, after.ddf, after.vcov, exponentiate) | after.records(model)
            )
        else:
            texts = [str(model.summary(after.ddf, after.vcov, exponentiate)), *after.texts(model)]
            if log:
                texts.append(str(model.log))
            text = "\n\n".join(texts)
    print(text)
    return OK if model.certificate.certified else NOT_CERTIFIED
