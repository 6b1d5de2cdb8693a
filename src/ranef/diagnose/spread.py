"""Residual variances that differ between groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.design import Design
from ranef.design.terms import RandomTerm
from ranef.diagnose.call import quoted
from ranef.diagnose.effects import Evaluated
from ranef.diagnose.serial import Serial, whitened
from ranef.diagnose.subject import Subject
from ranef.errors import TooLargeError
from ranef.frame.grouping import parts_of_group
from ranef.inference.rows import leverages
from ranef.page.phrases import p_value
from ranef.residual.spec import text_of
from ranef.types import Array, Codes, Finding

__all__ = ["Spread", "residual_spread", "spread_findings"]

LEVEL = 1e-3
LARGE = 0.10
"""Standard deviation between groups of the log residual standard deviation."""

FEWEST_DF = 5.0
FEWEST_GROUPS = 8
FEW_LEVELS = 30
"""Levels up to which a residual variance for each of them is suggested."""


_NOT_LOOKED_AT = Finding(
    code="unchecked-spread",
    severity="note",
    message="whether the residual SD differs between groups was not checked: it takes the leverage "
    "of every row, which iterations over crossed factors do not give for so many rows",
    fix="nothing to do unless you expect unequal spread: then fit with "
    "control=rn.Control(crossed='exact') if memory allows, or draw fit.plot.residuals()",
)


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


def spread_findings(
    subject: Subject, at: Evaluated, serial: Mapping[str, Serial]
) -> Iterator[Finding]:
    """The H statistic of Raudenbush and Bryk, robust to long tails, for each grouping factor.

    Rows that are alike say less about the variance of their group than their number. Where
    residuals may be serially correlated, what is new in each of them has to differ too; where they
    clearly are, the sizes told are of that.
    """
    design, data = subject.design, subject.data
    try:
        leverage = leverages(subject.problem, subject.solution, design, data.y, subject.weights)
    except TooLargeError:  # crossed factors that are solved by iterations
        yield _NOT_LOOKED_AT
        return
    for term in {term.factor: term for term in design.terms}.values():
        found, rho = residual_spread(at.residuals, leverage, term.codes, term.n_levels), 0.0
        along = serial.get(term.factor)
        if found is not None and along is not None and along.likely:
            new = whitened(along, at.residuals, term, _columns(design, term))
            again = residual_spread(new.values, new.leverage, new.codes, term.n_levels)
            if again is None or along.clear:
                found, rho = again, new.rho
            else:
                found = found._replace(p_value=max(found.p_value, again.p_value))
        yield from _of_factor(subject, term, found, rho)


def _columns(design: Design, term: RandomTerm) -> Array:
    """Those of all terms of a factor, and a constant."""
    same = [other.Z for other in design.terms if other.factor == term.factor]
    return np.column_stack([np.ones(design.n), *same])


def residual_spread(
    residuals: Array, leverage: Array, codes: Codes, n_levels: int
) -> Spread | None:
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
    codes : ndarray of int, shape (n,)
    n_levels : int

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

    df = np.bincount(codes, weights=1.0 - leverage, minlength=n_levels)
    squares = np.bincount(codes, weights=residuals**2, minlength=n_levels)
    use = (df >= FEWEST_DF) & (squares > 0.0)
    k = int(use.sum())
    if k < FEWEST_GROUPS:
        return None
    half = 0.5 * df[use]
    log_variance = np.log(squares[use] / df[use]) - (special.digamma(half) - np.log(half))
    tails = _tails(residuals, codes, use)
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


def _tails(residuals: Array, codes: Codes, use: NDArray[np.bool_]) -> float:
    """(kurtosis - 1) / 2 within groups; 1 for the normal distribution."""
    rows = np.bincount(codes, minlength=use.size).astype(np.float64)
    means = np.bincount(codes, weights=residuals, minlength=use.size) / np.maximum(rows, 1.0)
    rest = residuals - means[codes]
    second = np.bincount(codes, weights=rest**2, minlength=use.size) / np.maximum(rows, 1.0)
    fourth = np.bincount(codes, weights=rest**4, minlength=use.size) / np.maximum(rows, 1.0)
    here = use & (second > 0.0) & (rows >= 4)
    # Under normality E[m4 / m2^2] = 3 (n - 1) / (n + 1) in a sample of n.
    expected = 3.0 * (rows - 1.0) / (rows + 1.0)
    kurtosis = 3.0 * float(
        np.sum(rows[here] * fourth[here] / second[here] ** 2) / np.sum(rows[here] * expected[here])
    )
    return 0.5 * (kurtosis - 1.0)


def _of_factor(
    subject: Subject, term: RandomTerm, found: Spread | None, rho: float = 0.0
) -> Iterator[Finding]:
    if found is None:
        return
    design = subject.design
    if found.p_value >= LEVEL or found.sd < LARGE:
        return
    low = term.levels[int(np.nanargmin(found.log_sigma))]
    high = term.levels[int(np.nanargmax(found.log_sigma))]
    yield Finding(
        code="unequal-variances",
        severity="warning",
        message=f"the residual SD of '{design.response}' differs between levels of "
        f"'{term.factor}': the model gives all of them one",
        evidence=f"SD of log sigma {found.sd:.2g} between levels, {p_value(found.p_value)}; "
        f"smallest in '{low}', largest in '{high}', {found.ratio:.1f} times as large after "
        "shrinkage" + (f"; a serial correlation of {rho:.2f} taken out" if rho > 0.0 else ""),
        where=term.factor,
        fix="a transformation of the response, or a missing random slope or predictor, may even "
        "it out; fixed effects are little affected, their standard errors and predictions for "
        f"single levels more{_by_level(subject, term)}",
    )


def _by_level(subject: Subject, term: RandomTerm) -> str:
    """How to fit a variance for each level, if there are few."""
    names = parts_of_group(term.factor, subject.table.names)
    known = all(name in subject.table for name in names)
    if subject.data.residual is not None or term.n_levels > FEW_LEVELS or not known:
        return ""
    return f". residual={quoted(text_of('strata', names))} gives each level a variance of its own"
