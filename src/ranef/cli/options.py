"""Arguments and options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from ranef.cli.cells import Reading
from ranef.cli.data import names_data, read_data, several_files
from ranef.cli.family import AskedFamily
from ranef.errors import FormulaError, OptionError
from ranef.present.progress import progress

__all__ = [
    "Center",
    "Data",
    "Exponentiate",
    "Formula",
    "Json",
    "MaximumLikelihood",
    "Offset",
    "Prior",
    "Reading",
    "Residual",
    "Weights",
    "fitted",
    "models_of",
    "prior_named",
    "read",
    "residual_time",
]

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A CSV, TSV, Parquet, Arrow or Feather file; a pattern of files that are not read "
        'into memory, "d/*.parquet"; a file of ranef moments; or a bundled data set: dataset:hsb.',
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
    typer.Option(
        "--weights",
        metavar="COLUMN",
        help="Precision weights of the rows; the numbers of trials if the response is a proportion "
        "of a binomial family.",
        show_default=False,
    ),
]
Offset = Annotated[
    str | None,
    typer.Option(
        "--offset",
        metavar="COLUMN",
        help="A known part of the linear prediction; of counts the logarithm of the exposure.",
        show_default=False,
    ),
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
Residual = Annotated[
    str | None,
    typer.Option(
        "--residual",
        metavar="STRUCTURE",
        help="A structure of the residuals: 'strata(f)', a variance for each level of f, or "
        "'ar1(time | g)', correlations in time within the levels of g.",
        show_default=False,
    ),
]
Exponentiate = Annotated[
    bool,
    typer.Option(
        "--exponentiate",
        help="Show exp of the coefficients: odds ratios, rate ratios, or ratios of a response "
        "log(y).",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def read(
    data: str,
    reading: Reading,
    formulas: Sequence[str],
    center: Sequence[str] | None,
    family: AskedFamily,
    *columns: str | None,
    baselines: bool = False,
) -> Any:
    """The data of a command that fits models, with the columns that ``--center`` asks for.

    Parameters
    ----------
    data : str
    reading : Reading
    formulas : sequence of str
    center : sequence of str, optional
    family : AskedFamily
        Its formulas name columns too.
    *columns : str or None
        Further columns that are used as numbers.
    baselines : bool
        Whether formulas without a random part are welcome.

    Raises
    ------
    OptionError
        A formula is the name of a file.
    """
    from ranef.formula import parse
    from ranef.formula.plain import plain_names

    files = [data, *filter(names_data, formulas)]
    if len(files) > 1:
        raise several_files(files)
    numbers = {column for column in columns if column}
    numbers |= {wish.partition(":")[0].strip() for wish in center or ()}
    for formula in formulas:
        random = not baselines or _has_random_part(formula)
        numbers |= set(plain_names(parse(formula, random=random)))
    for part in family.formulas:
        numbers |= set(plain_names(part))
    return with_centred(read_data(data, replace(reading, numbers=frozenset(numbers))), center)


def models_of(
    source: str,
    reading: Reading,
    formulas: Sequence[str],
    center: Sequence[str] | None,
    family: AskedFamily,
    ml: bool,
    weights: str | None,
    offset: str | None,
) -> list[Any]:
    """Fits of the formulas to a file; linear ones without a random part by least squares."""
    with progress(f"reading {source}"):
        baselines = family.family is None
        columns = (weights, offset)
        frame = read(source, reading, formulas, center, family, *columns, baselines=baselines)
    models = []
    for formula in formulas:
        with progress(f"fitting {formula}"):
            models.append(fitted(formula, frame, family, ml=ml, weights=weights, offset=offset))
    return models


def fitted(formula: str, frame: Any, family: AskedFamily, *, ml: bool = False, **given: Any) -> Any:
    """A model of the kind that was asked for.

    Parameters
    ----------
    formula : str
    frame : data frame
    family : AskedFamily
    ml : bool
        Of a linear model.
    **given : object
        Further arguments of ``rn.lmm`` or ``rn.glmm``; those that are None are left out.
    """
    import ranef as rn

    options = {name: value for name, value in given.items() if value is not None}
    if family.family is not None:
        return rn.glmm(formula, frame, **family.options, **options)
    fit = rn.lmm if _has_random_part(formula) else rn.lm
    return fit(formula, frame, reml=not ml, **options)


def _has_random_part(formula: str) -> bool:
    from ranef.formula import parse

    try:
        return bool(parse(formula).bars)
    except FormulaError as error:
        if error.what != "no random part":
            raise
        return False


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
    from ranef.streams import is_streamed

    if wishes and is_streamed(data):
        raise OptionError(
            "--center needs the rows in memory",
            found=f"--center {wishes[0]}",
            fix="write within() and between() in the formula, as in within(ses, sch.id)",
        )
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


def residual_time(text: str | None) -> str | None:
    """The column that ``--residual`` takes as a number, if there is one.

    Raises
    ------
    FormulaError
        The text is no structure.
    """
    if text is None:
        return None
    from ranef.residual import parse_residual

    spec = parse_residual(text)
    return spec.variables[0].name if spec.group else None
