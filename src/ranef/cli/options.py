"""Arguments and options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ranef.errors import OptionError

__all__ = [
    "Center",
    "Data",
    "Formula",
    "Json",
    "MaximumLikelihood",
    "Offset",
    "Prior",
    "Weights",
    "prior_named",
    "with_centred",
]

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A CSV, TSV, Parquet, Arrow or Feather file, or a bundled data set: dataset:hsb.",
        show_default=False,
    ),
]
Formula = Annotated[
    str,
    typer.Argument(
        metavar="FORMULA",
        help='In quotes: "math ~ ses * sector + (ses | sch.id)".',
        show_default=False,
    ),
]
Weights = Annotated[
    str | None,
    typer.Option("--weights", metavar="COLUMN", help="Prior (precision) weights of the rows."),
]
Offset = Annotated[
    str | None,
    typer.Option("--offset", metavar="COLUMN", help="A known part of the prediction."),
]
Center = Annotated[
    list[str] | None,
    typer.Option(
        "--center",
        metavar="COLUMN:GROUP",
        help="Add COLUMN_within (the deviation from the mean of its group) and COLUMN_between "
        "(that mean) before the formula is read. May be repeated.",
        show_default=False,
    ),
]
MaximumLikelihood = Annotated[
    bool, typer.Option("--ml", help="Fit by maximum likelihood instead of REML.")
]
Prior = Annotated[
    str | None,
    typer.Option(
        "--prior",
        metavar="NAME",
        help="A prior of the random effects' covariances with its default parameters: wishart, "
        "gamma (terms of one effect) or lkj.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def with_centred(data: Any, wishes: Sequence[str] | None) -> Any:
    """`data` with the columns that ``--center`` asks for.

    Parameters
    ----------
    data : data frame
    wishes : sequence of str, optional
        ``"ses:sch.id"``; what follows the first colon is the grouping. A column whose name holds a
        colon stands between backticks.

    Raises
    ------
    OptionError
        A wish has no colon, or nothing on one side of it.
    """
    import ranef as rn

    for wish in wishes or ():
        found = re.fullmatch(r"\s*(`[^`]+`|[^:`]+):(.+)", wish)
        column, group = (part.strip() for part in found.groups()) if found else ("", "")
        if not column or not group:
            raise OptionError(
                "--center takes a column and its grouping factor with a colon between them",
                found=f"--center {wish}",
                fix="as in --center ses:sch.id",
            )
        data = rn.center(data, column.strip("`"), by=group, how="within")
    return data


def prior_named(name: str | None) -> Any:
    """The prior that ``--prior`` asks for, with its default parameters.

    Raises
    ------
    OptionError
        There is no prior of that name.
    """
    if name is None:
        return None
    import ranef as rn

    known = {"wishart": rn.priors.Wishart, "gamma": rn.priors.Gamma, "lkj": rn.priors.LKJ}
    if name.lower() not in known:
        raise OptionError(
            f"there is no prior named '{name}'",
            found=f"--prior {name}",
            fix=f"use one of {', '.join(known)}",
        )
    return known[name.lower()]()
