"""The asked model, searched for from other start values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Kind, Place
from ranef.diagnose.ladder.numerics import Searches
from ranef.diagnose.ladder.outcome import best_rung, not_tried
from ranef.diagnose.ladder.rung import Plan, Rung
from ranef.diagnose.ladder.words import sentence
from ranef.diagnose.subject import linear
from ranef.diagnose.words import join
from ranef.page.phrases import count, figures, one_of_them, share
from ranef.problem.parameters import to_data
from ranef.solve.start import other_starts
from ranef.types import Array

__all__ = ["KIND"]

KEY = "other-starts"
_SEARCHES = ("search", "searches")


def _read_off(facts: Facts) -> Rung:
    """Whether searches from elsewhere end in the same optimum."""
    searches, asked = facts.climb.searches, facts.asked_rung
    start = searches.theta if searches is not None and searches.gain else _strong(facts)
    nil = 1e-6 * float(np.max(np.abs(start)))
    values = ", ".join(f"{value:.4g}" if abs(value) > nil else "0" for value in start)
    call = replace(asked.call, arguments=(*asked.call.arguments, f"start=[{values}]"))
    plan = Plan(KEY, "other starts", asked.formula)
    if searches is None:
        return replace(not_tried(plan, call), call=call)
    gained = searches.gain and facts.subject.problem.prior is None
    return replace(
        best_rung(facts) if gained else asked,
        key=plan.key,
        title=plan.title,
        call=call,
        test=None,
        judgement=sentence(_numerics(searches, facts.certificate.verdict)),
    )


def _numerics(searches: Searches, verdict: str) -> str:
    others = [
        f"{figures(basin - searches.basins[0][0])} higher ({share(k, searches.count, *_SEARCHES)})"
        for basin, k in searches.basins[1:]
    ]
    if searches.gain:
        return (
            f"A search from elsewhere ended {figures(searches.gain)} deviance units lower: fit "
            "from there before reading anything else. The rungs below are tested against this one"
        )
    if searches.count == 1:
        return "The other searches failed numerically. The fit itself is certified"
    if others:
        are = one_of_them(len(others), "other is", "others are")
        return (
            f"{count(searches.count, *_SEARCHES)} met {len(searches.basins)} optima; this is the "
            f"lowest, the {are} {join(others)}"
        )
    elsewhere = f"{count(searches.count - 1, *_SEARCHES)} from elsewhere"
    if verdict == "flat":
        return (
            f"{elsewhere} ended at the same criterion: the search is not the cause, the data do "
            "not decide"
        )
    return f"{elsewhere} ended in the same optimum, the only one met: the search is not the cause"


def _strong(facts: Facts) -> Array:
    """Start values of the first other search, on the data's scale."""
    problem = linear(facts.subject).problem
    return to_data(problem, other_starts(problem.terms, 1)[0])[0]


KIND = Kind(KEY, Place.STARTS, read_off=_read_off, linear_only=True)
