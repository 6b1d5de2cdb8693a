"""Predictors whose slopes within and between groups differ, while the model has one slope."""

from __future__ import annotations

from collections.abc import Iterator

from ranef.diagnose.subject import AnySubject
from ranef.diagnose.words import at_zero, slope_of
from ranef.errors import RanefError
from ranef.formula import to_text
from ranef.formula.naming import in_formula, of_column, typed
from ranef.inference.contextual import Contextual, Look, candidates, contextual
from ranef.page.phrases import figures, p_value
from ranef.types import Finding

__all__ = ["contextual_findings"]

LEVEL = 0.01
"""For all predictors and factors together (Bonferroni)."""


def contextual_findings(subject: AnySubject, look: Look) -> Iterator[Finding]:
    """Mundlak's (1978) test for each predictor and grouping factor.

    `look` answers questions about the rows, and fits the model to predictors that are split.
    """
    pairs = candidates(subject.formula, subject.design, look)
    for name, factor in pairs:
        try:
            found = contextual(subject.formula, subject.design, look, name, factor)
        except RanefError:
            continue
        if found.p_joint * len(pairs) < LEVEL:
            yield _finding(found, subject)


def _finding(found: Contextual, subject: AnySubject) -> Finding:
    x, own = in_formula(found.variable), of_column(found.variable)
    g = typed(found.group)
    formula = subject.formula
    others = {
        to_text(factor)
        for term in formula.fixed
        if term.degree > 1 and own in (names := [to_text(factor) for factor in term.factors])
        for factor, name in zip(term.factors, names, strict=True)
        if name != own
    }
    where = at_zero(others, subject.design.encoding.state.categories)
    slopes = {bar.label for bar in formula.bars for term in bar.model.terms if term.name == own}
    if slopes - {found.group}:
        fix = f"add between({x}, {g}): the coefficient of {x} is then the slope within {g}"
    else:
        fix = f"write within({x}, {g}) and between({x}, {g}) in place of {x}"
        fix += f"; the random slope is then that of within({x}, {g})" if slopes else ""
    return Finding(
        code="contextual-effect",
        severity="warning",
        message=f"the slope of {x} between levels of '{found.group}' is not the slope within them: "
        f"{figures(found.between)} and {figures(found.within)}{where}, and the model has one for "
        "both",
        evidence=f"contextual effect {figures(found.estimate)}, SE {figures(found.std_error, 2)}, "
        f"{p_value(found.p_joint)}",
        where=slope_of(own, found.group),
        fix=fix,
    )
