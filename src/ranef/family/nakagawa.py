"""The variance that a family adds on the scale of the linear predictor, for R2 and ICC."""

from __future__ import annotations

import numpy as np

from ranef.errors import OptionError
from ranef.family.base import Family, Psi
from ranef.options import shown
from ranef.types import Array

__all__ = ["distribution_variance", "variance_methods"]


def variance_methods(family: Family) -> tuple[str, ...]:
    """The methods there are for a family, the default first.

    ``"theoretical"``: of the latent variable behind a threshold. ``"delta"``: of a first-order
    expansion of the link, which for binary responses is the observation-level variance.
    ``"lognormal"`` and ``"trigamma"``: of the logarithm of the response, for the log link.

    Examples
    --------
    >>> import ranef as rn
    >>> variance_methods(rn.Binomial()), variance_methods(rn.Poisson())
    (('theoretical', 'delta'), ('lognormal', 'delta', 'trigamma'))
    """
    latent = family.link_function.latent_variance is not None
    if family.RESPONSE == "ordered":
        return ("theoretical",) if latent else ()
    if family.RESPONSE == "binary":
        return ("theoretical", "delta") if latent else ("delta",)
    if family.link == "log" and family.MEANS[0] == 0.0:
        return ("lognormal", "delta", "trigamma")
    return ("delta",)


def distribution_variance(
    family: Family,
    eta: Array,
    psi: Psi = (),
    weights: Array | None = None,
    *,
    method: str | None = None,
) -> Array:
    """The distribution-specific variance at a linear predictor.

    Parameters
    ----------
    family : Family
    eta : ndarray
        The paper takes one value: the link of the mean of the response over all rows, which for a
        log link is the intercept of the null model plus half the variance of its random effects.
    psi : sequence of ndarray or float
    weights : ndarray, optional
        For families whose weights divide the variance. Binary responses are taken one trial at a
        time.
    method : str, optional
        One of :func:`variance_methods`, the first by default.

    Returns
    -------
    ndarray
        In squared units of the linear predictor.

    Raises
    ------
    OptionError
        The family has no such variance.

    References
    ----------
    Nakagawa, Johnson and Schielzeth (2017), The coefficient of determination R2 and intra-class
    correlation coefficient from generalized linear mixed-effects models revisited and expanded,
    Journal of the Royal Society Interface 14(134), tables 1 and 2 and the appendices: 1 / lambda,
    log(1 + 1 / lambda) and trigamma(lambda) for Poisson counts, and their likes.

    Examples
    --------
    >>> import numpy as np
    >>> import ranef as rn
    >>> distribution_variance(rn.Binomial(), 0.0).round(4).item()
    3.2899
    >>> distribution_variance(rn.Poisson(), np.log(4.0), method="delta").round(4).item()
    0.25
    """
    methods = variance_methods(family)
    if not methods:
        raise OptionError(
            f"{family.words} has no variance on the scale of its predictor",
            found="a latent variable without a variance",
            fix=f"use another link: {', '.join(n for n in family.LINKS if n != family.link)}",
        )
    chosen = methods[0] if method is None else method
    if chosen not in methods:
        raise OptionError(
            f"{family.words} has no {shown(method)} variance",
            found=f"methods {', '.join(methods)}",
            fix=f"use {methods[0]!r}",
        )
    if chosen == "theoretical":
        return np.full(np.shape(eta), family.link_function.latent_variance, dtype=np.float64)
    of_one = None if family.WEIGHTS == "trials" else weights
    mean, variance = family.mean(eta, psi), family.variance(eta, psi, of_one)
    if chosen == "lognormal":
        return np.asarray(np.log1p(variance / mean**2))
    if chosen == "trigamma":
        from scipy.special import polygamma

        return np.asarray(polygamma(1, mean**2 / variance))
    return np.asarray(variance / family.mean_slope(eta, psi) ** 2)
