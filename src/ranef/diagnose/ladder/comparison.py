"""Likelihood-ratio tests between rungs."""

from __future__ import annotations

from ranef.diagnose.compared import fixed_part_test, random_part_test
from ranef.diagnose.ladder.rung import Test, Tried
from ranef.inference.likelihood_ratio import Ratio

__all__ = ["test_fixed_part", "test_of", "test_random_part"]


def test_random_part(small: Tried, large: Tried) -> Test | None:
    """A rung against one with a larger random part, by the criterion of the fit."""
    if small.fit is None or large.fit is None:
        return None
    method = "REML" if large.fit.reml else "ML"
    return test_of(small, large, random_part_test(small.fit, large.fit), method)


def test_fixed_part(small: Tried, large: Tried) -> Test | None:
    """A rung against one with more fixed effects and the same random part: chi-square, by ML."""
    if small.ml is None or large.ml is None:
        return None
    return test_of(small, large, fixed_part_test(small.ml, large.ml), "ML")


def test_of(small: Tried, large: Tried, ratio: Ratio | None, method: str) -> Test | None:
    """The record of a ratio between two rungs."""
    if ratio is None:
        return None
    return Test(
        smaller=small.plan.title,
        larger=large.plan.title,
        statistic=ratio.statistic,
        law=ratio.law,
        p_low=ratio.p_low,
        p_high=ratio.p_high,
        method=method,
        note=ratio.note,
    )
