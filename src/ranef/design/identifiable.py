"""Whether the data identify the variances: a model is refused only if they do not.

The exact test is the rank of a linear map (`ranef.design.variance_map`), made for one grouping
factor at a time where something is suspicious (`ranef.design.suspicion`). What is not identified is
of two kinds.

- The covariance matrix of one term by itself, or the residual variance: no estimate of it means
  anything, and the model is refused.
- The split of a variance between terms that compete, such as the same effect written twice. The
  variance of the response, the fixed effects and predictions are determined, and the model is
  fitted and called flat. Different factors that make the same groups are of this kind too; the
  certificate finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ranef.design.design import Design
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.design.variance_map import FlatDirection

__all__ = ["check_identifiable", "flat_on_factor", "is_refused"]


def check_identifiable(design: Design, weights: Array | None = None) -> None:
    """Raise if the variances of a linear model are not identified.

    Parameters
    ----------
    design : Design
    weights : ndarray, shape (n,), optional
        Precision weights. If they differ, they can tell the residual variance from a variance
        between single rows.

    Raises
    ------
    DesignError
        Different covariances of the random effects of one term, or of those on one grouping factor
        and the residuals, give the response the same variance. The error names them, and the
        nearest model that is identified.
    """
    for members in design.suspicious:
        found = flat_on_factor(design, members, weights)
        if is_refused(design, members, found, weights):
            from ranef.design.unidentified import refusal

            raise refusal(design, members, found, weights)


def flat_on_factor(
    design: Design, members: Sequence[int], weights: Array | None = None
) -> tuple[FlatDirection, ...]:
    """What the data do not identify of the terms on one grouping factor, by position."""
    from ranef.design.tangent import span_of
    from ranef.design.variance_map import flat_directions

    terms = [design.terms[k] for k in members]
    blocks = [term.columns for term in terms]
    spans = [span_of(term.structure, term.q, term.rank, term.positions) for term in terms]
    return flat_directions(blocks, terms[0].codes, terms[0].n_levels, weights, spans)


def is_refused(
    design: Design,
    members: Sequence[int],
    found: Sequence[FlatDirection],
    weights: Array | None = None,
) -> bool:
    """Whether flat directions are more than a variance split between terms that compete."""
    if len(members) == 1 or any(each.moves_residual for each in found):
        return bool(found)
    return bool(found) and any(flat_on_factor(design, (k,), weights) for k in members)
