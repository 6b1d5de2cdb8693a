"""What a certificate says if the likelihood has no finite maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.page import phrases
from ranef.page.phrases import figures
from ranef.types import INTERCEPT

if TYPE_CHECKING:
    from ranef.problem.separation import Separation
    from ranef.solve.finite import RisingVariances

__all__ = ["no_maximum", "towards"]

MOST_NAMED = 4

SD = 2.5
"""Of the normal prior that is advised, in units of the linear predictor (Gelman and others 2008,
Annals of Applied Statistics 2, 1360-1383)."""


def no_maximum(separation: Separation | None, variances: RisingVariances | None) -> str:
    """The verdict in plain words: why, and what to do. One of the two is a proof."""
    if separation is not None and separation.exists is True:
        return f"no finite maximum: {_separated(separation)}"
    assert variances is not None
    return f"no finite maximum: {variances}"


def _separated(found: Separation) -> str:
    names = list(found.coefficients)
    count = int(found.predicted.sum())
    n = found.predicted.size
    rows = f"all {phrases.count(n, 'row')}" if found.complete else phrases.share(count, n, "row")
    are = "is" if not found.complete and count == 1 else "are"
    first = (
        f"the likelihood rises for ever {towards(found)}, and in the limit {rows} {are} predicted "
        "perfectly"
    )
    if found.complete:
        what = "The coefficients have no estimates"
    else:
        have = "have no estimates" if len(names) > 1 else "has no estimate"
        what = f"{phrases.listed(list(map(_spell, names)))} {have}"
        what += "" if found.cut_points else "; `fit.limit` shows what the data still determine"
    if not found.fixed:  # an answer at the end of the scale that no row has
        return f"{first}. {what}. Leave out the answers that no row has"
    prior = ", ".join(f"{name!r}: {SD}" for name in found.fixed[:MOST_NAMED])
    more = ", ..." if len(found.fixed) > MOST_NAMED else ""
    return (
        f"{first}. {what}. Give a normal prior, prior=rn.priors.Normal({{{prior}{more}}}), "
        "merge categories, or drop the term"
    )


def towards(found: Separation) -> str:
    """Where the coefficients go as the likelihood rises: "as x goes to infinity"."""
    steps = {_spell(name): step for name, step in found.coefficients.items()}
    if len(steps) == 1:
        ((name, step),) = steps.items()
        return f"as {name} goes to {'' if step > 0.0 else 'minus '}infinity"
    parts = [f"{name} ({figures(step, sign=True)})" for name, step in steps.items()]
    return f"along the direction {phrases.listed(parts)}"


def _spell(name: str) -> str:
    return f"({INTERCEPT})" if name == INTERCEPT else name
