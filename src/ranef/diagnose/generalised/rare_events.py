"""Too few events, or too few failures, for the coefficients of a binomial model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.design.generalised_data import GeneralisedData
from ranef.page.phrases import count, figures
from ranef.types import INTERCEPT, Finding

__all__ = ["ENOUGH", "rare_event_findings"]

ENOUGH = 10.0
"""Events of the rarer outcome per coefficient (Peduzzi and others 1996, Journal of Clinical
Epidemiology 49, 1373-1379)."""


def rare_event_findings(data: GeneralisedData) -> Iterator[Finding]:
    """Whether the rarer outcome occurs fewer than ten times per coefficient.

    The intercept is not counted, unless it is the only coefficient.
    """
    if data.family.RESPONSE != "binary":
        return
    trials = np.ones(data.y.size) if data.weights is None else data.weights
    events, total = round(float((data.y * trials).sum())), round(float(trials.sum()))
    rarer = min(events, total - events)
    slopes = max(1, sum(name != INTERCEPT for name in data.design.x_names))
    if rarer >= ENOUGH * slopes or rarer <= 0:
        return
    what = "event" if events <= total - events else "failure"
    yield Finding(
        code="rare-events",
        severity="warning",
        message=f"'{data.design.response}' has {count(rarer, what)} for "
        f"{count(slopes, 'coefficient')} beside the intercept: estimates of log odds "
        "are then biased away from zero, and their intervals too narrow",
        evidence=f"{figures(rarer / slopes, 2)} {what}s per coefficient, {count(rarer, what)} in "
        f"{count(total, 'trial')}; a common rule asks for {ENOUGH:g} per coefficient",
        where=data.design.response,
        fix=f"use fewer predictors, or a normal prior of the coefficients such as "
        f"prior=rn.priors.Normal((10, 2.5)); more rows help only if they bring more {what}s",
    )
