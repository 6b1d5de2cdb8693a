"""Random-effects terms and what their priors add, as the compiled core takes them."""

from __future__ import annotations

from collections.abc import Sequence

import ranef._core as _core
from ranef.core.penalty import Penalty
from ranef.core.terms import TermBlock

__all__ = ["core_penalties", "core_structure", "core_terms"]


def core_terms(blocks: Sequence[TermBlock]) -> list[_core.Term]:
    """Terms as the core takes them."""
    return [
        _core.Term(
            group=b.group,
            offset=b.offset,
            q=b.q,
            structure=b.structure,
            rank=b.rank,
            positions=b.positions,
        )
        for b in blocks
    ]


def core_penalties(penalty: Penalty) -> list[_core.TermPenalty]:
    """Priors of the covariances as the core takes them."""
    return [
        _core.TermPenalty(
            group=term.block.group,
            offset=term.block.offset,
            change=term.change,
            log_det=term.form.log_det,
            log_correlation=term.form.log_correlation,
            trace=term.form.trace,
            log_sd=term.form.log_sd,
            sd=term.form.sd,
            tail_weight=term.form.tail_weight,
            tail_scale=term.form.tail_scale,
            constant=term.form.constant,
        )
        for term in penalty.terms
    ]


def core_structure(block: TermBlock) -> _core.Structure:
    """The structure of a term's covariance."""
    return _core.Structure(core_terms([block])[0])
