"""The covariance structures: one line for each."""

from __future__ import annotations

from functools import lru_cache

from ranef.core import Structure, TermBlock, core_structure
from ranef.covariance.autoregressive import AR1, HETAR1
from ranef.covariance.compound_symmetry import CS, HOMCS
from ranef.covariance.identity import HOMDIAG
from ranef.covariance.kind import Kind
from ranef.covariance.toeplitz import HOMTOEP, TOEP
from ranef.covariance.unstructured import REDUCED_RANK, UNSTRUCTURED

__all__ = ["KINDS", "kind_of", "structure_of"]

KINDS = {
    kind.name: kind
    for kind in (
        UNSTRUCTURED,
        REDUCED_RANK,
        HOMDIAG,
        CS,
        HOMCS,
        AR1,
        HETAR1,
        TOEP,
        HOMTOEP,
    )
}
"""By the tag in a formula."""


def kind_of(block: TermBlock) -> Kind:
    """The words of a term's structure; a single column has only a variance."""
    return UNSTRUCTURED if block.q == 1 else KINDS[block.structure]


def structure_of(block: TermBlock) -> Structure:
    """The numbers of a term's structure."""
    return _made(block.q, block.structure, block.rank, block.positions)


@lru_cache(maxsize=256)
def _made(q: int, structure: str, rank: int, positions: tuple[int, ...]) -> Structure:
    return core_structure(TermBlock(0, 0, q, structure, rank, positions))
