"""What is kept of a variable of numbers beside its products: where its values lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.types import Array

__all__ = ["NumberSums", "numbers_added", "sums_of_values"]

_PAIR = 1e-9
"""Share of the squared range: if (x - low)(high - x) has a smaller mean, x has only two values."""


@dataclass(frozen=True, slots=True)
class NumberSums:
    """Sums over the rows of one variable.

    Attributes
    ----------
    count : int
    middle : float
        What the sums are about.
    total, squares : float
        Of the values less the middle.
    low, high : float
    """

    count: int
    middle: float
    total: float
    squares: float
    low: float
    high: float

    @property
    def mean(self) -> float:
        return self.middle + self.total / self.count

    @property
    def sd(self) -> float:
        mean = self.total / self.count
        return float(np.sqrt(max(self.squares / self.count - mean**2, 0.0)))

    @property
    def is_pair(self) -> bool:
        """Whether all values are the smallest or the largest: (x - low)(high - x) adds up to 0."""
        low, high = self.low - self.middle, self.high - self.middle
        left = (low + high) * self.total - self.squares - self.count * low * high
        return bool(high > low and left <= _PAIR * self.count * (high - low) ** 2)

    def about(self, middle: float) -> NumberSums:
        """The same about another middle."""
        move = self.middle - middle
        return NumberSums(
            self.count,
            middle,
            self.total + self.count * move,
            self.squares + 2.0 * move * self.total + self.count * move**2,
            self.low,
            self.high,
        )


def sums_of_values(values: Array, middle: float) -> NumberSums:
    """The sums over some rows."""
    moved = values - middle
    return NumberSums(
        values.size,
        middle,
        float(moved.sum()),
        float(moved @ moved),
        float(values.min()),
        float(values.max()),
    )


def numbers_added(a: NumberSums, b: NumberSums) -> NumberSums:
    """The sums over the rows of both."""
    b = b.about(a.middle)
    return NumberSums(
        a.count + b.count,
        a.middle,
        a.total + b.total,
        a.squares + b.squares,
        min(a.low, b.low),
        max(a.high, b.high),
    )
