"""The variance that a model implies for a row, in parts.

With eta = X beta, and means over the rows of each level of a grouping factor ("by"),

    fixed:   f1 = sum of (eta - mean of its level)^2 / (n - 1),  f2 = that of the means,
    random:  for each factor with covariance D, v + m = tr(D Z'Z) / n, the mean of z'D z, and
             m = (1/n) sum over levels g of by, (1/n_g) sum over levels l of s_gl'D s_gl,
             s_gl = sum of z over the rows of g in l: the variance of the mean of g's rows,
    residual: sigma^2, or that of the distribution in a generalised model.

No predictor has to be centred. Johnson (2014), Extension of Nakagawa & Schielzeth's R2 GLMM to
random slopes models, Methods in Ecology and Evolution 5, 944-946. Rights and Sterba (2019),
Quantifying explained variance in multilevel models, Psychological Methods 24, 309-338.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranef.core import RowsGroup
from ranef.design import Design
from ranef.problem import ProblemShape
from ranef.types import Array, Codes

__all__ = ["VarianceParts", "level_means", "variance_parts"]


@dataclass(frozen=True, slots=True)
class VarianceParts:
    """Variances, in units of the linear predictor squared.

    Attributes
    ----------
    by : str
        The grouping factor that tells within from between.
    fixed_within, fixed_between : float
        f1 and f2.
    random_within, random_between : float
        v and m.
    residual : float
    by_factor : dict of str to float
        The mean of z'D z for each grouping factor.
    """

    by: str
    fixed_within: float
    fixed_between: float
    random_within: float
    random_between: float
    residual: float
    by_factor: dict[str, float]

    @property
    def fixed(self) -> float:
        return self.fixed_within + self.fixed_between

    @property
    def random(self) -> float:
        return self.random_within + self.random_between

    @property
    def within(self) -> float:
        return self.fixed_within + self.random_within + self.residual

    @property
    def between(self) -> float:
        return self.fixed_between + self.random_between

    @property
    def total(self) -> float:
        return self.within + self.between


def variance_parts(
    problem: ProblemShape,
    groups: Sequence[RowsGroup],
    lambdas: Sequence[Array],
    design: Design,
    beta: Array,
    by: str,
    residual: float,
) -> VarianceParts:
    """The parts at the estimates.

    Parameters
    ----------
    problem
        Linear or generalised.
    groups : sequence of RowsGroup
        The rows by grouping factor. Columns are shifted and scaled as the fit has them, so that
        nothing cancels, wherever their origin is.
    lambdas : sequence of ndarray, shape (q, q)
        T of each factor, with D = T T' the covariance of the effects of a level.
    design : Design
    beta : ndarray, shape (p,)
    by : str
        A grouping factor of the design.
    residual : float
        The mean over the rows.
    """
    factors = {term.factor: (term.codes, term.n_levels) for term in design.terms}
    codes, n_levels = factors[by]
    counts = np.bincount(codes, minlength=n_levels).astype(float)
    eta = _predictor(design, beta)
    means = level_means(eta, codes, counts)
    within = float(np.sum((eta - means[codes]) ** 2)) / (design.n - 1)
    between = float(counts @ means**2) / (design.n - 1)
    total = dict.fromkeys((label.factor for label in problem.labels), 0.0)
    apart = 0.0
    names = [_factor_of(problem, g) for g in range(len(groups))]
    for name, group, t in zip(names, groups, lambdas, strict=True):
        d = t @ t.T
        z = np.column_stack(
            [
                np.full(design.n, (1.0 - shift) / scale) if c is None else (c - shift) / scale
                for c, shift, scale in zip(group.columns, group.shifts, group.scales, strict=True)
            ]
        )
        total[name] += float(np.vdot(d, z.T @ z)) / design.n
        meeting, owner = _meetings(codes, group.codes, group.n_levels)
        sums = np.column_stack([np.bincount(meeting, column, owner.size) for column in z.T])
        each = np.einsum("ka,ab,kb->k", sums, d, sums)
        apart += float(each @ (1.0 / counts[owner])) / design.n
    inside = sum(total.values()) - apart
    return VarianceParts(by, within, between, max(inside, 0.0), apart, residual, total)


def level_means(values: Array, codes: Codes, counts: Array) -> Array:
    """The mean over the rows of each level; zero for levels without rows."""
    sums = np.bincount(codes, values, counts.size)
    return np.asarray(np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0.0))


def _predictor(design: Design, beta: Array) -> Array:
    """X beta less its mean, column by column: what a large origin adds never enters."""
    eta = np.zeros(design.n)
    for column, b in zip(design.columns.columns, beta, strict=True):
        if column is not None:
            eta += b * (column - column.mean())
    return np.asarray(eta - eta.mean())


def _factor_of(problem: ProblemShape, group: int) -> str:
    return next(
        label.factor
        for term, label in zip(problem.terms, problem.labels, strict=True)
        if term.group == group
    )


def _meetings(
    outer: Codes, inner: Codes, n_inner: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The combinations of two factors that have rows: of each row, and their outer levels."""
    first = np.zeros(n_inner, dtype=np.int64)
    first[inner] = outer
    if np.array_equal(first[inner], outer):  # nested: the inner levels are the combinations
        return inner.astype(np.int64), first
    key = outer.astype(np.int64) * n_inner + inner
    found, meeting = np.unique(key, return_inverse=True)
    return meeting, found // n_inner
