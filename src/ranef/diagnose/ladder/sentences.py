"""Sentences about a rung beside the asked model."""

from __future__ import annotations

import math

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.rung import Rung
from ranef.diagnose.words import join
from ranef.page.phrases import figures

__all__ = ["largest_change", "singularity"]


def singularity(rung: Rung, facts: Facts) -> str:
    """Whether a rung is singular, beside the asked model."""
    if not facts.boundary:
        if rung.verdict == "boundary optimum":
            directions = facts.directions_of(rung)
            return f"Singular here: {join(directions)}" if directions else ""
        return "" if rung.certified else f"The verdict is: {rung.verdict}"
    if rung.verdict == "interior optimum":
        return "No longer singular"
    if rung.verdict == "boundary optimum" and not facts.directions_of(rung):
        return "No longer singular, at the end of the family"
    if rung.verdict == "boundary optimum":
        return f"Still singular: {join(facts.directions_of(rung))}"
    return f"The verdict is: {rung.verdict}"


def largest_change(rung: Rung) -> str:
    """How far the coefficients move."""
    if not rung.effects:
        return ""
    largest = max(rung.effects, key=lambda e: abs(e.change))
    size = max(0.01, math.ceil(100.0 * abs(largest.change)) / 100.0)
    return f"no coefficient moves by more than {figures(size, 2)} standard errors"
