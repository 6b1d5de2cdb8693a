"""Numbers as text: decimals, stars and p values."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ranef.page.phrases import p_number as p_text

__all__ = [
    "LEGEND",
    "column_decimals",
    "decimals_for",
    "estimate_text",
    "figure",
    "fixed",
    "p_text",
    "power_of_ten",
    "rounded",
    "significant",
    "stars",
]

LEGEND = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
_MOST_DECIMALS = 8
_MOST_IN_TABLE = 5  # decimals beyond which a number of a table is in scientific notation
_MOST_IN_COLUMN = 7  # the same in a column of variances


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


def _two_digits(x: float) -> int:
    """Decimals that show two significant digits of `x`."""
    return 1 - int(f"{x:.1e}".partition("e")[2])


def decimals_for(values: Iterable[float], decimals: int) -> int:
    """`decimals`, or more where the smallest value needs them for two significant digits.

    Values that would need more than five do not count: they are in scientific notation.

    >>> decimals_for([2.80, 0.15], 2), decimals_for([0.021, 0.00648], 2), decimals_for([7e-8], 2)
    (2, 4, 2)
    """
    wanted = [_two_digits(v) for v in values if math.isfinite(v) and v != 0.0]
    return max([decimals, *(d for d in wanted if d <= _MOST_IN_TABLE)])


def figure(x: float, decimals: int) -> str:
    """A standard error, variance or covariance: scientific where two digits need more decimals.

    >>> figure(0.00648, 4), figure(-7.2e-8, 4), figure(0.0, 2), figure(float("nan"), 2)
    ('0.0065', '-7.2e-08', '0.00', '')
    """
    tiny = math.isfinite(x) and x != 0.0 and _two_digits(x) > max(decimals, _MOST_IN_TABLE)
    return f"{x:.1e}" if tiny else fixed(x, decimals)


def estimate_text(x: float, std_error: float | None, decimals: int) -> str:
    """An estimate to the precision of its standard error.

    >>> estimate_text(-0.001, 0.21, 2), estimate_text(1.234e-7, 3.1e-8, 2)
    ('0.00', '1.23e-07')
    >>> estimate_text(2.5, 3.1e-6, 2), estimate_text(0.0004, None, 2)
    ('2.5000000', '4.0e-04')
    """
    if std_error is None or not math.isfinite(std_error) or std_error == 0.0 or abs(x) >= 1e15:
        return fixed(x, decimals)
    needed = _two_digits(std_error)
    if needed <= max(decimals, _MOST_IN_TABLE):
        return rounded(x, decimals)
    if needed <= _MOST_DECIMALS and abs(x) >= 1e-3:
        return rounded(x, needed)
    exponent = int(f"{x:.1e}".partition("e")[2])
    return f"{x:.{min(max(1, needed + exponent), 15)}e}"


def column_decimals(values: Iterable[float]) -> int:
    """Decimals of a column of variances or standard deviations: at least two.

    Three significant digits of the smallest value, within five decimals; two if these need more.
    Values that need over seven are in scientific notation, see :func:`figure`.

    >>> column_decimals([1.95, 0.275]), column_decimals([6.1, 1.2e-5]), column_decimals([6.1, 3e-9])
    (3, 6, 2)
    """
    sizes = [abs(v) for v in values if math.isfinite(v) and v != 0.0]
    shown = [v for v in sizes if _two_digits(v) <= _MOST_IN_COLUMN]
    return max([min(significant(shown, 3, least=2), _MOST_IN_TABLE), *map(_two_digits, shown)])


def power_of_ten(text: str) -> tuple[str, int] | None:
    """Mantissa and exponent of a number in scientific notation.

    >>> power_of_ten("1.3e-03"), power_of_ten("0.13"), power_of_ten("dropped")
    (('1.3', -3), None, None)
    """
    mantissa, mark, exponent = text.partition("e")
    if not mark or not exponent.lstrip("+-").isdigit():
        return None
    return mantissa, int(exponent)


def significant(values: Iterable[float], digits: int, least: int = 0) -> int:
    """Decimals that show the smallest non-zero value with so many significant digits.

    >>> significant([0.293, 0.155], 3), significant([120.0], 3, least=1)
    (3, 1)
    """
    sizes = [abs(v) for v in values if math.isfinite(v) and v != 0.0]
    if not sizes:
        return max(least, digits - 1)
    return min(max(least, digits - 1 - math.floor(math.log10(min(sizes)))), _MOST_DECIMALS)
