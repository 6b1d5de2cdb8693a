"""A fit compared with those of smaller random parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from ranef.diagnose.rewrite import bar_with, effects, outermost, with_bar
from ranef.fit.mixed_record import MixedRecord
from ranef.fit.nested_pairs import refuse_prior, variances_of
from ranef.fit.record import FitRecord
from ranef.fit.variants import variant
from ranef.formula import Bar, Formula, Term, parse, to_source
from ranef.formula.nodes import Call
from ranef.formula.structures import ORDERED
from ranef.inference.boundary_law import Place
from ranef.inference.likelihood_ratio import (
    Ratio,
    error_of_ratio,
    placed_ratio,
    statistic_of,
    within_error,
)
from ranef.inference.model_nesting import NotNested, place_of
from ranef.inference.no_effects import criterion_without_effects
from ranef.inference.same_data import AnyRows
from ranef.inference.spanning import spanning
from ranef.inference.structure_nesting import side_of
from ranef.types import Array

__all__ = ["LinearReducing", "RandomTests", "Reducing", "random_tests"]


class RandomTests(NamedTuple):
    """One entry for each reduction of the random part."""

    npar: Array
    loglik: Array
    aic: Array
    statistic: Array
    df: Array
    p_value: Array
    law: tuple[str, ...]


class Row(NamedTuple):
    """npar, loglik, aic, statistic, df and p value of one reduction, and the law."""

    numbers: tuple[float, ...]
    law: str


class Reduction(NamedTuple):
    """A smaller random part: its name, and the formula, None where nothing is left."""

    name: str
    formula: Formula | None


class Reducing(Protocol):
    """A fit whose random part is to be reduced."""

    @property
    def record(self) -> MixedRecord: ...

    def smaller(self, formula: Formula) -> MixedRecord:
        """The fit of a formula with a smaller random part, by the same criterion."""
        ...

    def without_effects(self) -> tuple[float, int]:
        """Log-likelihood and number of parameters of the model without random effects."""
        ...

    def judge(self, statistic: float, place: Place) -> Ratio:
        """A statistic of a smaller model at a place in this one."""
        ...


def random_tests(model: Reducing) -> tuple[tuple[str, ...], RandomTests]:
    """Fit the model with each random effect left out in turn.

    Raises
    ------
    OptionError
        A fit with a prior.
    """
    record = model.record
    refuse_prior(record)
    names, rows = [], []
    for reduction in reductions(record._formula, record._data):
        try:
            rows.append(_without_effects(model) if reduction.formula is None
                        else _smaller(model, reduction.formula))  # fmt: skip
        except NotNested:  # other columns took the place of those left out
            continue
        names.append(reduction.name)
    columns = np.array([row.numbers for row in rows], dtype=float).reshape(len(rows), 6).T
    npar, loglik, aic, statistic, df, p_value = columns
    laws = tuple(row.law for row in rows)
    return tuple(names), RandomTests(npar, loglik, aic, statistic, df, p_value, laws)


def reductions(formula: Formula, data: AnyRows) -> Iterator[Reduction]:
    """Smaller random parts, as ``ranova`` of lmerTest takes them.

    ``(x | g)`` loses x, ``(1 | g)`` goes; of ``(x || g)`` each term goes in turn; a category
    ``(0 + f | g)`` becomes ``(1 | g)``. A term within an interaction stays.
    """
    for k, bar in enumerate(formula.bars):
        terms = bar.model.terms
        if bar.model.intercept and (not terms or not bar.correlated):
            yield Reduction(
                f"(1 | {bar.label})" if terms else bar.text,
                _with(formula, k, False, ()) if not terms else _with(formula, k, False, terms),
            )
        for term in outermost(terms):
            others = tuple(other for other in terms if other is not term)
            name = f"{_written(bar, term)} in {bar.text}"
            keeps = bar.model.intercept or (not others and _makes_up_one(bar, data))
            yield Reduction(name, _with(formula, k, keeps, others))


def _written(bar: Bar, term: Term) -> str:
    """A term as it stands in the formula: occasions are a category there without saying so."""
    factor = term.factors[0]
    if bar.structure in ORDERED and isinstance(factor, Call) and factor.span == factor.args[0].span:
        return to_source(factor.args[0])
    return to_source(effects(True, (term,)))


def _makes_up_one(bar: Bar, data: AnyRows) -> bool:
    """Whether a model of the bar's structure has one effect for all columns as a special case."""
    if bar.structure == "homdiag":
        return False
    for term in spanning(data).design.terms:
        if term.factor == bar.label and term.q > 1:
            z = term.Z
            left = 1.0 - z @ np.linalg.lstsq(z, np.ones(z.shape[0]), rcond=None)[0]
            return float(np.abs(left).max()) < 1e-8
    return False


def _with(formula: Formula, k: int, intercept: bool, terms: tuple[object, ...]) -> Formula | None:
    """The formula with another left side of its k-th bar; None where no bar is left."""
    bar = formula.bars[k]
    if not intercept and not terms:
        if len(formula.bars) == 1:
            return None
        return parse(with_bar(formula, k, None))
    model = replace(bar.model, intercept=intercept)
    changed = replace(
        formula,
        bars=(*formula.bars[:k], replace(bar, model=model), *formula.bars[k + 1 :]),
    )
    part = bar_with(changed, k, terms)  # type: ignore[arg-type]
    return parse(with_bar(formula, k, part))


def _smaller(model: Reducing, formula: Formula) -> Row:
    smaller = model.smaller(formula)
    place = place_of(variances_of(smaller), model.record._data, None)
    estimates = smaller._estimates
    error = smaller._solution.certificate.error_criterion
    return _row(model, place, estimates.loglik, estimates.n_parameters, error)


def _without_effects(model: Reducing) -> Row:
    """The model without random effects: all variances are zero."""
    none = tuple(np.zeros((term.q, 0)) for term in model.record._problem.terms)
    sides = tuple(side_of(term, ()) for term in model.record._design.terms)
    place = Place(none, (), (0,) * len(none), (), sides)
    return _row(model, place, *model.without_effects())


def _row(model: Reducing, place: Place, loglik: float, npar: int, smaller: float = 0.0) -> Row:
    """`smaller`: the error of the smaller model's criterion."""
    estimates = model.record._estimates
    error = error_of_ratio(model.record._solution.certificate.error_criterion, smaller)
    statistic = statistic_of(2.0 * (estimates.loglik - loglik), error)
    df = estimates.n_parameters - npar
    aic = -2.0 * loglik + 2.0 * npar
    if df == 0 or np.isnan(statistic):
        return Row((npar, loglik, aic, np.nan, df, np.nan), "")
    ratio = within_error(statistic, error, lambda own: model.judge(own, place))
    return Row((npar, loglik, aic, statistic, df, ratio.p_high), ratio.law_and_bounds)


@dataclass(frozen=True, slots=True)
class LinearReducing:
    """A linear model: REML or ML as its fit."""

    record: FitRecord

    def smaller(self, formula: Formula) -> FitRecord:
        return variant(self.record, formula)

    def without_effects(self) -> tuple[float, int]:
        problem = self.record._problem
        loglik = -0.5 * criterion_without_effects(problem)
        return loglik, problem.p + problem.n_residual + 1

    def judge(self, statistic: float, place: Place) -> Ratio:
        return placed_ratio(statistic, place, self.record._problem)
