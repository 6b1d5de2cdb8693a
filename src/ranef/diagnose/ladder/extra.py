"""Rungs that are no formula of their own: other starts, reduced rank, and what was left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ranef.core import TermLabel
from ranef.diagnose.imposed import parameters_spared
from ranef.diagnose.ladder.climb import rung_of
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.focal import effects_of
from ranef.diagnose.ladder.numerics import Searches
from ranef.diagnose.ladder.rung import Call, Plan, Rung
from ranef.diagnose.ladder.words import join, sentence
from ranef.problem.parameters import to_data
from ranef.solve.start import other_starts
from ranef.types import Array

__all__ = ["not_tried", "other_starts_rung", "reduced_rank_rung"]


def other_starts_rung(facts: Facts, call: Call) -> Rung:
    """Whether searches from elsewhere end in the same optimum."""
    searches, asked = facts.climb.searches, facts.asked_rung
    start = searches.theta if searches is not None and searches.gain else _strong(facts)
    nil = 1e-6 * float(np.max(np.abs(start)))
    values = ", ".join(f"{value:.4g}" if abs(value) > nil else "0" for value in start)
    code = _with_argument(asked.code, f"start=[{values}]")
    plan = Plan("other-starts", "other starts", asked.formula)
    if searches is None:
        return replace(not_tried(plan, call), code=code)
    gained = searches.gain and facts.subject.problem.prior is None
    return replace(
        _best_rung(facts, call) if gained else asked,
        key=plan.key,
        title=plan.title,
        code=code,
        test=None,
        judgement=sentence(_numerics(searches, facts.certificate.verdict)),
    )


def _best_rung(facts: Facts, call: Call) -> Rung:
    """The asked model at the lowest optimum met."""
    asked, best, first = facts.climb.asked, facts.climb.best, facts.asked_rung
    if best is asked or best.fit is None:
        return first
    base = {effect.name: effect for effect in first.effects}
    effects = tuple(effects_of(facts.subject, best.plan, best.fit, base))
    return rung_of(asked, best, effects, None, call)


def _numerics(searches: Searches, verdict: str) -> str:
    elsewhere = searches.count - 1
    others = [
        f"{basin - searches.basins[0][0]:.3g} higher ({count} of {searches.count} searches)"
        for basin, count in searches.basins[1:]
    ]
    if searches.gain:
        return (
            f"A search from elsewhere ended {searches.gain:.3g} deviance units lower: fit from "
            "there before reading anything else. The rungs below are tested against this one"
        )
    if elsewhere == 0:
        return "Searches from elsewhere broke down; the certificate speaks for the point itself"
    if others:
        return (
            f"{searches.count} searches met {len(searches.basins)} optima; this is the lowest, "
            f"the others are {join(others)}"
        )
    if verdict == "flat":
        return (
            f"{elsewhere} searches from elsewhere ended at the same criterion: the search is not "
            "the cause, the data do not decide"
        )
    return (
        f"{elsewhere} searches from elsewhere ended in the same optimum, the only one met: the "
        "search is not the cause"
    )


def _strong(facts: Facts) -> Array:
    """Start values of the first other search, on the data's scale."""
    problem = facts.subject.problem
    return to_data(problem, other_starts(problem.terms, 1)[0])[0]


def _with_argument(code: str, argument: str) -> str:
    return f"{code[:-1]}, {argument})"


def reduced_rank_rung(facts: Facts, call: Call) -> Rung | None:
    """The boundary optimum, written as a covariance matrix of lower rank."""
    certificate = facts.certificate
    if not facts.boundary:
        return None
    sizes, ranks = certificate.dims, certificate.rank
    spared = parameters_spared(facts.subject, [ranks[k] for k in sizes])
    asked, ml = _best_rung(facts, call), facts.climb.best.ml
    same = ml is not None and dict(ml.certificate.rank) == dict(ranks)
    nan = float("nan")
    needed = join(
        [
            f"{ranks[label.label]} of {sizes[label.label]} in {_spelled(label)}"
            for label in facts.subject.problem.labels
            if ranks[label.label] < sizes[label.label]
        ]
    )
    return replace(
        asked,
        key="reduced-rank",
        title="reduced rank",
        df=asked.df - spared,
        loglik_ml=asked.loglik_ml if same else nan,
        aic_ml=asked.aic_ml - 2.0 * spared if same else nan,
        bic_ml=asked.bic_ml - float(np.log(facts.subject.problem.n)) * spared if same else nan,
        test=None,
        judgement=sentence(
            f"The same optimum, written with the rank it has; nothing is fitted again. Dimensions "
            f"needed: {needed}. At this rank the model has {asked.df - spared} parameters, not "
            f"{asked.df}"
        ),
    )


def _spelled(label: TermLabel) -> str:
    """The term by its factor, and by its effects where the factor has several terms."""
    names = "" if label.label == label.factor else f" ({join(label.names)})"
    return f"{label.factor}{names}"


def not_tried(plan: Plan, call: Call) -> Rung:
    """A rung that would take too long here."""
    return Rung(
        plan.key,
        plan.title,
        plan.formula,
        call(plan.formula, plan.data),
        "not tried",
        judgement="Left out: it would take long on data of this size. Type the call to try it.",
    )
