"""Power without simulation: t with a noncentrality, at the assumed parameters.

The standard error is that of the assumed variances, the degrees of freedom are Satterthwaite's with
the expected information of REML there. In balanced designs these are the textbook's, so that the
power is that of the exact test.
"""

from __future__ import annotations

import numpy as np

from ranef.covariance import parameters_of
from ranef.inference.ddf import Method
from ranef.inference.ddf.constant import Constant
from ranef.inference.ddf.kenward_roger import at_parameters
from ranef.inference.ddf.satterthwaite import Satterthwaite
from ranef.inference.power.assumed import Assumed
from ranef.inference.power.result import TermPower
from ranef.problem import Problem
from ranef.problem.parameters import joined, to_inner

__all__ = ["approximate_power", "noncentral_power"]


def approximate_power(
    problem: Problem, truth: Assumed, alpha: float, ddf: str
) -> tuple[TermPower, ...]:
    """The power of each coefficient that is asked about.

    Parameters
    ----------
    problem : Problem
        By REML, of any response.
    truth : Assumed
    alpha : float
        Of the two-sided test.
    ddf : str
    """
    relative = [c / truth.sigma**2 for c in truth.covariances]
    theta = joined([parameters_of(t, c) for t, c in zip(problem.terms, relative, strict=True)])
    full = at_parameters(problem, to_inner(problem, theta), truth.sigma)
    vcov = full.derivatives.vcov
    methods: dict[str, Method] = {
        "auto": Satterthwaite(vcov, full.derivatives),
        "satterthwaite": Satterthwaite(vcov, full.derivatives),
        "kenward-roger": full,
        "residual": Constant(ddf, vcov, float(problem.n - problem.p)),
        "asymptotic": Constant(ddf, vcov, float("inf")),
    }
    method = methods[ddf]
    df = method.df(np.eye(problem.p))
    nan = float("nan")
    out = []
    for term, place in truth.asked.items():
        error = float(np.sqrt(method.vcov[place, place]))
        effect = float(truth.beta[place])
        power = noncentral_power(effect / error, float(df[place]), alpha)
        out.append(TermPower(term, effect, power, nan, error, float(df[place]), nan, 0))
    return tuple(out)


def noncentral_power(shift: float, df: float, alpha: float) -> float:
    """P(abs(t) > its critical value) for t with noncentrality `shift`.

    Examples
    --------
    >>> round(noncentral_power(0.0, 10.0, 0.05), 6), round(noncentral_power(2.8, 1e6, 0.05), 3)
    (0.05, 0.8)
    """
    from scipy import special, stats

    if np.isinf(df):
        z = special.ndtri(1.0 - 0.5 * alpha)
        return float(special.ndtr(shift - z) + special.ndtr(-shift - z))
    t = special.stdtrit(df, 1.0 - 0.5 * alpha)
    size = abs(shift)  # the lower tail is the small one, and rounding may leave it below zero
    low = float(stats.nct.cdf(-t, df, size)) if size < 30.0 else 0.0
    return float(min(1.0, stats.nct.sf(t, df, size) + max(low, 0.0)))
