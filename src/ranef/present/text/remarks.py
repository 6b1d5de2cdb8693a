"""Sentences that more than one page says."""

from __future__ import annotations

from ranef.page.phrases import whole

__all__ = ["not_shown"]


def not_shown(number: int, elsewhere: str) -> str:
    """That coefficients have no column of their own, and where they are.

    >>> not_shown(1, ": see frame")
    'One coefficient, the one that changes least, is not shown: see frame.'
    >>> not_shown(3, "; remedies lists them all")
    'The 3 coefficients that change least are not shown; remedies lists them all.'
    """
    if number == 1:
        return f"One coefficient, the one that changes least, is not shown{elsewhere}."
    return f"The {whole(number)} coefficients that change least are not shown{elsewhere}."
