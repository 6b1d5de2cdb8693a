"""Likelihood-ratio tests between rungs, with the law that a boundary calls for."""

from __future__ import annotations

from ranef.diagnose.ladder.rung import Test, Tried
from ranef.diagnose.likelihood_ratio import WORSE, certified, random_part_ratio
from ranef.inference.chi_bar_square import chi_bar_square, one_variance

__all__ = ["test_fixed_part", "test_random_part", "test_rank"]


def test_random_part(asked: Tried, tried: Tried) -> Test | None:
    """A rung with a smaller random part against the asked model, by the criterion of the fit."""
    if asked.fit is None or tried.fit is None:
        return None
    ratio = random_part_ratio(tried.fit, asked.fit)
    if ratio is None:
        return None
    return Test(
        smaller=tried.plan.title,
        larger=asked.plan.title,
        statistic=ratio.statistic,
        law=ratio.law,
        p_low=ratio.p_low,
        p_high=ratio.p_high,
        method="REML" if asked.fit.reml else "ML",
        note=ratio.note,
    )


def test_rank(asked: Tried, tried: Tried) -> Test | None:
    """A rung with the rank of a covariance matrix imposed against the asked model.

    Where one dimension is left out, what is tested is one variance: that of the last pivot, the
    others and all covariances being free. Where k are, the null hypothesis is that a k x k
    covariance matrix is zero, a mixture of up to k (k + 1) / 2 degrees of freedom.
    """
    if asked.fit is None or tried.fit is None or not certified(asked.fit, tried.fit):
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
    if small.ml is None or large.ml is None or not certified(small.ml, large.ml):
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
