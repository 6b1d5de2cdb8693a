"""What the rungs say that leave rows, predictors or dimensions out."""

from __future__ import annotations

import math

from ranef.diagnose.influence import standard_deviations
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.rung import Rung
from ranef.diagnose.ladder.words import evidence, join, tested, weak, with_error
from ranef.diagnose.words import joined

__all__ = ["drop_predictor", "largest_change", "reduced_rank", "without_rows"]

CLEAR = 0.05
SHARPER = 0.5  # ratio of standard errors that is worth a word
LARGE = 0.05  # relative change of a standard deviation
MOST = 3


def without_rows(rung: Rung, facts: Facts) -> list[str]:
    """The standard deviations that move, and the coefficients."""
    fit, subject = facts.tried(rung).fit, facts.subject
    if fit is None:
        return []
    rows = subject.problem.n - rung.nobs
    count = f"Without {'1 row' if rows == 1 else f'these {rows} rows'}"
    before, after = standard_deviations(subject), standard_deviations(fit)
    moved = {
        what: abs(after[what] / sd - 1.0)
        for what, sd in before.items()
        if sd > 0.0 and what in after and abs(after[what] / sd - 1.0) >= LARGE
    }
    first = sorted(moved, key=lambda what: -moved[what])[:MOST]
    changes = [f"{what} goes from {before[what]:.3g} to {after[what]:.3g}" for what in first]
    said = (
        f"{count} {joined(changes)}" if changes else f"{count} no standard deviation moves by 5 %"
    )
    verdict = "" if rung.verdict == facts.asked_rung.verdict else f"the verdict is: {rung.verdict}"
    return [said, verdict, largest_change(rung)]


def drop_predictor(rung: Rung, facts: Facts) -> list[str]:
    """Whether the predictor is needed beside those it goes with, and what is sharper without."""
    name, said = facts.tried(rung).plan.dropped, []
    if rung.test is not None:
        needed = rung.test.p_high < CLEAR
        said.append(
            f"the model loses by it: {name} is needed beside the others {tested(rung.test)}"
            if needed
            else f"No sign that {name} is needed beside the others {tested(rung.test)}"
        )
    for effect in [e for e in rung.effects if e.se_ratio < SHARPER][:MOST]:
        first = next(e for e in facts.asked_rung.effects if e.name == effect.name)
        said.append(
            f"the coefficient of {effect.name} goes from "
            f"{with_error(first.estimate, first.std_error)} to "
            f"{with_error(effect.estimate, effect.std_error)}: without {name} it stands for both"
        )
    return said


def reduced_rank(rung: Rung, facts: Facts) -> list[str]:
    """What one dimension less, or no random part, costs and changes."""
    tried = facts.tried(rung)
    if tried.fit is None:
        return []
    ((label, rank),) = tried.plan.ranks.items()
    size = tried.fit.certificate.dims[label]
    new = [d for d in tried.fit.certificate.directions if d not in facts.directions]
    said = [
        f"Held to {rank} of {size} dimensions by {label}: {join(new)}"
        if rank
        else f"Without random effects of {label}, as in a linear model"
    ]
    if rung.test is not None:
        more = "more" if rank else "them"
        match evidence(rung.test):
            case "clear":
                said.append(f"The data ask for {more} {tested(rung.test)}")
            case "open":
                said.append(
                    f"Whether the data ask for {more} cannot be decided: the bounds of the p value "
                    f"lie on both sides of {CLEAR} {tested(rung.test)}"
                )
            case "weak":
                said.append(f"{weak(rung.test)} for {more} {tested(rung.test)}")
            case "none":
                said.append(f"No evidence for {more} {tested(rung.test)}")
    said.append(largest_change(rung))
    said.append("There is no formula for it: the call holds theta at this fit")
    return said


def largest_change(rung: Rung) -> str:
    """How far the coefficients move."""
    if not rung.effects:
        return ""
    largest = max(rung.effects, key=lambda e: abs(e.change))
    size = max(0.01, math.ceil(100.0 * abs(largest.change)) / 100.0)
    return f"no coefficient moves by more than {size:.2g} standard errors"
