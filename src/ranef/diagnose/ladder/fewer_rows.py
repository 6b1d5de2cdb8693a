"""The sentences of rungs without some rows."""

from __future__ import annotations

from ranef.diagnose.influence import standard_deviations
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.rung import Rung
from ranef.diagnose.ladder.sentences import largest_change
from ranef.diagnose.words import join
from ranef.page.phrases import figures, percent, whole

__all__ = ["say_fewer_rows"]

LARGE = 0.05  # relative change of a standard deviation
MOST = 3


def say_fewer_rows(rung: Rung, facts: Facts) -> list[str]:
    """The standard deviations that move, and the coefficients."""
    fit, subject = facts.tried(rung).fit, facts.subject
    if fit is None:
        return []
    rows = subject.problem.n - rung.nobs
    without = f"Without {'1 row' if rows == 1 else f'these {whole(rows)} rows'}"
    before, after = standard_deviations(subject), standard_deviations(fit)
    moved = {
        what: abs(after[what] / sd - 1.0)
        for what, sd in before.items()
        if sd > 0.0 and what in after and abs(after[what] / sd - 1.0) >= LARGE
    }
    first = sorted(moved, key=lambda what: -moved[what])[:MOST]
    changes = [
        f"{what} goes from {figures(before[what])} to {figures(after[what])}" for what in first
    ]
    said = f"{without} {join(changes) or f'no standard deviation moves by {percent(LARGE)}'}"
    verdict = "" if rung.verdict == facts.asked_rung.verdict else f"the verdict is: {rung.verdict}"
    return [said, verdict, largest_change(rung)]
