"""Whether one model is nested in another, and where it lies among the larger one's parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.design.grouping import learn_grouping
from ranef.design.terms import RandomTerm
from ranef.inference.boundary_law import Place
from ranef.inference.same_data import AnyRows
from ranef.inference.spanning import spanning_both
from ranef.inference.structure_nesting import (
    Guest,
    holds,
    most_rank,
    parameters_of,
    side_of,
)
from ranef.types import Array, Codes

__all__ = ["FixedParts", "NotNested", "Variances", "fixed_parts", "place_of"]

SPAN = 1e-7  # of a column's length: what lies outside of a span, as for columns left out of X
RANK = 1e-9  # of the largest singular value


class NotNested(Exception):
    """Says which part of the smaller model is not in the larger one."""


class FixedParts(NamedTuple):
    """How the fixed part of a smaller model stands to the larger one's.

    Attributes
    ----------
    fewer : int
        Coefficients that the smaller model lacks.
    coding : float
        log det X'X of the smaller model less that of the larger one, if they span the same columns:
        their REML criteria differ by it, whatever the variances.
    """

    fewer: int
    coding: float


def fixed_parts(small: AnyRows, large: AnyRows, order: NDArray[np.int64] | None) -> FixedParts:
    """Compare the columns of X.

    Raises
    ------
    NotNested
        A column of the smaller model is not a combination of the larger one's.
    """
    small, large = spanning_both(small, large)
    x, x0 = large.design.X, small.design.X
    if order is not None:
        x0 = x0[order]
    if x.shape == x0.shape and np.array_equal(x, x0):
        return FixedParts(0, 0.0)
    sizes, sizes0 = (np.sqrt(np.sum(m**2, axis=0)) for m in (x, x0))
    q, r = np.linalg.qr(x / sizes)
    outside = x0 / sizes0
    outside = outside - q @ (q.T @ outside)
    outside = outside - q @ (q.T @ outside)
    for name, rest in zip(small.design.x_names, outside.T, strict=True):
        if float(np.sqrt(rest @ rest)) > SPAN:
            raise NotNested(f"the fixed effect {name}")
    fewer = x.shape[1] - x0.shape[1]
    coding = 0.0
    if fewer == 0 and x.shape[1]:
        r0 = np.linalg.qr(x0 / sizes0, mode="r")
        logs = [
            float(np.sum(np.log(np.abs(np.diag(m))) + np.log(s)))
            for m, s in ((r0, sizes0), (r, sizes))
        ]
        coding = 2.0 * (logs[0] - logs[1])
    return FixedParts(fewer, coding)


@dataclass(frozen=True, slots=True)
class Variances:
    """Random-effects terms with their covariances over sigma^2 and the ranks of these."""

    data: AnyRows
    covariances: tuple[Array, ...]
    ranks: tuple[int, ...]


def place_of(small: Variances, large: AnyRows, order: NDArray[np.int64] | None) -> Place:
    """Where the smaller model lies among the covariances of the larger one.

    Each of its random-effects terms has to be one of a single term of the larger model: with the
    same groups, and effects that are combinations of that term's; or for groups within these, as
    ``(1 | g:f)`` is a case of ``(0 + f | g)`` if f has the same levels in each g. Independent
    effects of one variance may be in several terms. A structure of the larger term has to hold
    what becomes of the effects (see :mod:`ranef.inference.structure_nesting`).

    Raises
    ------
    NotNested
        A term of the smaller model is not.
    """
    own, large = spanning_both(small.data, large)
    terms = large.design.terms
    parts: list[list[Array]] = [[] for _ in terms]
    guests: list[list[Guest]] = [[] for _ in terms]
    dims, counts, zeros = [], [], [0] * len(terms)
    for term, covariance, rank in zip(
        own.design.terms, small.covariances, small.ranks, strict=True
    ):
        root = _root(covariance, rank)
        homes = _homes(term, terms, large, order)
        if homes is None:
            raise NotNested(_spelt(term))
        for at, maps in homes:
            # Each of several terms holds some of the effects.
            here = root if len(homes) == 1 else root[: maps[0].shape[1], : maps[0].shape[1]]
            parts[at] += [m @ here for m in maps]
            guests[at].append(Guest(term, tuple(maps)))
            zeros[at] += 0 if len(homes) > 1 else len(maps) * (term.q - rank)
        dims.append((most_rank(term), rank))
        counts.append(parameters_of(term, covariance, rank))
    for term, held in zip(terms, guests, strict=True):
        for guest in held:
            if not holds(term, held):
                raise NotNested(_spelt(guest.term))
    roots = tuple(
        _independent(np.hstack(found) if found else np.zeros((term.q, 0)))
        for term, found in zip(terms, parts, strict=True)
    )
    sides = tuple(side_of(term, held) for term, held in zip(terms, guests, strict=True))
    return Place(roots, tuple(dims), tuple(zeros), tuple(counts), sides)


def _spelt(term: RandomTerm) -> str:
    names = " + ".join("1" if name == "Intercept" else name for name in term.names)
    tag = "" if term.structure == "us" or term.q == 1 else f"{term.structure}"
    return f"the random part {tag}({names} | {term.factor})"


def _root(covariance: Array, rank: int) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    kept = slice(covariance.shape[0] - rank, None)
    return np.asarray(vectors[:, kept] * np.sqrt(np.maximum(values[kept], 0.0)))


def _independent(columns: Array) -> Array:
    """Columns of full rank with the same products E E'."""
    if not columns.shape[1]:
        return columns
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    kept = sizes > RANK * sizes[0]
    return np.asarray(left[:, kept] * sizes[kept])


def _homes(
    term: RandomTerm,
    terms: Sequence[RandomTerm],
    large: AnyRows,
    order: NDArray[np.int64] | None,
) -> list[tuple[int, list[Array]]] | None:
    """The larger model's term that holds this one, or those that do."""
    whole = _home(term, terms, large, order)
    if whole is not None:
        return [whole]
    if term.structure != "homdiag":
        return None
    alone = [_home(_effect(term, j), terms, large, order) for j in range(term.q)]
    return None if any(home is None for home in alone) else [h for h in alone if h is not None]


def _effect(term: RandomTerm, j: int) -> RandomTerm:
    """One of independent effects as a term."""
    return replace(term, names=term.names[j : j + 1], columns=term.columns.take([j]))


def _home(
    term: RandomTerm,
    terms: Sequence[RandomTerm],
    large: AnyRows,
    order: NDArray[np.int64] | None,
) -> tuple[int, list[Array]] | None:
    """The larger model's term that holds this one, and how its effects are made of that one's.

    Terms of the same names come first: another one may hold it by chance.
    """
    codes, z = term.codes, term.Z
    if order is not None:
        codes, z = codes[order], z[order]
    by_name = sorted(range(len(terms)), key=lambda k: not set(term.names) <= set(terms[k].names))
    for k in by_name:
        same = (
            _same_groups(codes, term.n_levels, terms[k])
            if large.elsewhere is None
            else term.factor == terms[k].factor
        )
        if same:
            made = _combination(terms[k].Z, z)
            if made is not None:
                return k, [made]
    for k in by_name:
        within = _cells(term, terms[k], codes, large)
        if within is None:
            continue
        maps = []
        for cell in range(int(within.max()) + 1):
            made = _combination(terms[k].Z, np.where((within == cell)[:, None], z, 0.0))
            if made is None:
                break
            maps.append(made)
        else:
            return k, maps
    return None


def _same_groups(codes: Codes, n_levels: int, term: RandomTerm) -> bool:
    return n_levels == term.n_levels and _within(codes, n_levels, term)


def _within(codes: Codes, n_levels: int, term: RandomTerm) -> bool:
    """Whether each level of `codes` lies in a single level of the term's factor."""
    one = np.zeros(n_levels, dtype=term.codes.dtype)
    one[codes] = term.codes
    return bool(np.array_equal(one[codes], term.codes))


def _cells(term: RandomTerm, home: RandomTerm, codes: Codes, large: AnyRows) -> Codes | None:
    """For groups that are made of a larger factor and others: the levels of the others."""
    own, outer = term.factor.split(":"), set(home.factor.split(":"))
    rest = tuple(name for name in own if name not in outer)
    if not rest or not outer <= set(own) or not all(name in large.table for name in rest):
        return None
    if large.elsewhere is not None:
        large.elsewhere.missed(f"which levels of {term.factor} lie in which of {home.factor}")
    if not _within(codes, term.n_levels, home):
        return None
    return learn_grouping(rest, large.table)[1]


def _combination(z: Array, wanted: Array) -> Array | None:
    """B with z B = wanted, if there is one."""
    sizes = np.sqrt(np.sum(z**2, axis=0))
    sizes[sizes == 0.0] = 1.0
    made = np.linalg.lstsq(z / sizes, wanted, rcond=None)[0] / sizes[:, None]
    apart = np.sqrt(np.sum((wanted - z @ made) ** 2, axis=0))
    if np.any(apart > SPAN * np.sqrt(np.sum(wanted**2, axis=0))):
        return None
    return np.asarray(made)
