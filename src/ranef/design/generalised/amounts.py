"""Counts and amounts, each in the range of its family."""

from __future__ import annotations

import numpy as np

from ranef.design.generalised.record import GeneralisedResponse
from ranef.design.generalised.sides import Side, not_whole
from ranef.formula.nodes import Call
from ranef.formula.render import to_source
from ranef.types import Array

__all__ = [
    "code_count",
    "code_not_negative",
    "code_positive",
    "code_positive_count",
    "code_proportion",
    "code_real",
]

_CHECK = "check the column and the rows that were selected"
_MISSING = "make it missing if it stands for a missing value"


def code_count(side: Side) -> GeneralisedResponse:
    """Whole numbers from 0 on."""
    return _done(side, _counts(side), all_equal=0.0)


def code_positive_count(side: Side) -> GeneralisedResponse:
    """Whole numbers from 1 on."""
    y = _counts(side)
    side.refuse_rows(
        y == 0.0,
        y,
        f"the response '{side.name}' has zeros, and {side.family.name} counts have none",
        f'subset="{to_source(side.expr)} > 0" leaves them out; family="hurdle_poisson" or '
        '"hurdle_nbinom2" models them too',
    )
    return _done(side, y, all_equal=1.0)


def code_real(side: Side) -> GeneralisedResponse:
    """Any finite numbers."""
    return _done(side, _numbers(side))


def code_positive(side: Side) -> GeneralisedResponse:
    """Numbers above 0."""
    y = _numbers(side)
    _refuse_negative(side, y, 'family="gaussian" takes negative numbers')
    what = f"the response '{side.name}' has zeros, and {side.family.name} responses have none"
    fix = 'family="tweedie" is for amounts of which some are zero'
    side.refuse_rows(y == 0.0, y, what, fix)
    return _done(side, y)


def code_not_negative(side: Side) -> GeneralisedResponse:
    """Numbers from 0 on."""
    y = _numbers(side)
    _refuse_negative(side, y, 'family="gaussian" takes negative numbers')
    return _done(side, y)


def code_proportion(side: Side) -> GeneralisedResponse:
    """Numbers strictly between 0 and 1."""
    y = _numbers(side)
    what = f"the response '{side.name}' is not between 0 and 1"
    percent = bool((y >= 0.0).all()) and float(y.max()) <= 100.0
    fix = 'family="gaussian" takes any numbers'
    if percent:
        fix = 'divide percentages by 100; family="gamma" is for positive amounts'
    side.refuse_rows((y < 0.0) | (y > 1.0), y, what, fix)
    n = y.size  # the transformation of Smithson and Verkuilen (2006)
    side.refuse_rows(
        (y == 0.0) | (y == 1.0),
        y,
        f"the response '{side.name}' reaches 0 or 1, and beta responses lie strictly between",
        "cbind(hits, misses) with binomial or betabinomial is for proportions of counts; if 0 and "
        f"1 come from rounding, (y * {n - 1} + 0.5) / {n} moves them inside",
    )
    return _done(side, y)


def _numbers(side: Side) -> Array:
    if isinstance(side.expr, Call) and side.expr.function == "cbind":
        raise side.error(
            f"cbind() is a response of successes and failures, not of {side.family.name}",
            side.name,
            'use family="binomial" or "betabinomial", or one column as response',
        )
    side.refuse_category()
    return side.numbers()


def _counts(side: Side) -> Array:
    y = _numbers(side)
    _refuse_negative(side, y, "counts are whole numbers from 0 on")
    side.refuse_rows(
        not_whole(y),
        y,
        f"the response '{side.name}' is not a whole number, and counts are",
        "a rate becomes a count with offset(log(exposure)) in the formula; "
        'family="gamma" or "tweedie" is for amounts',
    )
    return np.rint(y)


def _refuse_negative(side: Side, y: Array, fix: str) -> None:
    what = f"the response '{side.name}' is negative, and {side.family.name} responses are not"
    side.refuse_rows(y < 0.0, y, what, f"{fix}; {_MISSING}")


def _done(side: Side, y: Array, all_equal: float | None = None) -> GeneralisedResponse:
    """Refuse the constants that leave nothing to estimate."""
    if all_equal is None or bool((y == all_equal).all()):
        side.refuse_constant(y, _CHECK)
    return GeneralisedResponse(side.name, y, side.weights)
