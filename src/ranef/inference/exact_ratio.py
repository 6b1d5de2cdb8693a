"""The exact law of the likelihood ratio of a single variance, in samples of any size.

With few groups the estimate of a variance that is zero is zero in more than half of the samples,
and the mixture of chi-squares is too large. With one variance and no other random term the law of
the ratio depends on the design alone. With mu the eigenvalues of Z'(I - P)Z, P the projection on
the columns of X, and w independent chi-squares on 1 degree of freedom,

    T = sup over l of  m log(1 + N / D) - sum log(1 + l mu)        (REML: m = n - p)
    N = sum of l mu w / (1 + l mu),   D = sum of w / (1 + l mu) + chi2(n - p - K).

By ML m = n, the eigenvalues xi of Z'Z stand in the second sum, and d coefficients that are tested
too add m log(1 + chi2(d) / (N + D)). Rows are scaled by the roots of their weights.

Crainiceanu and Ruppert (2004), Likelihood ratio tests in linear mixed models with one variance
component, Journal of the Royal Statistical Society B 66, 165-185, theorems 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ranef.core.blocks import factor_blocks
from ranef.errors import OptionError
from ranef.inference.chi_bar_square import NIL
from ranef.page import phrases
from ranef.problem import Problem
from ranef.types import Array

__all__ = ["DRAWS", "exact_tail", "ratio_draws"]

DRAWS = 100_000
MOST_LEVELS = 3000  # a matrix of levels by levels; beyond, the mixture is as good
GRID = np.exp(np.linspace(-11.0, 14.0, 126))  # of l times the mean of mu; a parabola between
CHUNK = 5_000  # draws at a time
EQUAL = 1e-10  # of the largest eigenvalue


def exact_tail(
    problem: Problem, fixed: int, statistic: float, seed: int, tick: Callable[[int], None]
) -> float:
    """P(T >= statistic) by draws from the exact law.

    Parameters
    ----------
    problem : Problem
        The larger model's: one term with one effect.
    fixed : int
        Coefficients that are tested with the variance; then by ML.
    seed : int
    tick : callable
        Told how many draws are done.

    Raises
    ------
    OptionError
        Too many levels.
    """
    if not statistic > NIL:
        return 1.0
    levels = problem.products.sizes[0][0]
    if levels > MOST_LEVELS:
        raise OptionError(
            "the exact distribution takes a matrix of levels by levels",
            found=phrases.count(levels, "level"),
            fix='use method="lrt", which is as good with so many groups',
        )
    mu, xi = _spectra(problem)
    rng = np.random.Generator(np.random.Philox(key=seed))
    found = 0
    for done in range(0, DRAWS, CHUNK):
        tick(done)
        drawn = ratio_draws(mu, xi, problem.n, problem.p, fixed, problem.reml, CHUNK, rng)
        found += int(np.count_nonzero(drawn >= statistic))
    return (1.0 + found) / (1.0 + DRAWS)


def _spectra(problem: Problem) -> tuple[Array, Array]:
    """Eigenvalues of Z'(I - P)Z and of Z'Z."""
    block = factor_blocks(problem.products)[0]
    own, cross = block.random[:, 0, 0], block.fixed[:, 0, :]
    kernel = problem.kernel()
    kernel.evaluate([np.zeros((1, 1))])
    left = np.diag(own) - cross @ kernel.xx_inverse @ cross.T
    return np.maximum(np.linalg.eigvalsh(left), 0.0), own


def ratio_draws(
    mu: Array, xi: Array, n: int, p: int, fixed: int, reml: bool, count: int,
    rng: np.random.Generator,
) -> Array:  # fmt: skip
    """Draws from the law of the ratio under the hypothesis.

    Parameters
    ----------
    mu, xi : ndarray
        Eigenvalues of Z'(I - P)Z and of Z'Z.
    n, p : int
        Rows and coefficients of the larger model.
    fixed : int
        Coefficients that the smaller model lacks.
    reml : bool
    count : int
    rng : Generator

    Returns
    -------
    ndarray, shape (count,)
    """
    mu = mu[mu > EQUAL * float(mu.max(initial=0.0))]
    values, times = _distinct(mu)
    alone = times == 1.0
    w = np.empty((count, values.size))
    w[:, alone] = rng.standard_normal((count, int(np.count_nonzero(alone)))) ** 2
    w[:, ~alone] = rng.chisquare(times[~alone], (count, int(np.count_nonzero(~alone))))
    rest = rng.chisquare(n - p - mu.size, count) if n - p > mu.size else np.zeros(count)
    m = n - p if reml else n
    size = GRID / float(mu.mean())
    shrunk = 1.0 / (1.0 + np.outer(values, size))
    below = w @ shrunk + rest[:, None]
    total = np.sum(w, axis=1) + rest
    if reml:
        lost = times @ -np.log(shrunk)
    else:
        own, often = _distinct(xi)
        lost = often @ np.log1p(np.outer(own, size))
    best = np.maximum(m * np.log(total) - _smallest(m * np.log(below) + lost), 0.0)
    if fixed:
        best += m * np.log1p(rng.chisquare(fixed, count) / total)
    return np.asarray(best)


def _smallest(rows: Array) -> Array:
    """Of each row, a smooth function at equal steps: that of the parabola about its smallest."""
    at = np.argmin(rows, axis=1)
    inside = np.clip(at, 1, rows.shape[1] - 2)
    each = np.arange(rows.shape[0])
    before, here, after = (rows[each, inside + k] for k in (-1, 0, 1))
    slope, bend = 0.5 * (after - before), before - 2.0 * here + after
    with np.errstate(divide="ignore", invalid="ignore"):
        lowest = here - 0.5 * slope**2 / bend
    return np.asarray(np.where(at == inside, lowest, rows[each, at]))


def _distinct(values: Array) -> tuple[Array, Array]:
    """Values that differ and how often each occurs: those of balanced data are few."""
    ordered = np.sort(values)
    if not ordered.size:
        return ordered, ordered
    starts = np.flatnonzero(np.diff(ordered, prepend=-np.inf) > EQUAL * ordered[-1])
    counts = np.diff(np.append(starts, ordered.size)).astype(np.float64)
    return ordered[starts], counts
