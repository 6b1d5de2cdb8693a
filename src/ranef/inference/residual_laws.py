"""Statistics of residuals, each with its law were no parameter estimated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.core import Rows
from ranef.problem import Problem
from ranef.types import Array, Codes

__all__ = ["Parts", "ResidualTest", "kolmogorov", "largest", "size_correlation", "tests_of"]

FEWEST_LEVELS = 5
"""Levels without which the distribution of the effects of a factor is not tested."""


class Parts(NamedTuple):
    """What tests read.

    ``residuals`` (n,): over their own standard deviations, NaN where a row has none; ``fitted``
    (n,), on any scale; ``effects`` (levels, q) by term, likewise standardised.
    """

    residuals: Array
    fitted: Array
    effects: Sequence[Array]

    def sizes(self) -> tuple[Array, NDArray[np.intp]]:
        """Sizes of the residuals that there are, and which rows these are."""
        here = np.flatnonzero(~np.isnan(self.residuals))
        return np.abs(self.residuals[here]), here


class ResidualTest(NamedTuple):
    """A test by name.

    ``value`` of the statistic, ``textbook`` its p value for independent residuals of known
    parameters, ``two_sided`` whether small values speak against the model too, ``conservative``
    whether that law gives p values that are too large.
    """

    name: str
    measure: str
    value: Callable[[Parts], float]
    textbook: Callable[[Parts, float], float]
    two_sided: bool = False
    conservative: bool = True


def tests_of(
    problem: Problem, rows: Rows, covariances: Sequence[Array]
) -> tuple[ResidualTest, ...]:
    """The tests that a model allows.

    Parameters
    ----------
    covariances : sequence of ndarray, shape (q, q)
        Of the random effects of each term: an effect without a variance has no distribution.
    """
    out = [
        ResidualTest(
            "uniformity",
            "Kolmogorov-Smirnov distance of the quantile residuals",
            lambda parts: kolmogorov(parts.residuals),
            lambda parts, d: _kolmogorov_p(parts.residuals, d),
        ),
        ResidualTest(
            "outliers",
            "largest standardised residual",
            largest,
            _largest_p,
            conservative=False,
        ),
        ResidualTest(
            "spread by fitted value",
            "correlation of the size of the residuals with the fitted values",
            size_correlation,
            _correlation_p,
            two_sided=True,
            conservative=False,
        ),
    ]
    names = {t.group: label.factor for t, label in zip(problem.terms, problem.labels, strict=True)}
    for g, group in enumerate(rows.groups):
        if rows.y.size >= 2 * group.n_levels:
            out.append(
                ResidualTest(
                    f"spread by {names[g]}",
                    "F of the size of the residuals between levels",
                    partial(_levene, group.codes, group.n_levels),
                    partial(_levene_p, group.codes, group.n_levels),
                    conservative=False,
                )
            )
    for k, (label, d) in enumerate(zip(problem.labels, covariances, strict=True)):
        for i, name in enumerate(label.names):
            if label.n_levels >= FEWEST_LEVELS and d[i, i] > 0.0:
                out.append(
                    ResidualTest(
                        f"{name} by {label.label}",
                        "Kolmogorov-Smirnov distance of the standardised effects",
                        partial(_effect, k, i),
                        partial(_effect_p, k, i),
                    )
                )
    return tuple(out)


def kolmogorov(z: Array) -> float:
    """Largest distance between the distribution of z and the normal one; NaN do not count."""
    from scipy import special

    known = z[~np.isnan(z)]
    if not known.size:
        return 0.0
    u = special.ndtr(np.sort(known))
    rank = np.arange(1, u.size + 1) / u.size
    return float(max((rank - u).max(), (u - rank + 1.0 / u.size).max()))


def _kolmogorov_p(z: Array, distance: float) -> float:
    from scipy import stats

    return float(stats.kstwo.sf(distance, max(1, int(np.count_nonzero(~np.isnan(z))))))


def _effect(term: int, column: int, parts: Parts) -> float:
    return kolmogorov(parts.effects[term][:, column])


def _effect_p(term: int, column: int, parts: Parts, distance: float) -> float:
    return _kolmogorov_p(parts.effects[term][:, column], distance)


def largest(parts: Parts) -> float:
    size, _ = parts.sizes()
    return float(size.max(initial=0.0))


def _largest_p(parts: Parts, largest: float) -> float:
    from scipy import special

    size, _ = parts.sizes()
    return float(-np.expm1(size.size * np.log1p(-2.0 * special.ndtr(-largest))))


def size_correlation(parts: Parts) -> float:
    size, here = parts.sizes()
    fitted = parts.fitted[here]
    a, b = size - size.mean(), fitted - fitted.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0.0 else 0.0


def _correlation_p(parts: Parts, correlation: float) -> float:
    from scipy import special

    size, _ = parts.sizes()
    return float(2.0 * special.ndtr(-abs(correlation) * np.sqrt(size.size)))


def _levene(codes: Codes, n_levels: int, parts: Parts) -> float:
    """F of a one-way analysis of variance of the sizes (Levene 1960)."""
    return _analysis(codes, n_levels, parts)[0]


def _levene_p(codes: Codes, n_levels: int, parts: Parts, f: float) -> float:
    from scipy import special

    _, between, within = _analysis(codes, n_levels, parts)
    return float(special.fdtrc(between, within, f))


def _analysis(codes: Codes, n_levels: int, parts: Parts) -> tuple[float, int, int]:
    size, here = parts.sizes()
    count = np.bincount(codes[here], minlength=n_levels)
    some = count > 0
    means = np.bincount(codes[here], weights=size, minlength=n_levels)[some] / count[some]
    between = int(np.count_nonzero(some)) - 1
    within = size.size - between - 1
    overall = float(size.mean()) if size.size else np.nan
    explained = float(np.sum(count[some] * (means - overall) ** 2))
    rest = float(np.sum((size - overall) ** 2)) - explained
    if between < 1 or within < 1 or not rest > 0.0:
        return np.nan, 1, 1
    return explained / between / (rest / within), between, within
