"""Numbers as text: decimals, stars and p values."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["LEGEND", "decimals_for", "fixed", "p_text", "rounded", "significant", "stars"]

LEGEND = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
_MOST_DECIMALS = 8


def stars(p: float) -> str:
    """Significance stars; none where the p value is missing.

    >>> stars(0.0004), stars(0.02), stars(0.05), stars(float("nan"))
    ('***', '*', '', '')
    """
    return next((mark for bound, mark in LEGEND if p < bound), "")


def fixed(x: float, decimals: int) -> str:
    """`x` with that many decimals, empty where missing, scientific where nothing would show.

    >>> fixed(2.8028, 2), fixed(-0.001, 2), fixed(float("nan"), 2), fixed(3e-12, 2)
    ('2.80', '-1.0e-03', '', '3.0e-12')
    """
    if math.isnan(x):
        return ""
    if math.isinf(x):
        return "-Inf" if x < 0 else "Inf"
    if (x != 0.0 and abs(x) < 0.5 * 10.0**-decimals) or abs(x) >= 1e15:
        return f"{x:.1e}"
    return f"{x + 0.0:.{decimals}f}"


def rounded(x: float, decimals: int) -> str:
    """Plain rounding, for quantities where a tiny value means zero (residual quantiles).

    >>> rounded(-0.0003, 2)
    '0.00'
    """
    if math.isnan(x):
        return ""
    return f"{round(x, decimals) + 0.0:.{decimals}f}"


def decimals_for(values: Iterable[float], decimals: int) -> int:
    """`decimals`, or more where the smallest non-zero value would print as zero.

    >>> decimals_for([2.80, 0.15], 2), decimals_for([0.0021, 0.0004], 2)
    (2, 5)
    """
    sizes = [abs(v) for v in values if math.isfinite(v) and v != 0.0]
    if not sizes or min(sizes) >= 0.5 * 10.0**-decimals:
        return decimals
    return min(1 - math.floor(math.log10(min(sizes))), max(decimals, _MOST_DECIMALS))


def significant(values: Iterable[float], digits: int, least: int = 0) -> int:
    """Decimals that show the smallest non-zero value with so many significant digits.

    >>> significant([0.293, 0.155], 3), significant([120.0], 3, least=1)
    (3, 1)
    """
    sizes = [abs(v) for v in values if math.isfinite(v) and v != 0.0]
    if not sizes:
        return max(least, digits - 1)
    return min(max(least, digits - 1 - math.floor(math.log10(min(sizes)))), _MOST_DECIMALS)


def p_text(p: float) -> str:
    """A p value as journals print it.

    >>> p_text(0.0312), p_text(1e-20), p_text(float("nan"))
    ('0.031', '<0.001', '')
    """
    if math.isnan(p):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"
