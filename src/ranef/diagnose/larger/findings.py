"""Findings about what the random part leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ranef.diagnose.larger.search import Found, Larger
from ranef.diagnose.serial import Serial
from ranef.diagnose.subject import AnySubject, Subject
from ranef.diagnose.words import slope_of
from ranef.page.phrases import figures, p_value
from ranef.types import Finding

__all__ = ["effect_text", "larger_findings", "nested_text", "part_text"]


WORTH_A_WORD = 0.1  # relative increase of a standard error


def larger_findings(
    subject: Subject, larger: Larger, serial: Iterable[Serial] = ()
) -> Iterator[Finding]:
    """Slopes and interactions that the data ask for.

    `serial` are the orders in which residuals may be alike: in one of these, lines that differ may
    be no more than slow changes.
    """
    slow = {each.order for each in serial if each.clear}
    for found in larger.clear:
        evidence = _evidence(subject, found, larger)
        if found.candidate.kind == "slope":
            yield _slope(subject, found, evidence, found.candidate.name in slow)
        elif found.inner:
            yield _reused(found, evidence)
        else:
            yield _interaction(found, evidence)


def part_text(found: Found) -> str:
    """The random part to write: ``(Days | Subject)``."""
    bars = [bar for bar in found.formula.bars if bar.label == found.candidate.factor]
    return bars[-1].text


def nested_text(found: Found) -> str:
    """``(1 | school/klass)``."""
    return f"(1 | {found.outer}/{found.inner})"


def effect_text(subject: AnySubject, name: str) -> tuple[str, str]:
    """A term's random effects and their verb: ``("the slope of Days", "varies")``."""
    categories = subject.design.encoding.state.categories
    if any(factor in categories for factor in name.split(":")):
        return f"the effects of {name}", "vary"
    return f"the slope of {name}", "varies"


def _slope(subject: Subject, found: Found, evidence: str, slow: bool) -> Finding:
    name, factor = found.candidate.name, found.candidate.factor
    what, varies = effect_text(subject, name)
    fix = f"write {part_text(found)}"
    if _errors(subject, found, WORTH_A_WORD):
        fix += (
            f". Without it the standard error of {name} is too small: it counts the rows where it "
            f"should count the levels of '{factor}'"
        )
    if slow:
        fix += f". Serial correlation in {name} by itself gives lines that differ: see that finding"
    return Finding(
        code="missing-slope",
        severity="warning",
        message=f"{what} {varies} between levels of '{factor}': the model has one for all",
        evidence=evidence,
        where=slope_of(name, factor),
        fix=fix,
    )


def _reused(found: Found, evidence: str) -> Finding:
    inner, outer = found.inner, found.outer
    return Finding(
        code="reused-labels",
        severity="warning",
        message=f"'{inner}' seems to be numbered anew in each level of '{outer}': the combinations "
        f"{found.candidate.name} vary, and '{inner}' by itself does not",
        evidence=evidence,
        where=f"{outer}, {inner}",
        fix=f"write {nested_text(found)} if one label of '{inner}' stands for different units in "
        f"different levels of '{outer}'; if it stands for one unit throughout, add "
        f"{part_text(found)}",
    )


def _interaction(found: Found, evidence: str) -> Finding:
    return Finding(
        code="missing-interaction",
        severity="warning",
        message=f"the combinations {found.candidate.name} vary beyond the sum of their parts: the "
        "model takes rows of one combination as independent, given the two",
        evidence=evidence,
        where=found.candidate.name,
        fix=f"add {part_text(found)}. If labels of one factor were used anew within the other, "
        "write that factor nested in the other",
    )


def _evidence(subject: Subject, found: Found, larger: Larger) -> str:
    test = "score test, the model not fitted for its cost"
    if found.ratio is not None:
        method = "REML" if subject.reml else "ML"
        test = f"{method} LRT {found.ratio.statistic:.1f}, {found.ratio.law}"
    several = larger.slopes + larger.interactions > 1
    after = f" by Bonferroni, {larger.looked_at} looked at" if several else ""
    return f"{test}: {p_value(found.p_value)}{after}{_errors(subject, found)}"


def _errors(subject: Subject, found: Found, least: float = 0.0) -> str:
    """How the standard error of the coefficient moves, where the slope has one."""
    columns = subject.design.encoding.fixed_terms.get(found.candidate.name, ())
    if found.candidate.kind != "slope" or len(columns) != 1 or found.fit is None:
        return ""
    name = subject.design.x_names[columns[0]]
    before, after = (
        float(np.sqrt(s.estimates.vcov[j, j]))
        for s in (subject, found.fit)
        for j in [s.design.x_names.index(name)]
    )
    if after < (1.0 + least) * before:
        return ""
    return f"; the standard error of {name} goes from {figures(before, 2)} to {figures(after, 2)}"
