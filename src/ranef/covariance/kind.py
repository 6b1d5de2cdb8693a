"""What readers are told of a covariance structure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ranef.types import Array

__all__ = ["Kind", "Limit"]


@dataclass(frozen=True, slots=True)
class Limit:
    """Correlation matrices of a rank below that of the others: at bounds of the correlations.

    Attributes
    ----------
    rank : int
    freedom : int
        How many numbers the range of the matrix depends on.
    basis : callable
        A basis of the range by these numbers, shape (q, rank).
    """

    rank: int
    freedom: int
    basis: Callable[[Array], Array]


def _no_limits(positions: Sequence[int]) -> tuple[Limit, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A structure in words. Its numbers are in the core, in a file of the same concept.

    Attributes
    ----------
    name : str
        The tag in a formula.
    words : str
        As in "a covariance matrix with ...".
    free : bool
        Whether the covariance can be any of some rank: parameters are then a triangle of T. Else
        they are standard deviations and then correlations.
    one_variance : bool
        Whether all standard deviations are one parameter.
    correlations : callable
        Names of the correlation parameters of a term with such columns.
    lowest : callable
        The lowest value that each correlation can have, for a number of columns; the highest is 1.
    correlation : callable
        For columns i and j and the columns' positions in time: place among the correlation
        parameters of the one whose power is the correlation of the columns, and the power; place
        -1 for no correlation.
    limits : callable
        The singular correlation matrices of columns at such positions in time.
    """

    name: str
    words: str
    free: bool = False
    one_variance: bool = False
    correlations: Callable[[Sequence[str]], tuple[str, ...]] = lambda names: ()
    lowest: Callable[[int], float] = lambda q: -1.0
    correlation: Callable[[int, int, Sequence[int]], tuple[int, int]] = lambda i, j, at: (-1, 1)
    limits: Callable[[Sequence[int]], tuple[Limit, ...]] = _no_limits

    @property
    def family(self) -> str:
        """The tag of structures with these correlations, whether or not variances are equal."""
        return self.name.removeprefix("hom").removeprefix("het")

    def parameter_names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Names of theta's entries for a term with these columns.

        For a triangle of T they are pairs of columns.
        """
        if self.free:
            raise TypeError("a triangle has no names of its own")
        sds = ("sd",) if self.one_variance else tuple(f"sd {name}" for name in names)
        return (*sds, *self.correlations(names))

    def sds(self, parameters: Array, q: int) -> Array:
        """The q standard deviations among parameters that are not a triangle."""
        own = parameters[:1] if self.one_variance else parameters[:q]
        return np.asarray(np.broadcast_to(own, (q,)))

    def n_sds(self, q: int) -> int:
        """How many of the parameters are standard deviations."""
        return 1 if self.one_variance else q
