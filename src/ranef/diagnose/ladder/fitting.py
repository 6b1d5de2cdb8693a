"""The fits behind a rung: as the asked model was fitted, and by ML."""

from __future__ import annotations

from ranef.diagnose.ladder.rung import Plan, Tried
from ranef.diagnose.subject import AnySubject, linear
from ranef.errors import RanefError

__all__ = ["by_ml", "refitted", "with_fewer_rows"]


def refitted(subject: AnySubject, plan: Plan) -> Tried:
    """Another formula."""
    fit = plan.fit or subject.refit(plan.formula, random=plan.random)
    return Tried(plan, fit, by_ml(fit))


def with_fewer_rows(subject: AnySubject, plan: Plan) -> Tried:
    """The same formula without some rows."""
    fit = subject.refit(rows=plan.rows)
    return Tried(plan, fit, by_ml(fit))


def by_ml(fit: AnySubject) -> AnySubject | None:
    """The same model by ML, searched for from where it is by REML."""
    if not fit.reml:
        return fit
    own = linear(fit)
    try:
        inside = own.certificate.verdict == "interior optimum"
        return own.refit(reml=False, start=own.solution.theta if inside else None)
    except RanefError:
        return None
