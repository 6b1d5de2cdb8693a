"""The law of the likelihood ratio of two models, one nested in the other.

Under the smaller model the ratio is the squared projection of a normal vector on the directions in
which the larger model can leave it (Self and Liang 1987; Stram and Lee 1994). A direction is free
where it stays inside the parameter space both ways: a fixed effect, a covariance, a correlation of
effects that vary. Covariances of effects that do not vary under the smaller model form the cone of
positive semidefinite matrices. Its shape is that of the information about them, everything else
being free: the expected information, at the estimates of the smaller model.

If the smaller model's own estimate lies on the boundary, the law depends on whether the truth does:
only bounds are given. The upper one is of the projection on all directions in which the larger
model leaves the face of the smaller one, those of its zero variances among them: it holds for every
truth. The lower one is the bound if the zero variances were known to be zero.

Structures bound their parameters too: :mod:`ranef.inference.structure_shape` says how.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ranef.errors import NumericalError, TooLargeError
from ranef.inference.chi_bar_square import NIL, chi_bar_square
from ranef.inference.cones import cone_tail
from ranef.inference.structure_nesting import Side
from ranef.inference.structure_shape import free_of_rank, shape_of
from ranef.problem import ProblemShape
from ranef.types import Array

__all__ = ["Law", "Place", "Tested", "boundary_law"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a smaller model lies among the covariances of a larger one.

    Attributes
    ----------
    roots : tuple of ndarray, shape (q, r)
        By term of the larger model: E of full column rank with E E' the covariance that the smaller
        model gives its effects, over sigma^2, on the data's scale.
    dims : tuple of (int, int)
        By term of the smaller model: the highest rank that its covariance can have, and its rank.
    zeros : tuple of int
        By term of the larger model: effects of the smaller one whose variance is zero in it.
    counts : tuple of (int, int)
        By term of the smaller model: parameters, and those that can move both ways.
    sides : tuple of str
        By term of the larger model: the place of the smaller one in its covariance.
    """

    roots: tuple[Array, ...]
    dims: tuple[tuple[int, int], ...]
    zeros: tuple[int, ...]
    counts: tuple[tuple[int, int], ...]
    sides: tuple[Side, ...]

    @property
    def singular(self) -> bool:
        """Whether the smaller model lies on its own boundary."""
        return any(rank < q for q, rank in self.dims)


class Tested(NamedTuple):
    """A statistic judged.

    Attributes
    ----------
    p_low, p_high : float
        The p value; two if only bounds are known.
    laws : tuple of str
        The law in words; those of the two bounds.
    """

    p_low: float
    p_high: float
    laws: tuple[str, ...]

    @property
    def law(self) -> str:
        """In words; bounds with their p values to two digits, which no column of a frame has."""
        if len(self.laws) == 1:
            return self.laws[0]
        low, high = self.laws
        return f"between {low} (p = {self.p_low:.2g}) and {high} (p = {self.p_high:.2g})"


class Law(NamedTuple):
    """How a ratio is judged.

    Attributes
    ----------
    judge : callable
        Of the statistic, deviance units: the p value and the law in words.
    exact : bool
        Whether the law is known, and not bounds alone.
    """

    judge: Callable[[float], Tested]
    exact: bool


def boundary_law(
    problem: ProblemShape,
    place: Place,
    fixed: int,
    new: Callable[[Sequence[Array]], Array],
    half_lines: int = 0,
) -> Law:
    """The law of the ratio of a model and one nested in it.

    Parameters
    ----------
    problem : ProblemShape
        The larger model's.
    place : Place
    fixed : int
        Fixed effects, and others that can move both ways, that the smaller model lacks.
    new : callable
        Of the roots of the place: the covariance matrix of the elements of the covariances that are
        bounded, all others being free (:func:`~ranef.inference.covariance_of_new.linear_new`).
    half_lines : int
        Parameters beside the covariances that the smaller model has at a bound, as a negative
        binomial response becomes Poisson.
    """
    shapes = [
        shape_of(term, root, side)
        for term, root, side in zip(problem.terms, place.roots, place.sides, strict=True)
    ]
    own = sum(movable for _, movable in place.counts)
    free = sum(shape.free for shape in shapes) - own + fixed
    most = sum(shape.most for shape in shapes) - own + fixed + half_lines
    if _same_random_part(problem, place):
        return _with_half_lines(fixed, half_lines)
    if place.singular:
        return _bounds(_if_known_to_be_zero(problem, place, fixed), _highest(most))
    cones = [shape for shape in shapes if shape.cone != 0]
    sizes = [shape.cone for shape in cones]
    if not sizes:
        return _with_half_lines(free, half_lines)
    if half_lines:
        return _bounds(_lowest(max(free, fixed), True), _highest(most))
    if sizes == [1]:
        return _known({free: 0.5, free + 1: 0.5})
    if not all(shape.of_matrices for shape in cones):
        return _bounds(_lowest(max(free, fixed), True), _highest(most))
    try:
        tail = cone_tail(new(place.roots), sizes, free)
    except (TooLargeError, NumericalError, np.linalg.LinAlgError):
        return _bounds(_lowest(free, True), _highest(most))
    if tail.weights is not None:
        return _known(tail.weights)

    def judge(statistic: float) -> Tested:
        p = tail.p(statistic if statistic > NIL else 0.0)
        law = f"mixture of chi2({free}) to chi2({most})"
        law += f", simulated (p to {2.0 * tail.error(statistic):.1g})"
        return Tested(p, p, (law,))

    return Law(judge, exact=True)


def _with_half_lines(free: int, half_lines: int) -> Law:
    """Free directions and half lines, of which the angles between several are not known."""
    if half_lines < 2:
        return _known(_lowest(free, half_lines == 1))
    return _bounds(_lowest(free, True), _highest(free + half_lines))


def _same_random_part(problem: ProblemShape, place: Place) -> bool:
    """Whether the smaller model has as many covariance parameters as the larger one."""
    return problem.n_theta == sum(parameters for parameters, _ in place.counts)


def _if_known_to_be_zero(problem: ProblemShape, place: Place, fixed: int) -> dict[int, float]:
    """The law of the ratio if the smaller model's variances of zero are taken out of both models.

    For structures it is known only whether something is tested.
    """
    plain = all(term.structure == "us" or term.q == 1 for term in problem.terms)
    if not plain or any(parameters != _count(q) for (q, _), (parameters, _) in
                        zip(place.dims, place.counts, strict=True)):  # fmt: skip
        return _lowest(fixed, True)
    kept = [term.q - z for term, z in zip(problem.terms, place.zeros, strict=True)]
    ranks = [root.shape[1] for root in place.roots]
    low = sum(free_of_rank(q, r) for q, r in zip(kept, ranks, strict=True))
    low += fixed - sum(_count(r) for _, r in place.dims)
    # With nothing left to test, still one direction: that of a covariance of the zero variance.
    bounded = low == 0 or any(q > r for q, r in zip(kept, ranks, strict=True))
    return _lowest(low, bounded)


def _words(weights: Mapping[int, float]) -> str:
    """A mixture as a reader sees it.

    >>> _words({1: 0.5, 2: 0.5}), _words({2: 1.0}), _words({0: 0.37, 1: 0.5, 2: 0.13})
    ('half chi2(1), half chi2(2)', 'chi2(2)', '0.37 0, 0.50 chi2(1), 0.13 chi2(2)')
    """
    if len(weights) == 1:
        return _chi2(next(iter(weights)))
    if all(weight == 0.5 for weight in weights.values()):
        return ", ".join(f"half {_chi2(df)}" for df in weights)
    return ", ".join(f"{weight:.2f} {_chi2(df)}" for df, weight in weights.items())


def _chi2(df: int) -> str:
    return f"chi2({df})" if df else "0"


def _known(weights: Mapping[int, float]) -> Law:
    def judge(statistic: float) -> Tested:
        p = chi_bar_square(statistic, weights)
        return Tested(p, p, (_words(weights),))

    return Law(judge, exact=True)


def _bounds(low: dict[int, float], high: dict[int, float]) -> Law:
    if low == high:
        return _known(low)

    def judge(statistic: float) -> Tested:
        p_low, p_high = chi_bar_square(statistic, low), chi_bar_square(statistic, high)
        return Tested(p_low, p_high, (_words(low), _words(high)))

    return Law(judge, exact=False)


def _lowest(free: int, bounded: bool) -> dict[int, float]:
    return {free: 0.5, free + 1: 0.5} if bounded else {free: 1.0}


def _highest(most: int) -> dict[int, float]:
    """A cone that is not a subspace of its dimension has half of its weight below that."""
    return {most - 1: 0.5, most: 0.5}


def _count(q: int) -> int:
    return q * (q + 1) // 2
