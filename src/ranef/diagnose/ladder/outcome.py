"""The outcome of a plan, as a rung without its judgement."""

from __future__ import annotations

from ranef.diagnose.call import Call
from ranef.diagnose.generalised import GeneralisedSubject
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.focal import effects_of
from ranef.diagnose.ladder.rung import Effect, Plan, Rung, Test, Tried
from ranef.diagnose.subject import AnySubject

__all__ = ["best_rung", "not_tried", "rung_of"]


def rung_of(
    asked: Tried,
    tried: Tried,
    effects: tuple[Effect, ...],
    test: Test | None,
    call: Call,
) -> Rung:
    """A rung; `call` is that of the asked model."""
    plan, fit, ml, nan = tried.plan, tried.fit, tried.ml, float("nan")
    here = call.changed(plan.formula, plan.data, (*plan.arguments, *tried.arguments), plan.random)
    if fit is not None and fit.problem.prior is not None:
        ml = None  # at penalised estimates a likelihood is no maximum: no criterion of information
    if fit is None or asked.fit is None:
        return Rung(plan.key, plan.title, plan.formula, here, "not fitted")
    same_likelihood = plan.rows is None and _nodes(fit) == _nodes(asked.fit)
    if not same_likelihood:
        ml = None
    ranks = fit.certificate.rank
    sizes = {label.label: len(label.names) for label in fit.problem.labels}
    columns = [set(f.design.x_names) for f in (asked.fit, fit)]
    return Rung(
        key=plan.key,
        title=plan.title,
        formula=plan.formula,
        call=here,
        verdict=fit.certificate.verdict,
        ranks=", ".join(f"{ranks[k]} of {sizes[k]}" for k in ranks),
        criterion=-2.0 * fit.estimates.loglik,
        comparable=same_likelihood and (not fit.reml or columns[0] == columns[1]),
        nobs=fit.problem.n,
        df=fit.estimates.n_parameters,
        loglik_ml=nan if ml is None else ml.estimates.loglik,
        aic_ml=nan if ml is None else ml.estimates.aic,
        bic_ml=nan if ml is None else ml.estimates.bic,
        effects=effects,
        test=test,
    )


def _nodes(fit: AnySubject) -> int:
    """Of quadrature: likelihoods by other numbers of nodes do not compare."""
    return fit.problem.n_agq if isinstance(fit, GeneralisedSubject) else 1


def best_rung(facts: Facts) -> Rung:
    """The asked model at the lowest optimum met."""
    asked, best, first = facts.climb.asked, facts.climb.best, facts.asked_rung
    if best is asked or best.fit is None:
        return first
    base = {effect.name: effect for effect in first.effects}
    effects = tuple(effects_of(facts.subject, best.plan, best.fit, base))
    return rung_of(asked, best, effects, None, facts.climb.call)


def not_tried(plan: Plan, call: Call) -> Rung:
    """A rung that would take too long here."""
    return Rung(
        plan.key,
        plan.title,
        plan.formula,
        call.changed(plan.formula, plan.data, plan.arguments, plan.random),
        "not tried",
        judgement="Left out: it would take long on data of this size. Type the call to try it.",
    )
