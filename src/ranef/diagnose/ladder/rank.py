"""Rungs of the rank: fewer dimensions of the random effects, where the data ask for fewer."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder.rung import Plan
from ranef.diagnose.rank import Support
from ranef.diagnose.subject import Subject

__all__ = ["held_at", "rank_plans"]


def rank_plans(subject: Subject, supports: Sequence[Support]) -> list[Plan]:
    """For each term the lowest rank that fits as well, where it is lower than that of the fit.

    A rank of zero is a model without the term, which other rungs fit by its formula; only where
    nothing random would be left is it fitted here.
    """
    plans = []
    alone = len(subject.problem.labels) == 1
    for support in supports:
        label = subject.problem.labels[support.term]
        if support.reduced is None or not support.reduced.exact:
            continue
        if support.rank == 0 and not alone:
            continue
        title = f"rank {support.rank}" + ("" if alone else f" by {label.label}")
        if support.rank == 0:
            title = f"without {label.label}"
        plans.append(
            Plan(
                "reduced-rank",
                title,
                subject.formula.text,
                ranks={label.label: support.rank},
                group=label.factor,
            )
        )
    return plans


def held_at(fit: Subject) -> str:
    """Arguments of a call that gives this fit: no formula asks for a rank, but theta can be given.

    The criterion has no slope along matrices of that rank, so that seven digits are plenty.
    """
    values = ", ".join(f"{value:.7g}" for value in fit.solution.theta)
    return f"start=[{values}], control=rn.Control(max_evaluations=1)"
