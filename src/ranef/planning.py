"""The power of a study that is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.answers import refuse_unknown_options
from ranef.design import Design, build, check_columns, check_identifiable
from ranef.errors import DataError, OptionError
from ranef.fit import Fit
from ranef.formula import Formula, parse
from ranef.formula.nodes import Name
from ranef.frame import refuse_missing
from ranef.frame.open import open_frame
from ranef.frame.read import read_open_frame
from ranef.inference.ddf import NAMES
from ranef.inference.power import (
    Assumed,
    TermPower,
    approximate_power,
    assumed,
    balanced_columns,
    simulated_power,
)
from ranef.inference.simulate import draw_key
from ranef.options import one_of, real, shown, whole
from ranef.present.progress import progress_bar
from ranef.problem import Problem, make_problem
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.present.results.power import Power

__all__ = ["power"]


@refuse_unknown_options("rn.power")
def power(
    formula: str,
    design: Any,
    effects: Any,
    variances: Any,
    n_groups: Any = None,
    per_group: Any = None,
    *,
    method: Literal["simulation", "approximate"] = "simulation",
    n: int = 1000,
    alpha: float = 0.05,
    ddf: str = "auto",
    seed: int | None = None,
) -> Power:
    """The probability that a planned study finds the effects it is planned for.

    Parameters
    ----------
    formula : str
        The model that will be fitted, by REML: ``"y ~ x * arm + (x | school)"``.
    design : mapping, callable or data frame
        How the predictors vary. A mapping describes a balanced design: ``{"x": "within", "w":
        "between"}`` are numbers with mean 0 and standard deviation 1, evenly spaced within each
        group or over the groups; ``("within", [0, 1, 2])`` and ``("between", ["control",
        "treated"])`` take the values in turn, a list alone between groups. A callable is given
        the number of groups and the rows in each, and returns a data frame with all predictors
        and grouping factors, for any other design. A data frame is one such design.
    effects : mapping of str to float
        The coefficients as they are assumed to be, by the names of :attr:`Fit.fixef`; those not
        named are zero. The power of each of them but the intercept's is reported.
    variances : mapping, or Fit
        By grouping factor, and ``"Residual"``: a number is the variance of its only random effect;
        a mapping has the variance of each, ``{"Intercept": 0.2, "x": 0.1, "cor__Intercept.x":
        0.3}``, or its standard deviation as ``"sd__x"``; a matrix is their covariance. Structures
        have parameters of their own, ``{"sd": 0.5, "cor": 0.3}`` for ``ar1(...)``, by the names of
        :attr:`Fit.vcov_full`. A fit, of a pilot study with the same random part, gives all of them.
    n_groups, per_group : int, or list of int
        Sizes, combined each with each; not with a data frame. The callable may ignore `per_group`.
    method : {"simulation", "approximate"}
        ``"simulation"`` draws responses, fits the model to each and tests as
        :meth:`Fit.coefficients` does. ``"approximate"`` uses the noncentral t distribution with
        Satterthwaite's degrees of freedom at the assumed variances: exact in balanced designs if
        variances are not estimated as zero.
    n : int
        Replicates of each design.
    alpha : float
        Level of the two-sided tests.
    ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
        Degrees of freedom, as in :meth:`Fit.coefficients`.
    seed : int, optional
        The same seed gives the same answer.

    Returns
    -------
    Power
        ``frame``: one row a design and coefficient, with columns design, n_groups, per_group, rows,
        term, effect, power, mc_error (Monte Carlo standard error), std_error and df (medians),
        boundary (share of fits with a singular covariance matrix), failed; prints as a table;
        ``plot()`` draws power curves.

    Raises
    ------
    OptionError
        An argument cannot be read, or does not belong to the model.
    DesignError
        The design does not identify the model.

    References
    ----------
    Raudenbush and Liu (2000), Statistical power and optimal design for multisite randomized trials,
    Psychological Methods 5, 199-213. Green and MacLeod (2016), SIMR: an R package for power
    analysis of generalized linear mixed models by simulation, Methods in Ecology and Evolution 7,
    493-498.

    Examples
    --------
    >>> import ranef as rn
    >>> found = rn.power(
    ...     "y ~ x * arm + (x | school)",
    ...     {"x": "within", "arm": ["control", "treated"]},
    ...     effects={"x:arm[T.treated]": 0.4},
    ...     variances={"school": {"Intercept": 0.3, "x": 0.05}, "Residual": 1.0},
    ...     n_groups=[10, 20, 30],
    ...     per_group=20,
    ...     method="approximate",
    ... )
    >>> found.frame[["n_groups", "power", "df"]].round(2)
       n_groups  power    df
    0        10   0.42   8.0
    1        20   0.76  18.0
    2        30   0.92  28.0
    """
    one_of("method", method, ("simulation", "approximate"))
    one_of("ddf", ddf, NAMES, what=f"unknown method {shown(ddf)} for degrees of freedom")
    alpha = real("alpha", alpha, above=0.0, below=1.0, fix="alpha=0.05")
    n = whole("n", n, of="the number of replicates")
    key = draw_key(seed)
    parsed = parse(formula)
    response = _response(parsed)
    shapes = _shapes(design, n_groups, per_group)
    from ranef.present.results.power import Size, power_record

    results: list[tuple[Size, tuple[TermPower, ...]]] = []
    with progress_bar("power", n * len(shapes)) as tick:
        for k, (groups, rows) in enumerate(shapes):
            frame = _frame(parsed, design, groups, rows)
            made, problem, truth = _planned(parsed, response, frame, effects, variances)
            if method == "approximate":
                found = approximate_power(problem, truth, alpha, ddf)
            else:
                found = simulated_power(
                    problem, made, made.offset, truth, n, alpha, ddf, key, _after(tick, k * n)
                )
            counts = [term.n_levels for term in made.terms]
            size = Size(groups or min(counts), rows or made.n / min(counts), made.n)
            results.append((size, found))
    return power_record(formula, method, n, alpha, ddf, results)


def _after(tick: Callable[[int], None], before: int) -> Callable[[int], None]:
    return lambda done: tick(before + done)


def _response(formula: Formula) -> str:
    if not isinstance(formula.response, Name):
        raise OptionError(
            "the response of a planned study is a plain name",
            found=f"the formula {formula.text}",
            fix="write y ~ ..., and give effects and variances on its scale",
        )
    return formula.response.name


def _shapes(design: Any, n_groups: Any, per_group: Any) -> list[tuple[int | None, int | None]]:
    """Numbers of groups and of rows in each, one pair a design."""
    if isinstance(design, Mapping) and all(_is_word(value) for value in design.values()):
        kind = "a described design"
    elif callable(design) and not isinstance(design, type):
        kind = "a callable"
    else:
        if n_groups is not None or per_group is not None:
            raise OptionError(
                "a data frame has its own numbers of groups and rows",
                found=f"n_groups={shown(n_groups)}, per_group={shown(per_group)}",
                fix="leave them out, or give a callable that makes the frame",
            )
        return [(None, None)]
    if n_groups is None or (per_group is None and kind != "a callable"):
        raise OptionError(
            f"{kind} needs n_groups= and per_group=",
            found=f"n_groups={shown(n_groups)}, per_group={shown(per_group)}",
            fix="as in n_groups=[10, 20, 30], per_group=20",
        )
    rows = [None] if per_group is None else list(_sizes("per_group", per_group, 1))
    return [(j, m) for m in rows for j in _sizes("n_groups", n_groups, 2)]


def _is_word(value: Any) -> bool:
    """Whether a value of a mapping says how a variable varies: it is not a column."""
    return isinstance(value, (str, tuple)) or (isinstance(value, list) and len(value) < 50)


def _sizes(option: str, value: Any, least: int) -> Iterator[int]:
    several = isinstance(value, (list, tuple, range, np.ndarray))
    if several and not len(value):
        raise OptionError(
            f"{option} is empty", found=f"{option}=[]", fix=f"as in {option}=[10, 20]"
        )
    for size in value if several else [value]:
        yield whole(option, size, least=least, most=10_000_000)


def _frame(formula: Formula, design: Any, groups: int | None, rows: int | None) -> Any:
    """A data frame, or a mapping of columns, with the predictors."""
    if groups is None:
        return design
    if not isinstance(design, Mapping):
        return _called(design, groups, rows)
    factors = list(dict.fromkeys(name for bar in formula.bars for name in bar.factors))
    if len(factors) != 1 or rows is None:
        raise OptionError(
            "a described design has one grouping factor",
            found=f"grouping factors {', '.join(factors) or 'none'}",
            fix="give a callable that makes a data frame of the design",
        )
    import pandas as pd

    columns = balanced_columns(design, factors[0], groups, rows)
    frame = pd.DataFrame(columns)
    for name, values in columns.items():
        if values.dtype.kind in "US":
            frame[name] = pd.Categorical(values, categories=list(dict.fromkeys(values)))
    return frame


def _called(design: Callable[..., Any], groups: int, rows: int | None) -> Any:
    """The data frame that a user's function makes."""
    import inspect

    try:
        inspect.signature(design).bind(groups, rows)
    except (TypeError, ValueError):
        raise OptionError(
            "a design that is a function takes the numbers of groups and of rows in each",
            found=f"design={shown(design)}",
            fix="as in def design(n_groups, per_group): ..., which returns a data frame",
        ) from None
    return design(groups, rows)


def _planned(
    formula: Formula, response: str, frame: Any, effects: Any, variances: Any
) -> tuple[Design, Problem, Assumed]:
    """Design and problem, with a response that stands in for those to be drawn."""
    opened = open_frame(frame)
    names = [name for name in formula.variables() if name != response]
    check_columns(formula, [*opened.names, response], removed=True)
    table = read_open_frame(opened, names)
    refuse_missing(table, names)
    stand_in = np.random.default_rng(0).standard_normal(table.n_rows)
    made = build(formula, table.private().with_numbers(response, stand_in), None)
    check_identifiable(made, None)
    if made.dropped:
        raise DataError(
            "the design does not tell some coefficients apart",
            found=f"{', '.join(made.dropped)}, determined by earlier columns",
            fix="vary their predictors on their own, or leave them out of the formula",
        )
    plan = made.plan
    given = _variances(made, variances)
    truth = assumed(made.x_names, plan.labels, plan.blocks, effects, given)
    y: Array = stand_in * truth.sigma + made.X @ truth.beta
    return made, make_problem(made, y, None, True), truth


def _variances(design: Design, variances: Any) -> Any:
    """Those of a pilot fit by name, or what was given."""
    if not isinstance(variances, Fit):
        return variances
    labels, own = variances._problem.labels, design.plan.labels
    if [(a.label, a.names) for a in labels] != [(b.label, b.names) for b in own]:
        raise OptionError(
            "the pilot study has another random part",
            found="; ".join(f"{a.label}: {', '.join(a.names)}" for a in labels),
            fix="fit it with that of the planned model, or give variances by name",
        )
    covariances = variances._estimates.covariances
    found: dict[str, Any] = {a.label: c for a, c in zip(labels, covariances, strict=True)}
    return {**found, "Residual": variances.sigma**2}
