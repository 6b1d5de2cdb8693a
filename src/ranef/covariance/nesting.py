"""Which structures are special cases of which, for the same effects.

Each line is one restriction. Most of them lie inside the larger structure: its correlations or
variances can move away in both directions. Those of a rank, and of effects that are all equal
(``ONE``), lie on its boundary. ``DIAG`` stands for independent effects with a variance each, which
are separate terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

__all__ = ["DIAG", "ONE", "has_even_steps", "is_case_of", "smaller_structures"]

DIAG = "diag"
ONE = "one"
"""One effect for all columns: an intercept, if these are the levels of a category."""

_STEPS = (
    ("rr", "us"),
    ("toep", "us"),
    ("cs", "us"),
    ("hetar1", "us"),
    (DIAG, "us"),
    ("cs", "toep"),
    ("hetar1", "toep"),
    ("homtoep", "toep"),
    ("homcs", "cs"),
    (DIAG, "cs"),
    (DIAG, "hetar1"),
    ("ar1", "hetar1"),
    ("homcs", "homtoep"),
    ("ar1", "homtoep"),
    ("homdiag", "homcs"),
    ("homdiag", "ar1"),
    ("homdiag", DIAG),
    (ONE, "rr"),
    (ONE, "homcs"),
    (ONE, "ar1"),
)
"""Smaller and larger, one restriction apart."""

_EVEN = frozenset({("hetar1", "toep"), ("ar1", "homtoep")})
"""Only if all steps in time are equal: Toeplitz correlations depend on the number of steps."""


def smaller_structures(name: str, positions: Sequence[int] = ()) -> tuple[str, ...]:
    """The structures that one restriction leads to.

    Examples
    --------
    >>> smaller_structures("toep", (0, 1, 2)), smaller_structures("toep", (0, 1, 3))
    (('cs', 'hetar1', 'homtoep'), ('cs', 'homtoep'))
    """
    even = has_even_steps(positions)
    return tuple(
        small for small, large in _STEPS if large == name and (even or (small, large) not in _EVEN)
    )


@cache
def is_case_of(small: str, large: str, even: bool = True) -> bool:
    """Whether every covariance of one structure is one of the other.

    Parameters
    ----------
    small, large : str
    even : bool
        Whether the columns are equally far apart in time.

    Examples
    --------
    >>> is_case_of("ar1", "us"), is_case_of("cs", "homtoep"), is_case_of("one", "homtoep")
    (True, False, True)
    """
    if small == large:
        return True
    return any(
        is_case_of(small, between, even)
        for between, above in _STEPS
        if above == large and (even or (between, above) not in _EVEN)
    )


def has_even_steps(positions: Sequence[int]) -> bool:
    """Whether positions in time are equally far apart."""
    steps = {b - a for a, b in pairwise(positions)}
    return len(steps) < 2
