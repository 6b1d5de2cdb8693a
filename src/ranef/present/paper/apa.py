"""Numbers as the seventh edition of APA style prints them in a sentence."""

from __future__ import annotations

import math

from ranef.present.text.numbers import decimals_for, estimate_text, figure, power_of_ten
from ranef.present.text.prose import Italic, Piece

__all__ = ["apa_df", "apa_p", "apa_test", "estimate_with_error", "interval_text", "number"]

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def apa_p(p: float) -> str:
    """A p value behind its letter, without the zero before the point.

    >>> apa_p(0.0312), apa_p(1e-20), apa_p(0.9999)
    ('= .031', '< .001', '> .999')
    """
    if p < 0.001:
        return "< .001"
    return "> .999" if p > 0.9995 else f"= {p:.3f}".replace("0.", ".").replace("1.000", "1.00")


def apa_df(df: float, whole: bool = False) -> str:
    """Degrees of freedom, approximate ones with one decimal.

    >>> apa_df(1358.23), apa_df(42.0), apa_df(7181.0, whole=True)
    ('1358.2', '42.0', '7181')
    """
    return f"{df:.0f}" if whole else f"{df:.1f}"


def number(text: str) -> str:
    """A number that was rounded, with a minus sign and powers of ten as they are printed.

    >>> number("-1.30"), number("1.3e-07")
    ('−1.30', '1.3 × 10⁻⁷')
    """
    power = power_of_ten(text)
    if power is not None:
        text = f"{power[0]} × 10{str(power[1]).translate(_SUPERSCRIPTS)}"
    return text.replace("-", "−")


def estimate_with_error(x: float, error: float) -> tuple[str, str, int]:
    """An estimate and its standard error, with two significant digits of the error."""
    decimals = decimals_for([error], 2)
    return number(estimate_text(x, error, decimals)), number(figure(error, decimals)), decimals


def interval_text(low: float, high: float, error: float, decimals: int, level: float) -> str:
    """``95% CI [2.68, 3.24]``."""
    ends = ", ".join(number(estimate_text(x, error, decimals)) for x in (low, high))
    return f"{100.0 * level:.4g}% CI [{ends}]"


def apa_test(statistic: float, df: float, p: float, whole: bool = False) -> list[Piece]:
    """``t(17.0) = 6.77, p < .001``, or z without degrees of freedom."""
    letter = "z" if math.isinf(df) else "t"
    of = "" if math.isinf(df) else f"({apa_df(df, whole)})"
    value = number(f"{statistic + 0.0:.2f}")
    return [Italic(letter), f"{of} = {value}, ", Italic("p"), f" {apa_p(p)}"]
