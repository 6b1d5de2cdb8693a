"""What is known of the test of one coefficient."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["TermPower"]


class TermPower(NamedTuple):
    """The power of one coefficient in one design.

    Attributes
    ----------
    term : str
    effect : float
        As assumed.
    power : float
        The probability that the test rejects zero.
    mc_error : float
        Monte Carlo standard error of `power`; NaN where nothing was simulated.
    std_error, df : float
        Of the coefficient; medians over the replicates where simulated.
    boundary : float
        The share of replicates in which a covariance matrix is singular; NaN where not simulated.
    failed : int
        Replicates without a result, counted as not significant.
    """

    term: str
    effect: float
    power: float
    mc_error: float
    std_error: float
    df: float
    boundary: float
    failed: int
