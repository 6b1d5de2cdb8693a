"""Numbers as the page writes them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ranef.page.html import minus
from ranef.present.text.numbers import estimate_text, fixed, significant

__all__ = ["decimals_of", "estimate", "interval", "plain", "table_decimals", "value"]


def decimals_of(errors: Iterable[float], digits: int = 2) -> list[int]:
    """Decimals that show the digits of each standard error; common to all where they are alike.

    >>> decimals_of([0.23, 0.14]), decimals_of([19.4, 0.0021])
    ([2, 2], [0, 4])
    """
    each = [significant([error], digits) for error in errors]
    return [max(each)] * len(each) if each and max(each) - min(each) <= 2 else each


def table_decimals(errors: Iterable[float]) -> list[int]:
    """The same for a table of coefficients, in which two decimals are the least of most errors."""
    known = [e if math.isfinite(e) and e > 0.0 else 1.0 for e in errors]
    return [max(d, 2) if known[k] < 10.0 else d for k, d in enumerate(decimals_of(known))]


def estimate(x: float, error: float, decimals: int) -> str:
    """An estimate to the precision of its standard error, with thousands marked."""
    if math.isnan(x):
        return ""
    return minus(_thousands(estimate_text(x, error, decimals)))


def value(x: float, decimals: int) -> str:
    """Any number with so many decimals.

    >>> value(-1358.2, 1), value(float("inf"), 1), value(float("nan"), 2)
    ('−1,358.2', '∞', '')
    """
    if math.isinf(x):
        return minus("-∞" if x < 0 else "∞")
    return minus(_thousands(fixed(x, decimals)))


def plain(x: float, digits: int = 3) -> str:
    """A number of a sentence, with so many significant digits.

    >>> plain(5.9123, 2), plain(-0.01234), plain(12345.6), plain(0.0)
    ('5.9', '−0.0123', '12,346', '0')
    """
    if x == 0.0 or not math.isfinite(x):
        return value(x, 0)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(x))))
    return minus(_thousands(f"{x:.{min(decimals, 8)}f}"))


def interval(low: float, high: float, decimals: int) -> str:
    """The two ends of an interval; nothing where it does not exist.

    >>> interval(-1.735, -0.89, 2), interval(float("nan"), 1.0, 2)
    ('−1.74 to −0.89', '')
    """
    if math.isnan(low) or math.isnan(high):
        return ""
    ends = [
        value(round(end, decimals) + 0.0 if math.isfinite(end) else end, decimals)
        for end in (low, high)
    ]
    return " to ".join(ends)


def _thousands(text: str) -> str:
    """Commas in the whole part of a number."""
    sign = "-" if text.startswith("-") else ""
    whole, point, rest = text.removeprefix("-").partition(".")
    if "e" in text or not whole.isdigit():
        return text
    return f"{sign}{int(whole):,}{point}{rest}"
