"""Tests of the residuals of a generalised model, with p values by refits of simulated responses.

Each response is drawn from the fitted model with new random effects and fitted again, as for linear
models (:mod:`ranef.inference.residual_tests`). Pearson's chi-squared is not compared with n - p
degrees of freedom: conditional modes follow the response, and with few trials or small counts its
distribution is far from chi-squared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ranef.core.columns import available_cores
from ranef.family import Family, Psi
from ranef.inference.generalised.bootstrap import at_once
from ranef.inference.generalised.refits import Origin, Search, refitted
from ranef.inference.generalised.residuals import generalised_residuals
from ranef.inference.residual_laws import Parts, kolmogorov, largest, size_correlation
from ranef.inference.residual_tests import ResidualTests, p_value_of
from ranef.inference.simulate import draw_key
from ranef.problem.parameters import group_lambdas
from ranef.solve import Control
from ranef.types import Array

__all__ = ["generalised_tests"]


class _At(NamedTuple):
    """A response with its fit."""

    family: Family
    y: Array
    eta: Array
    psi: Psi
    weights: Array | None
    parts: Parts


class _Test(NamedTuple):
    name: str
    measure: str
    value: Callable[[_At], float]
    two_sided: bool


def _tests(family: Family, weights: Array | None) -> list[_Test]:
    """Those that the family allows."""
    out = [
        _Test(
            "uniformity",
            "Kolmogorov-Smirnov distance of the quantile residuals",
            lambda at: kolmogorov(at.parts.residuals),
            False,
        ),
        _Test("outliers", "largest quantile residual", lambda at: largest(at.parts), False),
        _Test(
            "spread by fitted value",
            "correlation of the size of the residuals with the fitted values",
            lambda at: size_correlation(at.parts),
            True,
        ),
    ]
    trials = family.WEIGHTS == "trials" and weights is not None and bool(np.any(weights > 1.0))
    counts = family.RESPONSE in ("count", "positive count")
    if trials or counts:
        words = "Pearson's chi-squared over its mean in the refits: above 1 is overdispersion"
        out.append(_Test("dispersion", words, _chi_squared, True))
    if family.RESPONSE == "count":
        words = "zeros observed over those that the fitted distributions expect"
        out.append(_Test("zeros", words, _zeros, True))
    return out


def _chi_squared(at: _At) -> float:
    pearson = generalised_residuals(at.family, at.y, at.eta, at.psi, at.weights, "pearson", None)
    return float(np.sum(pearson**2))


def _zeros(at: _At) -> float:
    zero = np.zeros_like(at.y)
    expected = float(np.sum(at.family.cdf(zero, at.eta, at.psi, at.weights)))
    return float(np.count_nonzero(at.y == 0.0)) / expected


def generalised_tests(
    origin: Origin,
    y: Array,
    eta: Array,
    psi_of: Callable[[Array], Psi],
    control: Control,
    n: int,
    seed: int | None,
    tick: Callable[[int], None],
) -> ResidualTests:
    """Test the residuals of a fit.

    Parameters
    ----------
    origin : Origin
        The fit, to draw responses from.
    y : ndarray, shape (n,)
        As the family takes it.
    eta : ndarray, shape (n,)
        At the conditional modes.
    psi_of : callable
        The other predictors of the rows at coefficients on the data's scale.
    control : Control
    n : int
        Refits.
    seed : int, optional
    tick : callable
        Told how many refits are done.
    """
    problem, key = origin.problem, draw_key(seed)
    family, weights = problem.family, origin.weights
    tests = _tests(family, weights)
    own = _at(family, y, eta, origin.psi, weights, key, 0)
    values = np.array([test.value(own) for test in tests])
    drawn = []
    threads = control.threads or available_cores()
    for first in range(0, n, size := at_once(problem.n)):
        count = min(size, n - first)
        responses = origin.draw(count, key, first)
        refits = refitted(origin, responses, Search(control, threads, lambda done: None))
        for k in np.flatnonzero(refits.certified & ~refits.unbounded).tolist():
            inner = refits.refits.coefficients[k]
            kernel = problem.with_response(responses[:, k]).kernel()
            lambdas = group_lambdas(problem, refits.refits.theta[k])
            if not kernel.evaluate(lambdas, inner):
                continue
            psi = psi_of(problem.coefficients(inner))
            eta_drawn = kernel.eta + problem.middle(inner)
            at = _at(family, responses[:, k], eta_drawn, psi, weights, key, 1 + first + k)
            drawn.append([test.value(at) for test in tests])
        tick(first + count)
    found = np.array(drawn).reshape(-1, len(tests))
    p_values = np.array(
        [
            p_value_of(value, column[~np.isnan(column)], test.two_sided)
            for value, column, test in zip(values, found.T, tests, strict=True)
        ]
    )
    names = tuple(test.name for test in tests)
    if "dispersion" in names and found.shape[0]:
        place = names.index("dispersion")
        values[place] /= found[:, place].mean()
    return ResidualTests(
        names,
        tuple(test.measure for test in tests),
        (False,) * len(tests),
        values,
        p_values,
        found.shape[0],
        n - found.shape[0],
        key,
        own.parts.residuals,
    )


def _at(
    family: Family, y: Array, eta: Array, psi: Psi, weights: Array | None, key: int, draw: int
) -> _At:
    """The quantile residuals of discrete responses are drawn anew for each response."""
    seed = (key + draw) % 2**64
    z = generalised_residuals(family, y, eta, psi, weights, "quantile", seed)
    return _At(family, y, eta, psi, weights, Parts(z, family.mean(eta, psi), ()))
