"""All rungs fitted, in parallel, and put beside the asked model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ranef.core import one_blas_thread
from ranef.diagnose.imposed import with_ranks
from ranef.diagnose.ladder.focal import effects_of
from ranef.diagnose.ladder.kind import Asked
from ranef.diagnose.ladder.kinds import kind_of, plans_of
from ranef.diagnose.ladder.numerics import Searches, search_elsewhere
from ranef.diagnose.ladder.prior import PRIORS
from ranef.diagnose.ladder.rank import held_at
from ranef.diagnose.ladder.rung import FIXED_RANK, Call, Effect, Plan, Rung, Test, Tried
from ranef.diagnose.larger import Larger
from ranef.diagnose.rank import Support
from ranef.diagnose.subject import Subject
from ranef.errors import RanefError
from ranef.types import Finding

__all__ = ["Climb", "fit_rungs", "rung_of"]

BUDGET = 30_000_000
"""Numbers read by one evaluation, times parameters, summed over all fits of a ladder: about ten
seconds. What goes beyond is named and not fitted."""

SEARCHES = 4_000_000
"""The same for the searches from elsewhere, about a second; where the fit is not certified they are
made whatever they cost."""

WORKERS = 4


@dataclass(frozen=True, slots=True)
class Climb:
    """The rungs as fitted, for those who judge them.

    Attributes
    ----------
    asked : Tried
    best : Tried
        The asked model at the lowest optimum met: `asked` itself, or its fit from there; without
        its prior where it has one. Smaller models are tested against this.
    tried : tuple of Tried
        In the order of the ladder, the asked model left out.
    rungs : tuple of Rung
        The asked model first, other starts second, then those of `tried`.
    searches : Searches or None
        None where they were left out for their cost.
    left_out : tuple of Plan
        Not tried for their cost.
    larger : Larger
        The larger random parts looked at.
    """

    asked: Tried
    best: Tried
    tried: tuple[Tried, ...] = field(repr=False)
    rungs: tuple[Rung, ...]
    searches: Searches | None
    left_out: tuple[Plan, ...]
    larger: Larger


def fit_rungs(
    subject: Subject,
    call: Call,
    findings: Sequence[Finding],
    supports: Sequence[Support],
    larger: Larger,
    climbed: Callable[[float], None] = lambda share: None,
) -> Climb:
    """Fit every rung that applies to a model.

    Parameters
    ----------
    subject : Subject
    call : callable
        From a formula to the call that fits it.
    findings : sequence of Finding
        Those that name rows or predictors call for rungs of their own.
    supports : sequence of Support
        The ranks that the data support.
    larger : Larger
        The larger random parts looked at.
    climbed : callable
        Told which share of the rungs has been fitted.
    """
    argument = "" if subject.problem.prior is None else "prior=prior"
    first = Plan("as-asked", "as asked", subject.formula.text, argument=argument)
    plans = plans_of(Asked(subject, findings, supports, larger))
    affordable, left_out = _within_budget(subject, plans)
    with one_blas_thread(), ThreadPoolExecutor(WORKERS) as pool:
        searching = pool.submit(search_elsewhere, subject) if _affords_searches(subject) else None
        asked_ml = pool.submit(_by_ml, subject)
        fitting = [pool.submit(_try, subject, plan) for plan in affordable]
        searches = None if searching is None else searching.result()
        asked = Tried(first, subject, asked_ml.result())
        results = []
        for k, future in enumerate(fitting):
            climbed(k / len(fitting))
            results.append(future.result())
    tried = tuple(each for each in results if _says_something(asked, each))
    best = _best(asked, tried, searches)
    base = {e.name: e for e in effects_of(subject, first, subject, {})}
    rungs = [rung_of(asked, asked, tuple(base.values()), None, call)]
    for each in tried:
        effects = () if each.fit is None else tuple(effects_of(subject, each.plan, each.fit, base))
        rungs.append(rung_of(asked, each, effects, _test(best, each, tried), call))
    return Climb(asked, best, tried, tuple(rungs), searches, left_out, larger)


def _cost(subject: Subject) -> int:
    """Of one fit of the asked model: an evaluation reads the factor and, first, the rows."""
    width = subject.design.p + sum(term.q for term in subject.design.terms)
    return subject.solution.work * max(subject.problem.n_theta, 1) + subject.design.n * width


def _within_budget(subject: Subject, plans: Sequence[Plan]) -> tuple[list[Plan], tuple[Plan, ...]]:
    each = 2 * _cost(subject)  # by REML and by ML
    count = max(BUDGET // max(each, 1) - 1, 1)
    cheap = [plan for plan in plans if not plan.costly]
    tried = {id(plan) for plan in cheap[:count]}
    return cheap[:count], tuple(plan for plan in plans if id(plan) not in tried)


def _affords_searches(subject: Subject) -> bool:
    return 3 * _cost(subject) < SEARCHES or not subject.certificate.certified


def _try(subject: Subject, plan: Plan) -> Tried:
    if plan.fit is not None:
        return Tried(plan, plan.fit, _by_ml(plan.fit))
    try:
        if plan.key in PRIORS:
            fit = subject.refit(prior=PRIORS[plan.key])
        elif plan.ranks:
            fit = with_ranks(subject, plan.ranks)
            ml = with_ranks(subject, plan.ranks, reml=False) if fit.reml else fit
            return Tried(plan, fit, ml)
        elif plan.rows is not None:
            fit = subject.refit(rows=plan.rows)
        else:
            fit = subject.refit(plan.formula)
        return Tried(plan, fit, _by_ml(fit))
    except RanefError as error:
        return Tried(plan, None, None, error.what)


def _by_ml(fit: Subject) -> Subject | None:
    """The same model by ML, searched for from where it is by REML."""
    if not fit.reml:
        return fit
    try:
        inside = fit.certificate.verdict == "interior optimum"
        return fit.refit(reml=False, start=fit.solution.theta if inside else None)
    except RanefError:
        return None


def _best(asked: Tried, tried: Sequence[Tried], searches: Searches | None) -> Tried:
    """The asked model by the data alone, where a search found it to be best."""
    for each in tried:
        if each.plan.key == "without-prior" and each.fit is not None:
            return each
    if searches is None or not searches.gain or asked.fit is None:
        return asked
    try:
        fit = asked.fit.refit(start=searches.theta)
    except RanefError:
        return asked
    return Tried(asked.plan, fit, _by_ml(fit))


def _says_something(asked: Tried, tried: Tried) -> bool:
    """Whether a rung is another model: not one whose new columns others determine."""
    if tried.fit is None or asked.fit is None or tried.plan.rows is not None:
        return True
    return set(tried.fit.design.dropped) <= set(asked.fit.design.dropped)


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    if asked.fit is None or tried.fit is None:
        return None
    return kind_of(tried.plan.key).test(asked, tried, every)


def rung_of(
    asked: Tried,
    tried: Tried,
    effects: tuple[Effect, ...],
    test: Test | None,
    call: Call,
) -> Rung:
    """What came of a plan, without its judgement."""
    plan, fit, ml, nan = tried.plan, tried.fit, tried.ml, float("nan")
    code = call(plan.formula, plan.data)
    argument = held_at(fit) if plan.ranks and fit is not None else plan.argument
    if argument:
        code = f"{code[:-1]}, {argument})"
    if fit is not None and fit.problem.prior is not None:
        ml = None  # at penalised estimates a likelihood is no maximum: no criterion of information
    if fit is None or asked.fit is None:
        return Rung(plan.key, plan.title, plan.formula, code, "not fitted")
    same_rows = plan.rows is None
    if not same_rows:
        ml = None
    ranks, dims = fit.certificate.rank, fit.certificate.dims
    columns = [set(f.design.x_names) for f in (asked.fit, fit)]
    return Rung(
        key=plan.key,
        title=plan.title,
        formula=plan.formula,
        code=code,
        verdict=FIXED_RANK if plan.ranks and fit.certificate.certified else fit.certificate.verdict,
        ranks=", ".join(f"{ranks[k]} of {dims[k]}" for k in ranks),
        criterion=-2.0 * fit.estimates.loglik,
        comparable=same_rows and (not fit.reml or columns[0] == columns[1]),
        nobs=fit.problem.n,
        df=fit.estimates.n_parameters,
        loglik_ml=nan if ml is None else ml.estimates.loglik,
        aic_ml=nan if ml is None else ml.estimates.aic,
        bic_ml=nan if ml is None else ml.estimates.bic,
        effects=effects,
        test=test,
    )
