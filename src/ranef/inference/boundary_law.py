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
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ranef.core import Direction, TermBlock
from ranef.covariance import kind_of, structure_of
from ranef.errors import NumericalError, TooLargeError
from ranef.inference.chi_bar_square import NIL, chi_bar_square
from ranef.inference.cones import cone_tail
from ranef.inference.ddf.directions import symmetric_basis
from ranef.inference.ddf.expected import expected
from ranef.inference.ddf.gram import gram
from ranef.inference.ddf.traces import traces
from ranef.problem import Problem, nearest
from ranef.problem.parameters import group_lambdas
from ranef.solve.solution import evaluate_at
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
        By term of the smaller model: effects, or the most rank that their covariance can have, and
        its rank.
    zeros : tuple of int
        By term of the larger model: effects of the smaller one whose variance is zero in it.
    own : int or None
        Covariance parameters of the smaller model, if a covariance of either has a structure.
    """

    roots: tuple[Array, ...]
    dims: tuple[tuple[int, int], ...]
    zeros: tuple[int, ...]
    own: int | None = None

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
        """In words; bounds with their p values."""
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


def boundary_law(problem: Problem, place: Place, fixed: int) -> Law:
    """The law of the ratio of a model and one nested in it.

    Parameters
    ----------
    problem : Problem
        The larger model's.
    place : Place
    fixed : int
        Fixed effects that the smaller model lacks.
    """
    if place.own is not None or not all(map(_is_plain, problem.terms)):
        return _of_structures(problem.terms, place, fixed)
    widths = [term.q for term in problem.terms]
    ranks = [root.shape[1] for root in place.roots]
    sizes = [q - r for q, r in zip(widths, ranks, strict=True) if q > r]
    own = sum(_free(q, r) for q, r in place.dims)
    free = sum(_free(q, r) for q, r in zip(widths, ranks, strict=True)) - own + fixed
    most = sum(_count(q) for q in widths) - own + fixed
    if _same_random_part(widths, place):
        return _known({fixed: 1.0})
    if place.singular:
        kept = [q - z for q, z in zip(widths, place.zeros, strict=True)]
        low = sum(_free(q, r) for q, r in zip(kept, ranks, strict=True))
        low += fixed - sum(_count(r) for _, r in place.dims)
        # With nothing left to test, still one direction: that of a covariance of the zero variance.
        bounded = low == 0 or any(q > r for q, r in zip(kept, ranks, strict=True))
        return _bounds(_lowest(low, bounded), _highest(most))
    if not sizes:
        return _known({free: 1.0})
    if sizes == [1]:
        return _known({free: 0.5, free + 1: 0.5})
    try:
        covariance = _covariance_of_new(problem, place.roots)
        tail = cone_tail(covariance, sizes, free)
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


def _is_plain(term: TermBlock) -> bool:
    return kind_of(term).free and structure_of(term).most_rank == term.q


def _of_structures(terms: Sequence[TermBlock], place: Place, fixed: int) -> Law:
    """The law where covariances have structures.

    Where the smaller model is inside of the larger one's parameters, all directions are free. Where
    one parameter alone is at a bound, a variance of zero or the correlation of effects that are
    one, a half of the weight is without it. Else there are bounds: a structure's covariances are
    some of all, whose cone has a direction for each element.
    """
    own = place.own or 0
    df = sum(structure_of(term).size for term in terms) - own + fixed
    if df == fixed:
        return _known({fixed: 1.0})
    ranks = [root.shape[1] for root in place.roots]
    low = [
        (term, rank)
        for term, rank in zip(terms, ranks, strict=True)
        if rank < structure_of(term).most_rank
    ]
    if not place.singular and not low:
        return _known({df: 1.0})
    if not place.singular and len(low) == 1 and _at_one_bound(*low[0]):
        return _known({df - 1: 0.5, df: 0.5})
    inside = sum(structure_of(term).size for term in terms) - sum(
        structure_of(term).size - _count(term.q) for term, _ in low
    )
    most = inside + fixed - (0 if place.singular else own)
    return _bounds(_lowest(fixed, True), _highest(most))


def _at_one_bound(term: TermBlock, rank: int) -> bool:
    """Whether a single parameter is at a bound, about which the others are smooth."""
    if rank == 0:
        return structure_of(term).size == 1
    kind = kind_of(term)
    return not kind.free and rank == 1 and structure_of(term).size == kind.n_sds(term.q) + 1


def _same_random_part(widths: Sequence[int], place: Place) -> bool:
    """Whether the smaller model has as many covariance parameters as the larger one."""
    return sum(map(_count, widths)) == sum(_count(q) for q, _ in place.dims)


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


def _free(q: int, rank: int) -> int:
    """Directions in which a q x q covariance of some rank can move both ways."""
    return _count(q) - _count(q - rank)


def _covariance_of_new(problem: Problem, roots: Sequence[Array]) -> Array:
    """Covariance matrix of the elements that are bounded, all others being free.

    They are those of N'DN with N the null space of each term's covariance under the smaller model.
    """
    widths = [q for _, q in problem.products.sizes]
    directions, bounded, blocks = [], [], []
    for term, b, root in zip(problem.terms, problem.scaling.B, roots, strict=True):
        inner = np.linalg.solve(b, root)
        blocks.append(inner @ inner.T)
        turn = np.linalg.qr(inner, mode="complete")[0] if root.shape[1] else np.eye(term.q)
        own = slice(term.offset, term.offset + term.q)
        for (i, j), e in zip(
            zip(*np.triu_indices(term.q), strict=True), symmetric_basis(term.q), strict=True
        ):
            d = np.zeros((widths[term.group], widths[term.group]))
            d[own, own] = turn @ e @ turn.T
            directions.append(Direction(term.group, d))
            bounded.append(min(i, j) >= root.shape[1])
    theta = nearest(problem.terms, blocks)
    kernel = problem.kernel()
    evaluate_at(problem, kernel, theta)
    found = gram(problem, [t @ t.T for t in group_lambdas(problem, theta)])
    phi: Array = np.linalg.cholesky(kernel.xx_inverse).astype(np.float64, copy=False)
    w = expected(found, directions, phi, problem.n, traces(found, directions)).covariance
    at = np.flatnonzero(bounded)
    return np.asarray(w[np.ix_(at, at)])
