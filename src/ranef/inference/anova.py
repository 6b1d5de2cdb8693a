"""Tests of the terms of the fixed part."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.inference.ddf import Method
from ranef.inference.term_hypotheses import TermHypotheses
from ranef.types import Array

__all__ = ["TermTests", "WaldTests", "term_tests", "wald_tests"]


class TermTests(NamedTuple):
    """F tests, one entry for each term; NaN where the data say nothing about it.

    The mean square is sigma^2 times F before a method scales it, as in ``lmerTest``.
    """

    sum_sq: Array
    mean_sq: Array
    num_df: Array
    den_df: Array
    statistic: Array
    p_value: Array


def term_tests(hypotheses: TermHypotheses, beta: Array, sigma: float, method: Method) -> TermTests:
    """Test each term by a method for degrees of freedom.

    Parameters
    ----------
    hypotheses : TermHypotheses
    beta : ndarray, shape (p,)
    sigma : float
        Residual standard deviation.
    method : Method
    """
    count = len(hypotheses.rows)
    out = TermTests(*np.full((6, count), np.nan))
    out.num_df[:] = 0.0
    for k, rows in enumerate(hypotheses.rows):
        if rows.shape[0] == 0:
            continue
        joint = method.joint(rows, rows @ beta)
        out.mean_sq[k] = joint.statistic / joint.scale * sigma**2
        out.sum_sq[k] = out.mean_sq[k] * joint.num_df
        out.num_df[k], out.den_df[k] = joint.num_df, joint.den_df
        out.statistic[k] = joint.statistic
        out.p_value[k] = joint.p_value
    return out


class WaldTests(NamedTuple):
    """Chi-squared tests, one entry for each term; NaN where the data say nothing about it."""

    statistic: Array
    df: Array
    p_value: Array


def wald_tests(hypotheses: TermHypotheses, beta: Array, method: Method) -> WaldTests:
    """Test each term by a method whose joint tests are chi-squared.

    Parameters
    ----------
    hypotheses : TermHypotheses
    beta : ndarray, shape (p,)
    method : Method
    """
    out = WaldTests(*np.full((3, len(hypotheses.rows)), np.nan))
    out.df[:] = 0.0
    for k, rows in enumerate(hypotheses.rows):
        if rows.shape[0]:
            joint = method.joint(rows, rows @ beta)
            out.statistic[k], out.df[k], out.p_value[k] = (
                joint.statistic,
                joint.num_df,
                joint.p_value,
            )
    return out
