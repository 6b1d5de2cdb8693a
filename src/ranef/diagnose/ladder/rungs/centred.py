"""Predictors centred within groups."""

from __future__ import annotations

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.means import centred_parts, grouped, raw_names, renamed, taken_up
from ranef.diagnose.ladder.rung import Plan, Rung
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.words import join
from ranef.formula import to_text

__all__ = ["KEY", "KIND"]

KEY = "centred"
RISE = 10.0  # of AIC, that is worth a word


def _plans(asked: Asked) -> list[Plan]:
    """For each grouping factor.

    If some factors have random slopes, only for these.
    """
    plans = []
    for k, (label, group, found) in enumerate(grouped(asked.subject), start=1):
        within = renamed(found, group)
        if within:
            names = {to_text(old): to_text(new) for old, new in within.items()}
            formula = centred_parts(asked.subject, within).text
            plans.append(Plan(KEY, f"centred by {label}", formula, names, group=label, order=k))
    return plans


def _say(rung: Rung, facts: Facts) -> list[str]:
    """Whether centring cures, and what it leaves in other coefficients."""
    names = join(raw_names(facts, rung))
    group = facts.group_of(rung)
    said = [singularity(rung, facts)]
    moved = taken_up(facts, rung)
    if moved:
        parts = join(
            [
                f"{name} is {here} here and {there} once the mean is in"
                for name, here, there in moved
            ]
        )
        said.append(
            f"Centring alone leaves the between-{group} effect of {names} in what is constant "
            f"within {group}: {parts}"
        )
    else:
        said.append(
            f"The slope of {names} is now within {group} only; the mean of {names} is out of the "
            "model"
        )
    rise = rung.aic_ml - facts.asked_rung.aic_ml
    if rise > RISE:
        said.append(
            f"AIC (ML) is {rise:.1f} higher than as asked: differences in {names} between levels "
            f"of {group} matter"
        )
    return said


KIND = Kind(KEY, Place.FIXED, _plans, say=_say)
