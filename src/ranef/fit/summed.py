"""A fit from moments: what needs single rows is an error that says what to do."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ranef.design import Design
from ranef.errors import DataError, OptionError
from ranef.fit.elsewhere import model_of_sums
from ranef.fit.facade import Fit
from ranef.fit.given import Given
from ranef.fit.same_rows import check_pass
from ranef.fit.spec import ModelSpec
from ranef.formula import Formula
from ranef.options import shown
from ranef.present.progress import progress_rows
from ranef.problem import Problem
from ranef.problem.exact import hardly_explained
from ranef.solve import Control
from ranef.streams import moments_of, open_source
from ranef.sums import Moments, NotHeldError
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["fit_moments", "fit_streamed"]


def fit_moments(
    parsed: Formula,
    moments: Moments,
    given: Given,
    *,
    reml: bool,
    start: Array | None = None,
    seconds: dict[str, float] | None = None,
) -> Fit:
    """Fit a model to moments.

    Parameters
    ----------
    parsed : Formula
    moments : Moments
    given : Given
        The arguments of the call; weights and offset are those of the moments.
    reml : bool
    start : ndarray, optional
        Theta.
    seconds : dict, optional
        Already spent, by phase, for the log.

    Raises
    ------
    DataError, DesignError
        As for rows in memory, where sums show it.
    OptionError
        Something that only rows in memory can give.
    """
    _check(given)
    source = _again(given.source)
    made = model_of_sums(parsed, moments, given.contrasts, source)
    prior = None if given.prior is None else _assigned(given.prior, made.data.design)
    problem = made.problem(reml, prior)
    _check_fixed_part(problem)
    spec = ModelSpec(parsed, reml, prior, given.control or Control(), given)
    spent = {**(seconds or {}), **made.seconds}
    return Fit._of_sums(spec, made.data, problem, start=start, seconds=spent)


def _again(source: Any) -> Any:
    """What the user gave, if its rows can be read again."""
    return source if source is not None and open_source(source).repeatable else None


def _has_more_rows(formula: Formula, moments: Moments) -> bool:
    """Whether rows were left out for a variable that a formula does not have."""
    plan = moments.plan
    needed = {*formula.variables(), plan.weights, plan.offset}
    return not {*moments.missing.by_column} <= needed


def fit_streamed(parsed: Formula, given: Given, *, reml: bool, start: Array | None = None) -> Fit:
    """Fit a model to moments, or to a source whose rows are summed first.

    Raises
    ------
    OptionError
        Weights or an offset as an array, or other ones than those of the moments.
    """
    begun, before = perf_counter(), None
    if isinstance(given.data, Moments):
        plan = given.data.plan
        again, other = _again(given.source) is not None, False
        for name, held in (("weights", plan.weights), ("offset", plan.offset)):
            asked = getattr(given, name)
            same = isinstance(asked, str | None) and asked == held
            if same or (asked is None and given.source is None):
                continue
            other = True
            if not again:
                raise OptionError(
                    f"the {name} were chosen when the moments were made",
                    found=f"{name}={shown(asked)}, and {held or 'none'} in the moments",
                    fix=f"leave out {name}=, or make the moments with it",
                )
        try:
            if not other and not (again and _has_more_rows(parsed, given.data)):
                return fit_moments(parsed, given.data, given, reml=reml, start=start)
        except NotHeldError:
            if not again:
                raise
        given, before = replace(given, data=given.source, source=None), given.data
    for name in ("weights", "offset"):
        if not isinstance(getattr(given, name), str | None):
            raise OptionError(
                f"{name} of data that are summed have to be a column",
                found=f"{name}={shown(getattr(given, name))}",
                fix="name a column of the data",
            )
    source = open_source(given.data)
    with progress_rows("summing the rows") as watch:
        moments = moments_of(source, parsed, given.weights, given.offset, given.missing, watch)
    if before is not None:
        check_pass(before, moments)
    spent = {"sums over rows": perf_counter() - begun}
    own = replace(given, data=moments, source=given.data)
    return fit_moments(parsed, moments, own, reml=reml, start=start, seconds=spent)


def _assigned(prior: Any, design: Design) -> Assigned | None:
    from ranef.priors.assign import assign

    return assign(prior, design.terms, design.x_names)


def _check(given: Given) -> None:
    for name in ("subset", "residual"):
        value = getattr(given, name)
        if value is not None:
            raise OptionError(
                f"{name}= needs the rows, and the model is fitted to sums of them",
                found=f"{name}={shown(value)}",
                fix="select the rows in the query or the file"
                if name == "subset"
                else "read the rows into memory",
            )


def _check_fixed_part(problem: Problem) -> None:
    if problem.n <= problem.p:
        raise DataError(
            "there are no more rows than coefficients",
            found=f"{problem.n} rows, {problem.p} coefficients in the fixed part",
            fix="use fewer predictors or more rows",
        )
    if hardly_explained(problem):
        raise DataError(
            "the fixed part explains the response to the last digit that sums hold",
            found="no residual variation is left for random effects or errors",
            fix="see whether the response was computed from the predictors, or read the rows into "
            "memory",
        )
