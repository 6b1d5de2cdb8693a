"""Kenward and Roger's standard errors, degrees of freedom and scaled F."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.errors import OptionError
from ranef.inference.ddf.directions import is_below_rank
from ranef.inference.ddf.method import Fitted, Joint
from ranef.inference.ddf.off_face import off_the_face
from ranef.inference.ddf.rows import independent_rows
from ranef.inference.satterthwaite import VarianceDerivatives, satterthwaite_df
from ranef.problem import Problem
from ranef.problem.parameters import parts
from ranef.types import Array

__all__ = ["KenwardRoger", "at_parameters", "method", "scaled_f"]


@dataclass(frozen=True, slots=True)
class KenwardRoger:
    """A covariance that counts the uncertainty of the variances, and an F that is scaled to it.

    For one row the degrees of freedom are Satterthwaite's with the expected information of REML;
    the scale is then 1.

    References
    ----------
    Kenward and Roger (1997), Small sample inference for fixed effects from restricted maximum
    likelihood, Biometrics 53, 983-997. Halekoh and Hojsgaard (2014), A Kenward-Roger approximation
    and parametric bootstrap methods for tests in linear mixed models, Journal of Statistical
    Software 59(9).
    """

    vcov: Array
    derivatives: VarianceDerivatives
    name: str = "kenward-roger"
    normal: ClassVar[bool] = False

    def df(self, rows: Array) -> Array:
        return satterthwaite_df(self.derivatives, rows)

    def joint(self, rows: Array, difference: Array) -> Joint:
        turned, apart, variances = independent_rows(rows, difference, self.derivatives.vcov)
        q = variances.size
        if q == 0:
            return Joint(float("nan"), 0, float("nan"))
        unit = turned / np.sqrt(variances)[:, None]
        apart = apart / np.sqrt(variances)
        unscaled = float(apart @ np.linalg.solve(unit @ self.vcov @ unit.T, apart)) / q
        if q == 1:
            return Joint(unscaled, 1, float(self.df(unit)[0]))
        moves = unit @ self.derivatives.jacobian @ unit.T
        trace, w = np.einsum("taa->t", moves), self.derivatives.covariance
        a1 = float(trace @ w @ trace)
        a2 = float(np.einsum("tu,tab,uba->", w, moves, moves, optimize=True))
        den_df, scale = scaled_f(a1, a2, q)
        return Joint(scale * unscaled, q, den_df, scale)


def scaled_f(a1: float, a2: float, q: int) -> tuple[float, float]:
    """Denominator degrees of freedom and scale of an F of q rows (Kenward & Roger 1997, section 3).

    The scale is 1 at 2 degrees of freedom, where its formula has a pole (as in ``pbkrtest``).

    Examples
    --------
    >>> scaled_f(0.4, 0.2, 2)  # two rows whose variances move together
    (20.0, 1.0)
    """
    b = (a1 + 6.0 * a2) / (2.0 * q)
    g = ((q + 1.0) * a1 - (q + 4.0) * a2) / ((q + 2.0) * a2)
    d = 3.0 * q + 2.0 * (1.0 - g)
    v0 = 1.0 + g / d * b
    v1 = 1.0 - (q - g) / d * b
    v2 = 1.0 - (q + 2.0 - g) / d * b
    v0 = 0.0 if abs(v0) < 1e-10 else v0
    left = 1.0 - a2 / q
    ratio = 1.0 if abs(left) < 1e-14 and abs(v1) < 1e-14 else left / v1
    rho = ratio**2 * v0 / v2 / q
    excess = q * rho - 1.0
    den_df = 4.0 + (q + 2.0) / excess if excess else float("inf")
    if abs(den_df - 2.0) < 0.01:
        return den_df, 1.0
    return den_df, left / (1.0 - 2.0 / den_df)


def method(fitted: Fitted) -> KenwardRoger:
    """The method for a fit.

    Raises
    ------
    OptionError
        A fit by ML, or with a prior: the method is derived for REML estimates. A covariance of
        reduced rank whose rank is even lower: there it has no smooth parameters.
    TooLargeError
        Several factors with too many levels.
    """
    problem, solution = fitted.problem, fitted.solution
    if problem.prior is not None:
        raise OptionError(
            "Kenward-Roger is for fits without priors",
            found='ddf="kenward-roger" for a penalised fit',
            fix='use ddf="satterthwaite", or fit without prior=',
        )
    if not problem.reml:
        raise OptionError(
            "Kenward-Roger is for fits by REML",
            found='ddf="kenward-roger" for a fit by ML',
            fix="use fit.with_reml(True), or ddf='satterthwaite'",
        )
    own = zip(problem.terms, parts(problem.terms, solution.inner), problem.labels, strict=True)
    low = [label.label for term, x, label in own if is_below_rank(term, x)]
    if low:
        raise OptionError(
            "Kenward-Roger needs covariances of reduced rank to have that rank",
            found=f"a lower rank for {', '.join(low)}",
            fix='use ddf="satterthwaite", or a smaller rank in rr()',
        )
    return at_parameters(problem, solution.inner, fitted.estimates.sigma)


def at_parameters(problem: Problem, inner: Array, sigma: float) -> KenwardRoger:
    """The method at any values of the variance parameters.

    Parameters
    ----------
    problem : Problem
    inner : ndarray
        Theta, inner.
    sigma : float
        On the data's scale.
    """
    found = off_the_face(problem, inner, sigma)
    return KenwardRoger(found.derivatives.vcov + found.adjustment, found.derivatives)
