"""Likelihood-ratio tests between rungs, with the law that a boundary calls for."""

from __future__ import annotations

import numpy as np

from ranef.diagnose.ladder.rung import Test, Tried
from ranef.diagnose.subject import Subject
from ranef.inference.chi_bar_square import chi_bar_square, one_variance

__all__ = ["test_fixed_part", "test_random_part", "test_rank"]

WORSE = 1e-4  # deviance units by which a larger model may stay behind a smaller one


def test_random_part(asked: Tried, tried: Tried) -> Test | None:
    """A rung with a smaller random part against the asked model, by the criterion of the fit.

    Where one of q correlated effects is left out, the law is an equal mixture of q - 1 and q
    degrees of freedom (Stram and Lee 1994, case 3); where only covariances are, the null
    hypothesis is an interior point and the law chi-square. In all other cases the weights of the
    mixture depend on the unknown parameters (Self and Liang 1987), and bounds are given: the law
    lies between that of one variance more than the free covariances and the plain chi-square.
    """
    if asked.fit is None or tried.fit is None:
        return None
    large, small = asked.fit, tried.fit
    if set(large.design.x_names) != set(small.design.x_names) or not _nested(small, large):
        return None
    lost = large.problem.n_theta - small.problem.n_theta
    statistic = small.solution.criterion - large.solution.criterion
    if lost < 1 or statistic < -WORSE or not _certified(large, small):
        return None
    columns = _columns(large) - _columns(small)
    note = ""
    if small.certificate.verdict != "interior optimum":
        note = "the smaller model is on the boundary itself"
    elif columns > 1:
        note = "the weights of the mixture depend on the parameters"
    if columns == 0:
        law, low, high = _covariances(statistic, lost, zero=_zeros(small))
    elif columns == 1 and not note:
        law = f"half chi2({lost - 1}), half chi2({lost})" if lost > 1 else "half 0, half chi2(1)"
        low = high = chi_bar_square(statistic, one_variance(lost))
    else:
        free = max(lost - columns * (columns + 1) // 2, 0)
        law = f"a mixture of chi2({free}) to chi2({lost})"
        low = chi_bar_square(statistic, one_variance(free + 1))
        high = chi_bar_square(statistic, {lost: 1.0})
    return Test(
        smaller=tried.plan.title,
        larger=asked.plan.title,
        statistic=max(statistic, 0.0),
        law=law,
        p_low=low,
        p_high=high,
        method="REML" if large.reml else "ML",
        note=note,
    )


def test_rank(asked: Tried, tried: Tried) -> Test | None:
    """A rung with the rank of a covariance matrix imposed against the asked model.

    Where one dimension is left out, what is tested is one variance: that of the last pivot, the
    others and all covariances being free. Where k are, the null hypothesis is that a k x k
    covariance matrix is zero, a mixture of up to k (k + 1) / 2 degrees of freedom.
    """
    if asked.fit is None or tried.fit is None or not _certified(asked.fit, tried.fit):
        return None
    large, small = asked.fit, tried.fit
    statistic = small.solution.criterion - large.solution.criterion
    if statistic < -WORSE:
        return None
    lost = large.estimates.n_parameters - small.estimates.n_parameters
    dims = large.certificate.dims
    beside = any(
        0 < small.certificate.rank[k] == large.certificate.rank[k] < size
        for k, size in dims.items()
    )
    law, low = "half 0, half chi2(1)", chi_bar_square(statistic, one_variance(1))
    high = low
    if lost > 1 or beside:
        law, high = f"a mixture of chi2(0) to chi2({lost})", chi_bar_square(statistic, {lost: 1.0})
    return Test(
        smaller=tried.plan.title,
        larger=asked.plan.title,
        statistic=max(statistic, 0.0),
        law=law,
        p_low=low,
        p_high=high,
        method="REML" if large.reml else "ML",
        note="the smaller model is on the boundary itself" if beside else "",
    )


def test_fixed_part(small: Tried, large: Tried) -> Test | None:
    """A rung against one with more fixed effects and the same random part: chi-square, by ML."""
    if small.ml is None or large.ml is None or not _certified(small.ml, large.ml):
        return None
    df = large.ml.design.p - small.ml.design.p
    statistic = small.ml.solution.criterion - large.ml.solution.criterion
    if df < 1 or statistic < -WORSE:
        return None
    p = chi_bar_square(statistic, {df: 1.0})
    return Test(
        smaller=small.plan.title,
        larger=large.plan.title,
        statistic=max(statistic, 0.0),
        law=f"chi2({df})",
        p_low=p,
        p_high=p,
        method="ML",
    )


def _covariances(statistic: float, lost: int, zero: int) -> tuple[str, float, float]:
    low = chi_bar_square(statistic, {lost: 1.0})
    if not zero:
        return f"chi2({lost})", low, low
    high = chi_bar_square(statistic, {lost + zero: 1.0})
    return f"between chi2({lost}) and chi2({lost + zero})", low, high


def _nested(small: Subject, large: Subject) -> bool:
    """Whether each random effect of the smaller model is a combination of the larger one's."""
    for term in small.design.terms:
        same = [other for other in large.design.terms if other.factor == term.factor]
        if any(set(term.names) <= set(other.names) for other in same):
            continue
        Z = np.hstack([other.Z for other in same]) if same else np.zeros((large.design.n, 0))
        fitted = Z @ np.linalg.lstsq(Z, term.Z, rcond=None)[0]
        if not np.allclose(fitted, term.Z, rtol=0.0, atol=1e-8 * float(np.abs(term.Z).max())):
            return False
    return True


def _certified(*fits: Subject) -> bool:
    return all(fit.certificate.certified for fit in fits)


def _columns(fit: Subject) -> int:
    return sum(term.q for term in fit.design.terms)


def _zeros(fit: Subject) -> int:
    """Variances that are zero, as far as ranks tell."""
    ranks = fit.certificate.rank
    return int(np.sum([size - ranks[k] for k, size in fit.certificate.dims.items()]))
