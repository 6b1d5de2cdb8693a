"""All rungs fitted, in parallel, and put beside the asked model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ranef.core import one_blas_thread
from ranef.diagnose.call import Call, quoted
from ranef.diagnose.generalised.families import FamilyFits
from ranef.diagnose.ladder.fitting import by_ml
from ranef.diagnose.ladder.focal import effects_of
from ranef.diagnose.ladder.kind import Asked as Known
from ranef.diagnose.ladder.numerics import Searches, search_elsewhere
from ranef.diagnose.ladder.outcome import rung_of
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.rungs import kind_of, plans_of
from ranef.diagnose.larger import Larger
from ranef.diagnose.subject import AnySubject, Subject, linear
from ranef.errors import RanefError
from ranef.formula import parse
from ranef.sums import NotHeldError

__all__ = ["Climb", "fit_rungs"]

BUDGET = 30_000_000
"""Numbers read by one evaluation, times parameters, summed over all fits of a ladder: about ten
seconds. What goes beyond is named and not fitted."""

READ_IN_A_SECOND = BUDGET / 10.0
"""What a second of a pass over rows that are not in memory counts."""

SEARCHES = 4_000_000
"""The same for the searches from elsewhere, about a second; where the fit is not certified they are
made whatever they cost."""

WORKERS = 4


@dataclass(frozen=True, slots=True)
class Climb:
    """The rungs as fitted, for those who judge them.

    Attributes
    ----------
    call : Call
        What the asked model was fitted by.
    asked : Tried
    best : Tried
        The asked model at the lowest optimum met: `asked` itself, or its fit from there; without
        its prior where it has one. Smaller models are tested against this.
    tried : tuple of Tried
        In the order of the ladder, the asked model left out.
    rungs : tuple of Rung
        The asked model first, then those of `tried`.
    searches : Searches or None
        None where they were left out for their cost.
    left_out : tuple of Plan
        Not tried for their cost.
    larger : Larger
        The larger random parts looked at.
    families : FamilyFits
        The wider families fitted.
    """

    call: Call
    asked: Tried
    best: Tried
    tried: tuple[Tried, ...] = field(repr=False)
    rungs: tuple[Rung, ...]
    searches: Searches | None
    left_out: tuple[Plan, ...]
    larger: Larger
    families: FamilyFits


def fit_rungs(
    known: Known,
    call: Call,
    climbed: Callable[[float], None] = lambda share: None,
) -> Climb:
    """Fit every rung that applies to a model.

    Parameters
    ----------
    known : Asked
        The model, and what is known about it.
    call : Call
        What the model was fitted by.
    climbed : callable
        Told which share of the rungs has been fitted.
    """
    subject = known.subject
    arguments = () if subject.problem.prior is None else ("prior=prior",)
    first = Plan("as-asked", "as asked", subject.formula.text, arguments=arguments)
    plans = plans_of(known)
    affordable, left_out = _within_budget(subject, plans)
    with one_blas_thread(), ThreadPoolExecutor(WORKERS) as pool:
        searching = None
        if isinstance(subject, Subject) and _affords_searches(subject):
            searching = pool.submit(search_elsewhere, subject)
        asked_ml = pool.submit(by_ml, subject)
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
    return Climb(
        call, asked, best, tried, tuple(rungs), searches, left_out, known.larger, known.families
    )


def _cost(subject: AnySubject) -> float:
    """Of one fit of the asked model: an evaluation reads the factor and, first, rows or cells."""
    width = subject.design.p + sum(term.q for term in subject.design.terms)
    size = subject.size if isinstance(subject, Subject) else subject.problem.n
    return subject.work * max(subject.problem.n_theta, 1) + size * width


def _within_budget(
    subject: AnySubject, plans: Sequence[Plan]
) -> tuple[list[Plan], tuple[Plan, ...]]:
    """The plans that are tried, one at least, and those that are left out."""
    each = 2 * max(_cost(subject), 0.5)  # by REML and by ML
    spent = each  # the asked model by ML, and searches
    affordable: list[Plan] = []
    cheap = [
        (plan, each + READ_IN_A_SECOND * _pass_seconds(subject, plan))
        for plan in plans
        if not plan.costly
    ]
    for plan, own in cheap:
        if spent + own <= BUDGET:
            affordable.append(plan)
            spent += own
    if cheap and not affordable:
        affordable.append(min(cheap, key=lambda priced: priced[1])[0])
    tried = {id(plan) for plan in affordable}
    return affordable, tuple(plan for plan in plans if id(plan) not in tried)


def _pass_seconds(subject: AnySubject, plan: Plan) -> float:
    """What the sums of a plan take beside its fits, where they are not there yet."""
    if not isinstance(subject, Subject) or plan.fit is not None:
        return 0.0
    try:
        return subject.pass_seconds(parse(plan.formula, random=plan.random))
    except RanefError:  # the model is refused when it is tried
        return 0.0


def _affords_searches(subject: AnySubject) -> bool:
    return 3 * _cost(subject) < SEARCHES or not subject.certificate.certified


def _try(subject: AnySubject, plan: Plan) -> Tried:
    try:
        return kind_of(plan.key).fit(subject, plan)
    except NotHeldError as error:
        return Tried(plan, None, None, _not_held(plan, error))
    except RanefError as error:
        return Tried(plan, None, None, f"The data cannot identify it: {error.what}")


def _not_held(plan: Plan, error: NotHeldError) -> str:
    """What the sums lack, and what would hold it."""
    lacking = error.found.partition("not among them: ")[2]
    return (
        f"The sums do not hold it{': they lack ' + lacking if lacking else ''}. "
        f"rn.moments({quoted(plan.formula)}, data) makes sums that do"
    )


def _best(asked: Tried, tried: Sequence[Tried], searches: Searches | None) -> Tried:
    """The asked model by the data alone, where a search found it to be best."""
    for each in tried:
        if kind_of(each.plan.key).is_asked and each.fit is not None:
            return each
    if searches is None or not searches.gain or asked.fit is None:
        return asked
    try:
        fit = linear(asked.fit).refit(start=searches.theta)
    except RanefError:
        return asked
    return Tried(asked.plan, fit, by_ml(fit))


def _says_something(asked: Tried, tried: Tried) -> bool:
    """Whether a rung is another model: not one whose new columns others determine."""
    if tried.fit is None or asked.fit is None or tried.plan.rows is not None:
        return True
    return set(tried.fit.design.dropped) <= set(asked.fit.design.dropped)


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    if asked.fit is None or tried.fit is None:
        return None
    return kind_of(tried.plan.key).test(asked, tried, every)
