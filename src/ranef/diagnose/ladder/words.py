"""Pieces of sentences."""

from __future__ import annotations

import math
from typing import Literal

from ranef.diagnose.ladder.rung import Test
from ranef.page.phrases import p_between, sentence

__all__ = [
    "decimals",
    "evidence",
    "number",
    "p_value",
    "sentence",
    "tested",
    "weak",
    "with_error",
]


CLEAR, WEAK = 0.05, 0.20  # p values


def decimals(error: float) -> int:
    """Decimals that show a standard error with two significant digits, at least two."""
    if not math.isfinite(error) or error <= 0.0:
        return 2
    return min(max(2, 1 - math.floor(math.log10(error))), 8)


def number(value: float, error: float) -> str:
    """A value to the digits that its standard error allows.

    Examples
    --------
    >>> number(2.7868, 0.156), number(0.16301, 0.00293), number(-0.001, 0.2)
    ('2.79', '0.1630', '0.00')
    """
    return f"{round(value, decimals(error)) + 0.0:.{decimals(error)}f}"


def with_error(value: float, error: float) -> str:
    """``2.79 (SE 0.16)``."""
    return f"{number(value, error)} (SE {number(error, error)})"


def p_value(test: Test) -> str:
    """``p = 0.052``, ``p < 0.001``, ``p between 0.025 and 0.080``."""
    return p_between(test.p_high if test.exact else test.p_low, test.p_high)


def evidence(test: Test) -> Literal["clear", "weak", "none", "open"]:
    """What a test says for the larger model.

    Where only bounds of the p value are known and the level lies between them, the test decides
    nothing: "open".
    """
    if test.p_high < CLEAR:
        return "clear"
    if test.p_low < CLEAR:
        return "open"
    return "none" if test.p_low > WEAK else "weak"


def weak(test: Test) -> str:
    """Weak evidence; "at most" where only bounds of the p value are known."""
    return "Weak evidence" if test.exact else "At most weak evidence"


def tested(test: Test) -> str:
    """Statistic, law and p value in brackets."""
    return f"({test.method} LRT {test.statistic:.2f}, {test.law}: {p_value(test)})"
