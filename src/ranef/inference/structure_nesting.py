"""Whether a term with a structure contains the terms of a smaller model, and where in it they lie.

A matrix M maps the effects of the smaller model to those of the larger one: the covariance D
becomes M D M'. A covariance without structure contains all such matrices, one of reduced rank those
of no higher rank. Other structures contain, for the same columns, a structure that is a special
case (see :mod:`ranef.covariance.nesting`), independent effects of single columns, one effect that
all columns share, and such an effect together with independent ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from ranef.core import TermBlock
from ranef.covariance import kind_of, structure_of
from ranef.covariance.nesting import DIAG, ONE, has_even_steps, is_case_of
from ranef.design.terms import RandomTerm
from ranef.types import Array

__all__ = ["Guest", "Side", "holds", "most_rank", "parameters_of", "side_of"]

EQUAL = 1e-6  # of the largest element of a matrix M
EXCHANGEABLE = frozenset({"homdiag", "cs", "homcs"})
"""Structures in which the order of the columns does not matter."""

Side = Literal["free", "inside", "edge", "apart"]
"""Where a smaller model lies in the covariance of a term.

``"free"``: any covariance, of any rank. ``"inside"``: the parameters of the structure can move both
ways. ``"edge"``: all variances are positive, and correlations are 1. ``"apart"``: variances are
zero, and some of the other parameters have no meaning.
"""


class Guest(NamedTuple):
    """A smaller model's term within one of a larger model.

    ``maps``: M for each of the groups that a level of the larger term holds; one if the groups
    are the same.
    """

    term: RandomTerm
    maps: tuple[Array, ...]


def most_rank(term: RandomTerm) -> int:
    """The highest rank that the covariance of a term can have."""
    return structure_of(_block(term)).most_rank


def parameters_of(term: RandomTerm, covariance: Array, rank: int) -> tuple[int, int]:
    """Parameters of a term, and those of them that can move both ways at an estimate.

    If a structure is singular, at least its positive standard deviations can.
    """
    block = _block(term)
    size = structure_of(block).size
    if kind_of(block).free:
        return size, rank * term.q - rank * (rank - 1) // 2
    if rank == term.q:
        return size, size
    positive = int(np.count_nonzero(np.diag(covariance) > 0.0))
    return size, min(positive, kind_of(block).n_sds(term.q))


def holds(term: RandomTerm, guests: Sequence[Guest]) -> bool:
    """Whether a term of the larger model contains these terms of the smaller one together."""
    if kind_of(_block(term)).free:
        rank = sum(len(guest.maps) * most_rank(guest.term) for guest in guests)
        return term.structure == "us" or term.q == 1 or rank <= term.rank
    return not guests or _form(term, guests) is not None


def side_of(term: RandomTerm, guests: Sequence[Guest]) -> Side:
    """Where in a term's covariance those of the smaller model lie."""
    if kind_of(_block(term)).free:
        return "free"
    match _form(term, guests) if guests else None:
        case "same" | "each":
            return "inside"
        case "one":
            return "edge"
        case _:
            return "apart"


def _form(
    term: RandomTerm, guests: Sequence[Guest]
) -> Literal["same", "each", "some", "one"] | None:
    """Which of the forms that a structure holds the smaller model's terms have together."""
    even = has_even_steps(term.positions)
    if len(guests) == 1 and guests[0].term.q > 1 and len(guests[0].maps) == 1:
        return _of_one(term, guests[0], even)
    if any(guest.term.q > 1 for guest in guests):
        return None
    alike = [guest for guest in guests if len(guest.maps) == 1 and _is_constant(guest.maps[0])]
    each = [guest for guest in guests if len(guest.maps) == term.q and _is_unit(_columns([guest]))]
    if each and len(each) + len(alike) == len(guests) <= 2:
        # One effect for all columns and one for each add to compound symmetry.
        return "same" if is_case_of("homcs" if alike else "homdiag", term.structure, even) else None
    if len(guests) == len(alike) == 1 and is_case_of(ONE, term.structure, even):
        return "one"
    columns = _columns(guests)
    if _is_unit(columns) and is_case_of(DIAG, term.structure, even):
        return "each" if columns.shape[1] == term.q else "some"
    return None


def _of_one(term: RandomTerm, guest: Guest, even: bool) -> Literal["same", "some"] | None:
    """Several effects within a structure: those of all columns, or of some of them."""
    own, m = guest.term, guest.maps[0]
    if not _is_unit(m) or not is_case_of(own.structure, term.structure, even):
        return None
    moved = not np.array_equal(np.argmax(np.abs(m), axis=0), np.arange(own.q))
    if moved and not {own.structure, term.structure} <= EXCHANGEABLE:
        return None
    if own.q == term.q:
        return "same"
    return "some" if term.structure == "cs" else None


def _columns(guests: Sequence[Guest]) -> Array:
    return np.hstack([m for guest in guests for m in guest.maps])


def _is_unit(m: Array) -> bool:
    """Whether the columns are different unit vectors."""
    at = np.argmax(np.abs(m), axis=0)
    wanted = np.zeros_like(m)
    wanted[at, np.arange(m.shape[1])] = 1.0
    return len(set(at.tolist())) == at.size and bool(np.all(np.abs(m - wanted) < EQUAL))


def _is_constant(m: Array) -> bool:
    return bool(np.all(np.abs(m - m[0, 0]) < EQUAL * np.abs(m).max()))


def _block(term: RandomTerm) -> TermBlock:
    return TermBlock(0, 0, term.q, term.structure, term.rank, term.positions)
