"""Every kind of rung, one file each. A new one is a file here and a line in `KINDS`."""

from __future__ import annotations

from ranef.diagnose.ladder.kind import Asked, Kind
from ranef.diagnose.ladder.rung import Plan
from ranef.diagnose.ladder.rungs import (
    add_all,
    add_interaction,
    add_slope,
    as_asked,
    centred,
    centred_mean,
    dispersion,
    drop_predictor,
    drop_slope,
    drop_term,
    finite_prior,
    group_mean,
    nested,
    other_starts,
    parsimonious,
    prior,
    quadrature,
    random_intercepts,
    reduced_rank,
    row_effect,
    structure,
    without_copies,
    without_group,
    without_prior,
    zero_correlation,
    zero_inflation,
)
from ranef.diagnose.subject import AnySubject, Subject

__all__ = ["KINDS", "kind_of", "kinds_for", "plans_of"]

KINDS: tuple[Kind, ...] = (
    as_asked.KIND,
    other_starts.KIND,
    without_prior.KIND,
    finite_prior.KIND,
    dispersion.KIND,
    row_effect.KIND,
    zero_inflation.KIND,
    add_slope.KIND,
    add_interaction.KIND,
    nested.KIND,
    add_all.KIND,
    without_copies.KIND,
    without_group.KIND,
    drop_predictor.KIND,
    centred.KIND,
    group_mean.KIND,
    centred_mean.KIND,
    parsimonious.KIND,
    structure.KIND,
    zero_correlation.KIND,
    reduced_rank.KIND,
    drop_slope.KIND,
    drop_term.KIND,
    random_intercepts.KIND,
    quadrature.KIND,
    prior.KIND,
)
"""Those of one place in this order."""

_BY_KEY = {kind.key: kind for kind in KINDS}


def kind_of(key: str) -> Kind:
    """The kind of a rung."""
    return _BY_KEY[key]


def kinds_for(subject: AnySubject) -> list[Kind]:
    """The kinds that there are for a fit."""
    is_linear = isinstance(subject, Subject)
    return [kind for kind in KINDS if is_linear or not kind.linear_only]


def plans_of(asked: Asked) -> list[Plan]:
    """What to fit, in the order of the ladder."""
    planned = [(kind, plan) for kind in kinds_for(asked.subject) for plan in kind.plans(asked)]
    replaced = {key for kind, _ in planned for key in kind.replaces}
    left = [(kind, plan) for kind, plan in planned if kind.key not in replaced]
    return [plan for _, plan in sorted(left, key=lambda pair: (pair[0].place, pair[1].order))]
