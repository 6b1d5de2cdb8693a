"""``ranef anova``: likelihood ratio tests between nested models of the same data."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ranef.cli.family import AskedFamily
from ranef.cli.options import (
    Center,
    Data,
    Json,
    MaximumLikelihood,
    Offset,
    Reading,
    Weights,
    models_of,
)
from ranef.cli.status import NOT_CERTIFIED, OK
from ranef.errors import OptionError

__all__ = ["Law", "anova"]


class Law(StrEnum):
    """Where the law of the ratio comes from."""

    lrt = "lrt"
    bootstrap = "bootstrap"
    exact = "exact"


def anova(
    data: Data,
    formulas: Annotated[
        list[str],
        typer.Argument(
            metavar="FORMULA...",
            help="Two formulas or more, each in quotes, in any order.",
            show_default=False,
        ),
    ],
    family: AskedFamily,
    reading: Reading,
    method: Annotated[
        Law,
        typer.Option(
            "--method",
            help="The law in large samples; the ratios of replicates drawn from the smaller model; "
            "or the exact law, for a single variance against none.",
        ),
    ] = Law.lrt,
    n: Annotated[
        int | None,
        typer.Option("--n", metavar="COUNT", help="Replicates of the bootstrap: 1000."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="NUMBER", help="The same seed gives the same p values."),
    ] = None,
    ml: MaximumLikelihood = False,
    center: Center = None,
    weights: Weights = None,
    offset: Offset = None,
    json: Json = False,
) -> int:
    """Fit nested models and test each against the next smaller one.

    A linear model without a random part is fitted by least squares. If fixed parts differ, models
    by REML are fitted again by maximum likelihood. The exit status is 0 where every optimum is
    certified and 3 where one is not.
    """
    import ranef as rn

    family.check({"--ml": ml})
    _check_replicates(method, n, seed)
    models = models_of(data, reading, formulas, center, family, ml, weights, offset)
    replicates = {} if n is None else {"n": n}
    tests = rn.anova(models, method=method.value, seed=seed, **replicates)
    if json:
        from ranef.cli.record import models_record, to_json

        verdicts = {model.formula: model.certificate.verdict for model in models}
        print(to_json(models_record(tests, verdicts, method.value)))
    else:
        from ranef.present.results.tests_text import models_text

        print(models_text(tests))
    certified = all(model.certificate.certified for model in models)
    return OK if certified else NOT_CERTIFIED


def _check_replicates(method: Law, n: int | None, seed: int | None) -> None:
    """Options that would do nothing are refused."""
    if n is not None and method is not Law.bootstrap:
        option, fix = f"--n {n}", "--method bootstrap takes replicates"
    elif seed is not None and method is Law.lrt:
        option, fix = f"--seed {seed}", "--method bootstrap and --method exact draw at random"
    else:
        return
    raise OptionError(
        f"{option.split()[0]} does nothing with --method {method.value}", found=option, fix=fix
    )
