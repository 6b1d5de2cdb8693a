"""The asked model with a weakly informative prior of its covariances."""

from __future__ import annotations

from typing import Final

import numpy as np

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.fitting import by_ml
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Tried
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.subject import AnySubject
from ranef.diagnose.words import join
from ranef.page.phrases import figures
from ranef.priors import Wishart

__all__ = ["KIND"]

PRIOR: Final = Wishart()
"""Its density is zero at singular covariance matrices, so that the estimate is never singular
(Chung, Gelman, Rabe-Hesketh, Liu and Dorie 2015)."""


def _plans(asked: Asked) -> list[Plan]:
    problem = asked.subject.problem
    if asked.subject.certificate.verdict == "no finite maximum":
        return []  # another prior is needed there
    # The density of a reduced rank is zero everywhere.
    if problem.prior is not None or any(label.structure == "rr" for label in problem.labels):
        return []
    formula, typed = asked.subject.formula.text, ("prior=rn.priors.Wishart()",)
    return [Plan("prior", "Wishart prior", formula, arguments=typed)]


def _fit(subject: AnySubject, plan: Plan) -> Tried:
    fit = subject.refit(prior=PRIOR)
    return Tried(plan, fit, by_ml(fit))


def _say(rung: Rung, facts: Facts) -> list[str]:
    """What a prior makes of it."""
    said = [singularity(rung, facts)]
    lost = rung.criterion - facts.best_criterion
    if facts.boundary:
        kept = _kept_off(facts, rung)
        if kept:
            said.append(join(kept))
        said.append(
            f"This is due to the prior, not to the data: the likelihood is {lost:.2f} deviance "
            "units worse. Use a prior if the covariances themselves are of interest and singular "
            "ones make no sense"
        )
    elif facts.certificate.verdict == "flat":
        said.append("The prior chooses among fits that the data cannot tell apart")
    else:
        said.append(
            "Nothing here needs it. Its pull on the covariances costs "
            f"{lost:.2f} deviance units of likelihood"
        )
    return said


def _kept_off(facts: Facts, rung: Rung) -> list[str]:
    """What a prior made of each singular covariance matrix, in words."""
    best, fit = facts.climb.best.fit, facts.tried(rung).fit
    if best is None or fit is None:
        return []
    said = []
    for k, label in enumerate(facts.subject.problem.labels):
        full = len(label.names)
        if best.certificate.rank[label.label] == full or full > 2:
            continue
        covariance, before = fit.estimates.covariances[k], best.estimates.covariances[k]
        sds = np.sqrt(np.diag(covariance))
        if full == 1:
            said.append(f"the SD of {label.factor} is {figures(sds[0])} and not 0")
        elif before[0, 0] > 0.0 and before[1, 1] > 0.0:
            correlation = covariance[0, 1] / (sds[0] * sds[1])
            was = "+1" if before[0, 1] > 0.0 else "-1"
            said.append(f"the correlation in {label.factor} is {correlation:.2f} and not {was}")
        else:
            j = int(before[0, 0] > 0.0)
            said.append(f"the SD of {label.names[j]} by {label.factor} is {figures(sds[j])}, not 0")
    return said


KIND = Kind("prior", Place.PRIOR, _plans, _fit, say=_say)
