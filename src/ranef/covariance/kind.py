"""The names and words of a covariance structure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ranef.types import Array

__all__ = ["Kind", "Limit"]


@dataclass(frozen=True, slots=True)
class Limit:
    """Singular correlation matrices of a structure, at bounds of its correlations.

    Attributes
    ----------
    rank : int
    freedom : int
        The number of parameters on which the range of the matrix depends.
    basis : callable
        A basis of the range as a function of them, shape (q, rank).
    """

    rank: int
    freedom: int
    basis: Callable[[Array], Array]


def _no_limits(positions: Sequence[int]) -> tuple[Limit, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A structure in words. Its numbers are in the core, in a file of the same name.

    Attributes
    ----------
    name : str
        The tag in a formula.
    words : str
        As in "a covariance matrix with ...".
    free : bool
        Whether it has all covariances up to a rank: its parameters are then a triangle of T. If
        not, they are standard deviations and then correlations.
    one_variance : bool
        Whether all effects share one standard deviation.
    correlations : callable
        The names of the correlation parameters of a term, from the names of its columns.
    lowest : callable
        The lower bound of each correlation for a number of columns; the upper bound is 1.
    correlation : callable
        For columns i and j and the positions of all columns in time: (place, power). The
        correlation of the two is the parameter at `place` among the correlations to that power;
        a place of -1 means no correlation.
    limits : callable
        The singular correlation matrices, from the positions of the columns in time.
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
        """The tag of the structures with these correlations, with equal variances or not."""
        return self.name.removeprefix("hom").removeprefix("het")

    def sds(self, parameters: Array, q: int) -> Array:
        """The q standard deviations among parameters that are not a triangle."""
        own = parameters[:1] if self.one_variance else parameters[:q]
        return np.asarray(np.broadcast_to(own, (q,)))

    def n_sds(self, q: int) -> int:
        """The number of parameters that are standard deviations."""
        return 1 if self.one_variance else q
