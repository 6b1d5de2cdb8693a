"""Numbers within sentences, each kind written in one way.

Every layer takes a p value, a count, a percentage or an interval from here, so that the pages, the
findings and the ladder agree. Cells of tables have :func:`p_number`, which leaves the ``p`` to the
head of the column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence

__all__ = [
    "count",
    "figures",
    "interval_heads",
    "level_text",
    "listed",
    "one_of_them",
    "p_between",
    "p_number",
    "p_value",
    "percent",
    "sentence",
    "share",
    "whole",
]

_LEAST_P = 0.001
_LEAST_SHARE = 0.001


def whole(number: float) -> str:
    """A whole number with commas between thousands.

    >>> whole(7185), whole(160), whole(-1200)
    ('7,185', '160', '-1,200')
    """
    return f"{number:,.0f}"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number of things.

    Parameters
    ----------
    number : int
    noun : str
        For one of them.
    plural : str
        For others; `noun` with an s by default.

    Examples
    --------
    >>> count(1, "row"), count(7185, "row"), count(0, "optimum", "optima")
    ('1 row', '7,185 rows', '0 optima')
    """
    return f"{whole(number)} {noun if number == 1 else plural or f'{noun}s'}"


def one_of_them(number: int, one: str, several: str) -> str:
    """The form of a word that goes with a number of things.

    >>> f"1 row {one_of_them(1, 'is', 'are')} left", one_of_them(2, "is", "are")
    ('1 row is left', 'are')
    """
    return one if number == 1 else several


def share(part: int, total: int, noun: str, plural: str = "") -> str:
    """So many of all of them.

    >>> share(12, 7185, "row"), share(1, 1, "row")
    ('12 of 7,185 rows', '1 of 1 row')
    """
    return f"{whole(part)} of {count(total, noun, plural)}"


def percent(part: float) -> str:
    """A share of one as a percentage, to a tenth.

    What is not nothing never reads as 0%, and what is not all never as 100%.

    >>> percent(0.123), percent(0.5), percent(0.00004), percent(1.0), percent(0.99999)
    ('12.3%', '50%', '<0.1%', '100%', '>99.9%')
    """
    if math.isnan(part):
        return ""
    if 0.0 < abs(part) < 0.5 * _LEAST_SHARE:
        return f"<{100 * _LEAST_SHARE:g}%"
    shown = f"{100.0 * part:.1f}".removesuffix(".0")
    return ">99.9%" if shown == "100" and part < 1.0 - 1e-9 else f"{shown}%"


def level_text(level: float) -> str:
    """The level of an interval or of a test.

    >>> level_text(0.95), level_text(0.999)
    ('95%', '99.9%')
    """
    return f"{100.0 * level:.6g}%"


def interval_heads(level: float) -> tuple[str, str]:
    """The heads of the columns that hold the ends of an interval.

    >>> interval_heads(0.95), interval_heads(0.9)
    (('2.5%', '97.5%'), ('5%', '95%'))
    """
    tail = 0.5 * (1.0 - level)
    return f"{100.0 * tail:.4g}%", f"{100.0 * (1.0 - tail):.6g}%"


def figures(number: float, digits: int = 3, sign: bool = False) -> str:
    """A measured number to so many significant digits, written out if it is large.

    >>> figures(0.012345), figures(1234.5), figures(1.95e5, sign=True), figures(2.5e-7)
    ('0.0123', '1,230', '+195,000', '2.5e-07')
    """
    plus = "+" if sign else ""
    text = f"{number:{plus},.{digits}g}"
    if "e+" not in text or abs(number) >= 1e15:
        return text
    return f"{float(f'{number:.{digits}g}'):{plus},.0f}"


def p_number(p: float) -> str:
    """A p value below a head that says ``p``, as journals print it.

    >>> p_number(0.0312), p_number(1e-20), p_number(float("nan"))
    ('0.031', '<0.001', '')
    """
    if math.isnan(p):
        return ""
    return "<0.001" if p < _LEAST_P else f"{p:.3f}"


def p_value(p: float) -> str:
    """A p value in a sentence; empty if there is none.

    >>> p_value(0.0312), p_value(1e-20), p_value(float("nan"))
    ('p = 0.031', 'p < 0.001', '')
    """
    shown = p_number(p)
    if not shown:
        return ""
    return f"p < {shown[1:]}" if shown.startswith("<") else f"p = {shown}"


def p_between(low: float, high: float) -> str:
    """A p value of which bounds are known.

    >>> p_between(0.012, 0.052), p_between(1e-9, 0.04), p_between(0.0301, 0.0302)
    ('p between 0.012 and 0.052', 'p at most 0.040', 'p = 0.030')
    """
    if p_number(low) == p_number(high):
        return p_value(high)
    if low < _LEAST_P:
        return f"p at most {p_number(high)}"
    return f"p between {p_number(low)} and {p_number(high)}"


def listed(items: Sequence[str], most: int = 4) -> str:
    """Names in a row, and how many more there are.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b", "c"], 2)
    ('a', 'a, b and c', 'a, b and 1 more')
    """
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


_CALL = re.compile(r"(?:fit|rn)\.\w")


def sentence(text: str, names: Collection[str] = ()) -> str:
    """`text` with a capital letter and a full stop; nothing stays nothing.

    A text that begins with one of `names` keeps its first letter: a variable is as it is in the
    data. So does a call: what is to be typed has to be as it is.

    >>> sentence("the fit  is sound"), sentence("ses varies", ["ses"]), sentence("")
    ('The fit is sound.', 'ses varies.', '')
    >>> sentence("fit.r2() says")
    'fit.r2() says.'
    """
    text = " ".join(text.split())
    if not text:
        return ""
    kept = _CALL.match(text) is not None or any(_begins(text, name) for name in names)
    begin = text if kept else text[:1].upper() + text[1:]
    return begin if begin.endswith((".", "?", "!")) else f"{begin}."


def _begins(text: str, name: str) -> bool:
    return bool(name) and re.match(rf"{re.escape(name)}(?!\w)", text) is not None
