"""Sums in fixed point, which have the same bits in any order of the rows.

A sum of floats depends on the order of its terms in its last digits. Terms of at most 1 in size,
written as whole numbers of a small unit, add up without rounding, so that the order is lost. Each
column is therefore brought to [-1, 1] by a shift and a power of two that do not depend on the order
either: its smallest and largest value, which a pass over the rows finds first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranef.errors import DataError
from ranef.types import Array, Codes

__all__ = [
    "LOGARITHM",
    "UNIT_BITS",
    "Bounds",
    "limb_name",
    "limb_sums",
    "put_together",
    "size_of",
]

LIMBS = 3
LIMB_BITS = 30
"""Bits of a whole number that stands for a part of a term: 2^22 of them add up in a float64."""

UNIT_BITS = 80
"""The unit is 2^-80 in databases: 2^46 rows fit into whole numbers of 128 bits."""

LOGARITHM = 1024.0
"""No logarithm of a float64 is larger."""

_ROWS_AT_ONCE = 2**22
_MOST_ROWS = 2**32


@dataclass(frozen=True, slots=True)
class Bounds:
    """Ends of what is summed, over all rows in which it is there.

    Attributes
    ----------
    low, high : ndarray, shape (c,)
        Of the columns of a plan.
    numbers : mapping of str to tuple of float
        Of the variables of numbers.
    weight : float
        The largest weight.
    """

    low: Array
    high: Array
    numbers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    weight: float = 1.0

    def middle(self) -> Array:
        """Shifts, 0 for the constant."""
        middle = self.low + 0.5 * (self.high - self.low)
        middle[0] = 0.0
        return middle

    def scales(self, shifts: Array) -> Array:
        """Powers of two that bring every value less its shift to [-1, 1]; 1 for the constant."""
        scales = np.array(
            [
                size_of(max(high - shift, shift - low))
                for low, high, shift in zip(self.low, self.high, shifts, strict=True)
            ]
        )
        scales[0] = 1.0
        return scales

    @property
    def weight_size(self) -> float:
        return size_of(self.weight)


def size_of(value: float) -> float:
    """The power of two that is at least as large; 1 for 0."""
    if not value > 0.0:
        return 1.0
    fraction, exponent = np.frexp(value)
    return float(np.ldexp(1.0, int(exponent) - (1 if fraction == 0.5 else 0)))


def limb_name(name: str, k: int) -> str:
    """The column that holds one part of a sum."""
    return f"{name}/{k}"


def limb_sums(values: Array, codes: Codes, n: int) -> list[NDArray[np.int64]]:
    """Sums by level as whole numbers, the coarsest first.

    Parameters
    ----------
    values : ndarray, shape (rows,)
        At most 1 in size.
    codes : ndarray of int32, shape (rows,)
        Their levels.
    n : int
        Levels.

    Returns
    -------
    list of ndarray of int64, shape (n,)
        Of 2^-30, 2^-60 and 2^-90.
    """
    out = [np.zeros(n, dtype=np.int64) for _ in range(LIMBS)]
    for start in range(0, values.size, _ROWS_AT_ONCE):
        rest = values[start : start + _ROWS_AT_ONCE]
        own = codes[start : start + _ROWS_AT_ONCE]
        for k in range(LIMBS):
            scaled = rest * 2.0**LIMB_BITS
            whole = np.rint(scaled)
            # Whole numbers below 2^53 add up without rounding in floats.
            out[k] += np.bincount(own, weights=whole, minlength=n).astype(np.int64)
            rest = scaled - whole
    return out


def put_together(limbs: list[NDArray[np.int64]], rows: int) -> Array:
    """The sums as floats.

    Raises
    ------
    DataError
        More rows than the whole numbers have room for.
    """
    if rows > _MOST_ROWS:
        raise DataError(
            "there are too many rows for sums in fixed point",
            found=f"{rows:,} rows, at most {_MOST_ROWS:,}",
            fix="leave out exact=True",
        )
    carried = [limb.copy() for limb in limbs]
    for k in range(len(carried) - 1, 0, -1):  # so that what is small is not a difference
        carry = (carried[k] + (1 << (LIMB_BITS - 1))) >> LIMB_BITS
        carried[k] -= carry << LIMB_BITS
        carried[k - 1] += carry
    total = np.zeros(limbs[0].shape)
    for limb in reversed(carried):
        total = (total + limb.astype(np.float64)) * 2.0**-LIMB_BITS
    return total
