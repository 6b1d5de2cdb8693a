"""Residual variances that differ between groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.design import Design
from ranef.diagnose.effects import Evaluated
from ranef.diagnose.subject import Subject
from ranef.inference.rows import leverages
from ranef.types import Array, Finding, RandomTerm

__all__ = ["Spread", "residual_spread", "spread_findings"]

LEVEL = 1e-3
LARGE = 0.10
"""Standard deviation between groups of the log residual standard deviation."""

FEWEST_DF = 5.0
FEWEST_GROUPS = 8


class Spread(NamedTuple):
    """How residual standard deviations differ between the levels of a factor.

    ``p_value`` of their equality; ``sd``, the standard deviation between levels of log sigma by
    moments; ``ratio`` of the largest to the smallest sigma after shrinkage; ``log_sigma`` of each
    level about their mean, NaN where it is too small.
    """

    p_value: float
    sd: float
    ratio: float
    log_sigma: Array


def spread_findings(subject: Subject, at: Evaluated) -> Iterator[Finding]:
    """The H statistic of Raudenbush and Bryk, robust to long tails, for each grouping factor."""
    design = subject.design
    y = design.y if subject.offset is None else design.y - subject.offset
    leverage = leverages(subject.problem, subject.solution, design, y, subject.weights)
    for term in {term.factor: term for term in design.terms}.values():
        yield from _of_factor(design, term, at.residuals, leverage)


def residual_spread(residuals: Array, leverage: Array, term: RandomTerm) -> Spread | None:
    """Whether groups have one residual variance.

    With d_j = n_j less the leverages of group j, s_j^2 = sum r^2 / d_j has, to a good
    approximation, log s_j^2 ~ (psi(d_j / 2) - log(d_j / 2), psi'(d_j / 2)) under normality; for
    longer tails the variance is multiplied by (kurtosis - 1) / 2, the kurtosis taken within groups
    (Layard 1973). H is the weighted sum of squares of log s_j^2 about its mean.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
        Conditional ones, times the root of the weights.
    leverage : ndarray, shape (n,)
    term : RandomTerm

    Returns
    -------
    Spread or None
        None where too few groups are large enough.

    References
    ----------
    Raudenbush and Bryk (2002), Hierarchical Linear Models, 2nd ed., Sage, p. 264.
    Layard, M. W. J. (1973), Robust large-sample tests for homogeneity of variances, JASA 68,
    195-198.
    """
    from scipy import special

    n_levels = term.n_levels
    df = np.bincount(term.codes, weights=1.0 - leverage, minlength=n_levels)
    squares = np.bincount(term.codes, weights=residuals**2, minlength=n_levels)
    use = (df >= FEWEST_DF) & (squares > 0.0)
    k = int(use.sum())
    if k < FEWEST_GROUPS:
        return None
    half = 0.5 * df[use]
    log_variance = np.log(squares[use] / df[use]) - (special.digamma(half) - np.log(half))
    tails = _tails(residuals, term, use)
    weights = 1.0 / (max(1.0, tails) * special.polygamma(1, half))
    centre = float(weights @ log_variance) / float(weights.sum())
    h = float(weights @ (log_variance - centre) ** 2)
    p_value = float(special.chdtrc(k - 1, h))
    scale = float(weights.sum() - weights @ weights / weights.sum())
    between = max(0.0, (h - (k - 1)) / scale)
    log_sigma = np.full(n_levels, np.nan)
    log_sigma[use] = 0.5 * (log_variance - centre)
    shrunk = between / (between + 1.0 / weights)
    span = 0.5 * shrunk * (log_variance - centre)
    return Spread(p_value, 0.5 * float(np.sqrt(between)), float(np.exp(np.ptp(span))), log_sigma)


def _tails(residuals: Array, term: RandomTerm, use: NDArray[np.bool_]) -> float:
    """(kurtosis - 1) / 2 within groups; 1 for the normal distribution."""
    n_levels = term.n_levels
    rows = np.bincount(term.codes, minlength=n_levels).astype(np.float64)
    means = np.bincount(term.codes, weights=residuals, minlength=n_levels) / rows
    rest = residuals - means[term.codes]
    second = np.bincount(term.codes, weights=rest**2, minlength=n_levels) / rows
    fourth = np.bincount(term.codes, weights=rest**4, minlength=n_levels) / rows
    here = use & (second > 0.0) & (rows >= 4)
    # Under normality E[m4 / m2^2] = 3 (n - 1) / (n + 1) in a sample of n.
    expected = 3.0 * (rows - 1.0) / (rows + 1.0)
    kurtosis = 3.0 * float(
        np.sum(rows[here] * fourth[here] / second[here] ** 2) / np.sum(rows[here] * expected[here])
    )
    return 0.5 * (kurtosis - 1.0)


def _of_factor(
    design: Design, term: RandomTerm, residuals: Array, leverage: Array
) -> Iterator[Finding]:
    found = residual_spread(residuals, leverage, term)
    if found is None:
        return
    if found.p_value >= LEVEL or found.sd < LARGE:
        return
    low = term.levels[int(np.nanargmin(found.log_sigma))]
    high = term.levels[int(np.nanargmax(found.log_sigma))]
    yield Finding(
        code="unequal-variances",
        severity="warning",
        message=f"the residual SD of '{design.response}' differs between levels of "
        f"'{term.factor}': the model gives all of them one",
        evidence=f"SD of log sigma {found.sd:.2g} between levels, p {_p(found.p_value)}; smallest "
        f"in '{low}', largest in '{high}', {found.ratio:.1f} times as large after shrinkage",
        where=term.factor,
        fix="a transformation of the response, or a missing random slope or predictor, may even "
        "it out; fixed effects are little affected, their standard errors and predictions for "
        "single levels more",
    )


def _p(p: float) -> str:
    return "< 1e-4" if p < 1e-4 else f"= {p:.1g}"
