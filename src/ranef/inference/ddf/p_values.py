"""P values of joint tests."""

from __future__ import annotations

import math

__all__ = ["f_p_value"]


def f_p_value(statistic: float, num_df: float, den_df: float) -> float:
    """P(F >= statistic); of chi-squared over its degrees of freedom where den_df is infinite.

    Examples
    --------
    >>> round(f_p_value(4.0, 1, 10), 6), round(f_p_value(4.0, 1, float("inf")), 6)
    (0.073388, 0.0455)
    """
    from scipy import special

    if math.isinf(den_df):
        return float(special.chdtrc(num_df, num_df * statistic))
    return float(special.fdtrc(num_df, den_df, statistic))
