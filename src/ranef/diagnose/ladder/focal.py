"""The coefficients of the question: the same in every rung, whatever they are called there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isfinite

from ranef.diagnose.ladder.rung import Conclusion, Effect, Plan
from ranef.diagnose.subject import AnySubject, Subject
from ranef.formula.naming import factors, without_level
from ranef.inference.coefficients import coefficient_tests
from ranef.inference.ddf import Method
from ranef.inference.ddf.auto import moves_of
from ranef.inference.ddf.constant import Constant
from ranef.inference.ddf.satterthwaite import Satterthwaite
from ranef.inference.satterthwaite import variance_derivatives
from ranef.types import INTERCEPT

__all__ = ["counterparts", "effects_of", "focal_names"]

MOST_DERIVATIVES = 2_000_000
"""Numbers read by one evaluation times parameters up to which degrees of freedom are found."""


def focal_names(subject: AnySubject) -> tuple[str, ...]:
    """Fixed effects other than the intercept."""
    return tuple(name for name in subject.design.x_names if name != INTERCEPT)


def counterparts(
    asked: tuple[str, ...], plan: Plan, here: tuple[str, ...], other: Collection[str] = ()
) -> dict[str, int]:
    """Position in a rung of each coefficient of the asked model that it has.

    `other` are categories that have lost a level there: their coefficients compare other things.
    """
    by_factors = {frozenset(factors(name)): j for j, name in enumerate(here)}
    found = {}
    for name in asked:
        if any(without_level(factor) in other for factor in factors(name)):
            continue
        wanted = frozenset(plan.renames.get(factor, factor) for factor in factors(name))
        if wanted in by_factors:
            found[name] = by_factors[wanted]
    return found


def effects_of(
    asked: AnySubject, plan: Plan, fit: AnySubject, base: Mapping[str, Effect]
) -> list[Effect]:
    """The focal coefficients in a rung; `base` holds those of the asked model, or nothing yet.

    A conclusion is where the 95% interval lies (Satterthwaite's degrees of freedom; normal
    quantiles where these would be expensive, and for generalised models).
    """
    tests = coefficient_tests(fit.estimates.beta, _method(fit))
    found = []
    for name, j in counterparts(
        focal_names(asked), plan, fit.design.x_names, _with_other_levels(asked, fit)
    ).items():
        estimate, error = float(tests.estimate[j]), float(tests.std_error[j])
        low, high = float(tests.conf_low[j]), float(tests.conf_high[j])
        conclusion = _conclusion(low, high)
        first = base.get(name)
        found.append(
            Effect(
                name=name,
                here=fit.design.x_names[j],
                estimate=estimate,
                std_error=error,
                change=0.0 if first is None else (estimate - first.estimate) / first.std_error,
                se_ratio=1.0 if first is None else error / first.std_error,
                conclusion=conclusion,
                holds=first is None
                or not isfinite(first.std_error)
                or conclusion == first.conclusion,
                conf_low=low,
                conf_high=high,
            )
        )
    return found


def _method(fit: AnySubject) -> Method:
    vcov = fit.estimates.vcov
    if not isinstance(fit, Subject) or fit.work * fit.problem.n_theta >= MOST_DERIVATIVES:
        return Constant("asymptotic", vcov, float("inf"))
    problem, solution = fit.problem, fit.solution
    moves = moves_of(
        problem, solution, fit.estimates.sigma, lambda: variance_derivatives(problem, solution)
    )
    return Satterthwaite(vcov, moves)


def _with_other_levels(asked: AnySubject, fit: AnySubject) -> set[str]:
    before, now = (s.design.encoding.state.categories for s in (asked, fit))
    return {key for key in before if key in now and before[key].levels != now[key].levels}


def _conclusion(low: float, high: float) -> Conclusion:
    if low > 0.0:
        return "above zero"
    return "below zero" if high < 0.0 else "open"
