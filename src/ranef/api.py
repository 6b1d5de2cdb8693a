"""What a user calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.answers import refuse_unknown_options
from ranef.design import Design, build, check_columns, check_identifiable
from ranef.errors import DataError, RanefError
from ranef.fit import Fit
from ranef.formula import Formula, parse
from ranef.frame import Table, complete_rows, refuse_missing, take_rows
from ranef.frame.open import in_row_order, open_frame
from ranef.frame.read import read_open_frame
from ranef.options import boolean, instance, mapping, numbers, one_of, shown
from ranef.present.progress import progress, progress_bar
from ranef.problem.memory import out_of_memory
from ranef.solve import Control
from ranef.types import OFFSET, Array, Finding, MissingRows

if TYPE_CHECKING:
    import pandas as pd

    from ranef.present.table import ComparisonTable
    from ranef.prior import Assigned

__all__ = ["anova", "compare", "lmm"]

MOST_UNEQUAL = 1e15  # largest weight over smallest


@refuse_unknown_options("rn.lmm")
@progress("fitting the model")
def lmm(
    formula: str,
    data: Any,
    *,
    reml: bool = True,
    weights: str | Any = None,
    offset: str | Any = None,
    contrasts: Mapping[str, Any] | None = None,
    prior: Any = None,
    missing: Literal["drop", "raise"] = "drop",
    start: Any = None,
    control: Control | None = None,
) -> Fit:
    """Fit a linear mixed model.

    Parameters
    ----------
    formula : str
        lme4's formula language: ``"math ~ ses * sector + (ses | sch.id)"``.
    data : pandas, Polars, PyArrow, DuckDB relation, or mapping of columns
    reml : bool, default True
        Restricted maximum likelihood, or maximum likelihood.
    weights : str or array-like, optional
        Precision weights: the residual variance of a row is sigma^2 / weight. Like an offset they
        are in the order of the rows; a pandas series with the labels of the rows is put in order.
    offset : str or array-like, optional
        Known part of the mean, added to ``offset()`` terms of the formula. Predictions for new
        data read a named column there; an array belongs to the rows of this fit alone, and
        predictions for new data ask for another one.
    contrasts : mapping, optional
        ``{"f": "sum"}``; also ``"helmert"``, ``"poly"``, ``"treatment"`` or a labelled matrix.
        Treatment coding on the first level is the default for every category.
    prior : prior, sequence of priors, or mapping, optional
        ``rn.priors.Wishart()`` and the others: then the estimates are those with the largest
        penalised likelihood. A prior of covariances goes to every random-effects term, several
        multiply; a mapping gives them by grouping factor, and ``"fixed"``.
    missing : {"drop", "raise"}
        Rows where a variable of the model is missing are left out and recorded, or an error.
    start : array-like, shape (k,), optional
        Start values for theta, on the scale of ``Fit.theta``.
    control : Control, optional

    Returns
    -------
    Fit

    Raises
    ------
    FormulaError
        The formula cannot be read.
    UnknownColumnError
        A name is not a column.
    DataError, DesignError
        The data cannot be used, or cannot identify the model. ``error.findings`` holds what is
        worth knowing about them all the same, ``error.remedy`` the fit of a model without what
        they refuse.
    OptionError
        An argument has a value that is not accepted.

    References
    ----------
    Bates, Maechler, Bolker and Walker (2015), Fitting Linear Mixed-Effects Models Using lme4,
    Journal of Statistical Software 67(1).

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    >>> fit.fixef.round(1).to_dict(), round(fit.sigma, 2)
    ({'Intercept': 1527.5}, 49.51)
    """
    begun = perf_counter()
    what = f"unknown rule {shown(missing)} for missing values"
    one_of("missing", missing, ("drop", "raise"), what=what)
    boolean("reml", reml, fix="reml=False fits by ML")
    if contrasts is not None:
        example = 'use a dict, as in contrasts={"f": "sum"}'
        mapping("contrasts", contrasts, "contrasts are given by variable", example)
    if control is not None:
        instance("control", control, Control, "use ranef.Control(max_evaluations=...)")
    parsed = parse(formula)
    frame = open_frame(data)
    check_columns(parsed, frame.names, removed=True)
    names = list(parsed.variables())
    wanted = [*names]
    for name, argument in (("weights", weights), ("offset", offset)):
        if isinstance(argument, str) and argument not in wanted:
            frame.require((argument,), where=f"{name}='{argument}'")
            wanted.append(argument)
    table = read_open_frame(frame, wanted, control.threads if control else None)
    extra = {
        name: _row_values(name, in_row_order(argument, frame.index), table)
        for name, argument in (("weights", weights), ("offset", offset))
        if argument is not None
    }
    if missing == "raise":
        refuse_missing(table, names, extra)
    used, record = complete_rows(table, names, extra)
    left_out = None
    if len(record):
        left_out = take_rows(table, record.rows)
        extra = {name: np.delete(values, record.rows) for name, values in extra.items()}
    else:
        used = used.private()
    offset_name = offset if isinstance(offset, str) else None
    if offset is not None and offset_name is None:
        offset_name = OFFSET
        used = used.with_numbers(offset_name, extra["offset"])
    read = perf_counter()
    w = _checked_weights(extra.get("weights"))
    design = None
    try:
        design = build(parsed, used, contrasts, left_out=left_out)
        check_identifiable(design, w)
        total = _sum(design.offset, _finite("offset", extra.get("offset")))
        return Fit.of_design(
            parsed,
            used,
            design,
            record,
            reml=reml,
            weights=w,
            offset=total,
            offset_name=offset_name,
            left_out=left_out,
            index=frame.index,
            prior=_assigned(prior, design),
            control=control or Control(),
            start=None if start is None else _numbers("start values", start),
            seconds={"read": read - begun, "formula and design": perf_counter() - read},
        )
    except RanefError as error:
        again = partial(
            lmm, data=data, reml=reml, weights=weights, offset=offset, contrasts=contrasts,
            prior=prior, control=control,
        )  # fmt: skip
        error.explained_by(
            partial(_refused, parsed, used, record, design),
            partial(_simpler, parsed, used, design, w, again),
        )
        raise
    except MemoryError as error:
        raise out_of_memory(used.n_rows) from error


@refuse_unknown_options("rn.compare")
@progress("comparing the models")
def compare(
    *models: Fit | Sequence[Fit],
    labels: Sequence[str] | None = None,
    scale: Literal["variance", "sd"] = "variance",
    ic: Literal["ml", "as-fitted"] = "ml",
) -> ComparisonTable:
    """Models side by side in a publication table.

    Parameters
    ----------
    *models : Fit
        One after the other, or in a list.
    labels : sequence of str, optional
        Column headings; ``Model 1``, ``Model 2``, ... by default.
    scale : {"variance", "sd"}
        Random effects as variances and covariances, or as SDs and correlations.
    ic : {"ml", "as-fitted"}
        With ``"ml"``, models fitted by REML with different fixed parts are fitted once more by ML
        and their comparable criteria are shown too.

    Returns
    -------
    ComparisonTable
        ``str()`` is the text form; ``to_markdown``, ``to_html``, ``to_latex``, ``to_docx``,
        ``to_frame``.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> m1 = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    >>> m2 = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    >>> aic = rn.compare(m1, m2).to_frame().loc[("fit", "AIC")]
    >>> aic.xs("estimate", level="part").round(1).to_dict()
    {'Model 1': 1794.5, 'Model 2': 1755.6}
    """
    from ranef.present.table_build import build_table

    fits = _fits(models)
    one_of("ic", ic, ("ml", "as-fitted"))
    ml = None
    if ic == "ml" and any(model.reml for model in fits):
        ml = [model.with_reml(False) for model in fits]
    return build_table(fits, labels=labels, scale=scale, ic=ic, ml=ml)


@refuse_unknown_options("rn.anova")
def anova(
    *models: Fit | Sequence[Fit],
    method: Literal["lrt", "bootstrap", "exact"] = "lrt",
    n: int = 1000,
    seed: int | None = None,
) -> pd.DataFrame:
    """Likelihood ratio tests between nested models.

    Each model is tested against the next smaller one. All are of the same response, rows, weights
    and offset; the rows may stand in another order.

    Parameters
    ----------
    *models : Fit
        One after the other, or in a list; in any order.
    method : {"lrt", "bootstrap", "exact"}
        ``"lrt"``: the law of the ratio in large samples. A variance cannot be negative: where one
        is tested, the law is a mixture of chi-squares, and not chi-square with `df` degrees of
        freedom. ``"bootstrap"``: both models are fitted to `n` responses drawn from the smaller
        one. ``"exact"``: the law in samples of any size, for a single variance against none.
    n : int
        Replicates of the bootstrap.
    seed : int, optional
        The same seed gives the same p values of ``"bootstrap"`` and ``"exact"``.

    Returns
    -------
    DataFrame
        One row a model, the smallest first: npar, aic, bic, loglik, deviance (-2 loglik),
        statistic, df, p_value, law (in words). Where only bounds of the p value are known,
        `p_value` is the upper one and `law` gives both.

    Raises
    ------
    OptionError
        Fewer than two models; models of other data; models that are not nested; priors; another
        `method`, or one that does not apply.

    Warns
    -----
    UserWarning
        Models by REML whose fixed parts span different columns have been fitted again by ML; or
        the smaller model is singular, so that only bounds are known.

    References
    ----------
    Self and Liang (1987), Journal of the American Statistical Association 82, 605-610. Stram and
    Lee (1994), Biometrics 50, 1171-1177. Crainiceanu and Ruppert (2004), Journal of the Royal
    Statistical Society B 66, 165-185.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> m1 = rn.lmm("Reaction ~ Days + (Days || Subject)", data)
    >>> m2 = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    >>> table = rn.anova(m1, m2)
    >>> table[["npar", "statistic", "p_value"]].iloc[1].round(2).to_list(), table["law"].iloc[1]
    ([6.0, 0.04, 0.84], 'chi2(1)')
    """
    from ranef.fit.between import ratios_between
    from ranef.present.anova import models_frame

    fits = _fits(models, "rn.anova")
    one_of("method", method, ("lrt", "bootstrap", "exact"))
    # A bootstrap has a bar of its own.
    with progress("comparing the models") if method == "lrt" else nullcontext():
        found = ratios_between(fits, method, n, seed, progress_bar)._asdict()
    return models_frame(found.pop("formulas"), found)


def _fits(models: Sequence[Any], function: str = "rn.compare") -> list[Fit]:
    """The fits, given one after the other or in one list."""
    if len(models) == 1 and isinstance(models[0], (list, tuple)):
        models = models[0]
    example = f"as in {function}(m1, m2), with what rn.lmm returned"
    what = f"{function} compares fits"
    return [instance("models", model, Fit, example, what=what) for model in models]


def _refused(
    formula: Formula, table: Table, missing: MissingRows, design: Design | None
) -> tuple[Finding, ...]:
    from ranef.diagnose.refused import refused_findings

    return refused_findings(formula, table, missing, design)


def _simpler(
    formula: Formula,
    table: Table,
    design: Design | None,
    weights: Array | None,
    fit: Callable[[str], Fit],
) -> Fit | None:
    """The first simpler model that the data do not refuse too."""
    from ranef.diagnose.refused import simpler_formulas

    for text in simpler_formulas(formula, table, design, weights):
        try:
            return fit(text)
        except RanefError:
            continue
    return None


def _assigned(prior: Any, design: Design) -> Assigned | None:
    if prior is None:
        return None
    from ranef.prior import assign

    return assign(prior, design.terms, design.x_names)


def _row_values(name: str, argument: Any, table: Table) -> Array:
    """An argument that has one value per row: a column's name, or an array."""
    if isinstance(argument, str):
        column = table[argument]
        if column.kind != "number":
            raise DataError(
                f"the {name} are not numbers",
                where=f"column '{argument}'",
                found=f"a column of type {column.source_type}",
                fix="name a column of numbers",
            )
        return np.array(column.values, dtype=np.float64)
    return _numbers(name, argument)


def _numbers(name: str, argument: Any) -> Array:
    one_per_row = "give a column's name or one number per row"
    fix = "give an array of numbers" if name == "start values" else one_per_row
    return numbers(name, argument, what=f"the {name} are not numbers", fix=fix)


def _checked_weights(weights: Array | None) -> Array | None:
    if weights is None:
        return None
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights > 0.0)))
    if bad.size:
        raise DataError(
            "weights must be positive and finite",
            found=f"{bad.size} that are not, the first is {weights[bad[0]]:g} in row {bad[0]} "
            "(from 0, of the rows used)",
            fix="leave such rows out of the data",
        )
    ratio = float(weights.max() / weights.min())
    if not ratio < MOST_UNEQUAL:
        raise DataError(
            "the weights differ by too much for double precision",
            found=f"from {weights.min():.3g} to {weights.max():.3g}",
            fix="leave out the rows that count for nothing",
        )
    return np.ascontiguousarray(weights)


def _finite(name: str, values: Array | None) -> Array | None:
    if values is not None and not bool(np.all(np.isfinite(values))):
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise DataError(
            f"the {name} has infinite values",
            found=f"{values[row]} in row {row} (from 0, of the rows used)",
            fix="leave such rows out of the data",
        )
    return values


def _sum(a: Array | None, b: Array | None) -> Array | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b
