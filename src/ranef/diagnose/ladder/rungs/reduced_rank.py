"""Fewer dimensions of the random effects: as the data ask, and as the optimum has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ranef.core import TermLabel
from ranef.diagnose.imposed import parameters_spared, with_ranks
from ranef.diagnose.ladder.comparison import test_rank
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.outcome import best_rung
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.sentences import largest_change
from ranef.diagnose.ladder.words import CLEAR, evidence, sentence, tested, weak
from ranef.diagnose.subject import Subject
from ranef.diagnose.words import join

__all__ = ["KIND"]

KEY = "reduced-rank"


def _plans(asked: Asked) -> list[Plan]:
    """For each term the lowest rank that fits as well, where it is lower than that of the fit.

    A rank of zero is a model without the term, which other rungs fit by its formula; only where
    nothing random would be left is it fitted here.
    """
    plans, subject = [], asked.subject
    alone = len(subject.problem.labels) == 1
    for support in asked.supports:
        label = subject.problem.labels[support.term]
        if support.reduced is None or not support.reduced.exact:
            continue
        if support.rank == 0 and not alone:
            continue
        title = f"rank {support.rank}" + ("" if alone else f" by {label.label}")
        if support.rank == 0:
            title = f"without {label.label}"
        plans.append(
            Plan(
                KEY,
                title,
                subject.formula.text,
                ranks={label.label: support.rank},
                group=label.factor,
            )
        )
    return plans


def _fit(subject: Subject, plan: Plan) -> Tried:
    fit = with_ranks(subject, plan.ranks)
    ml = with_ranks(subject, plan.ranks, reml=False) if fit.reml else fit
    return Tried(plan, fit, ml, arguments=_held_at(fit))


def _held_at(fit: Subject) -> tuple[str, ...]:
    """Arguments of a call that gives this fit: no formula asks for a rank, but theta can be given.

    The criterion has no slope along matrices of that rank, so that seven digits are plenty.
    """
    values = ", ".join(f"{value:.7g}" for value in fit.solution.theta)
    return f"start=[{values}]", "control=rn.Control(max_evaluations=1)"


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return test_rank(tried, asked)


def _say(rung: Rung, facts: Facts) -> list[str]:
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


def _read_off(facts: Facts) -> Rung | None:
    """The boundary optimum, written as a covariance matrix of lower rank."""
    certificate = facts.certificate
    if not facts.boundary:
        return None
    sizes, ranks = certificate.dims, certificate.rank
    spared = parameters_spared(facts.subject, [ranks[k] for k in sizes])
    asked, ml = best_rung(facts), facts.climb.best.ml
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
        key=KEY,
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


KIND = Kind(KEY, Place.RANK, _plans, _fit, _test, _say, _read_off)
