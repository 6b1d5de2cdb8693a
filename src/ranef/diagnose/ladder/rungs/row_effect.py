"""A random effect of each row, in place of a family with more variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ranef.diagnose.generalised import GeneralisedSubject
from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.one_more import largest_error
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.rungs import dispersion
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import tested
from ranef.diagnose.rewrite import intercept_by, with_parts
from ranef.diagnose.subject import AnySubject
from ranef.formula.nodes import Name
from ranef.frame import Column, Table
from ranef.page.phrases import figures

__all__ = ["KIND"]

KEY = "row-effect"


def _plans(asked: Asked) -> list[Plan]:
    """If the data ask for more variance, and no factor has a level for each row already."""
    subject = asked.subject
    if not asked.families.overdispersed:
        return []
    if any(term.n_levels == subject.problem.n for term in subject.design.terms):
        return []
    name = _free_name(subject.table)
    formula = with_parts(subject.formula, intercept_by(Name(name, (0, 0))))
    return [
        Plan(
            KEY,
            "row effect",
            formula,
            arguments=("n_agq=1",) if _by_quadrature(subject) else (),
            group=name,
            data=f"data.assign({name}=range(len(data)))",
            order=2,
        )
    ]


def _by_quadrature(subject: AnySubject) -> bool:
    """Whether the likelihood is one that a model with a second factor does not have."""
    return isinstance(subject, GeneralisedSubject) and subject.problem.n_agq > 1


def _free_name(table: Table) -> str:
    name = "row"
    while name in table.names:
        name += "_"
    return name


def _fit(subject: AnySubject, plan: Plan) -> Tried:
    assert isinstance(subject, GeneralisedSubject)
    table = subject.table
    rows = Column(plan.group, "number", np.arange(table.n_rows, dtype=np.float64))
    columns = {**table.columns, plan.group: rows}
    fit = subject.refit(plan.formula, table=replace(table, columns=columns), n_agq=1)
    return Tried(plan, fit, fit)


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    if asked.fit is not None and _by_quadrature(asked.fit):
        return None
    return test_random_part(asked, tried)


def _say(rung: Rung, facts: Facts) -> list[str]:
    """How large the effects of rows are."""
    fit = facts.tried(rung).fit
    said = [singularity(rung, facts)]
    if fit is None:
        return said
    group = facts.group_of(rung)
    for label, covariance in zip(fit.problem.labels, fit.estimates.covariances, strict=True):
        if label.factor == group:
            sd = float(np.sqrt(covariance[0, 0]))
            test = "" if rung.test is None else f" {tested(rung.test)}"
            said.append(
                f"Rows differ by a standard deviation of {figures(sd)} on the scale of the linear "
                f"predictor{test}"
            )
    return [*said, dispersion.aic_beside(rung, facts, dispersion.KEY), largest_error(rung, facts)]


KIND = Kind(KEY, Place.FAMILY, _plans, _fit, _test, _say)
