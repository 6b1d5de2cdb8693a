"""Means averaged over the random effects, against dense integration and draws."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from tests.generalised.fits import answers, cbpp, grouped, of_groups

import ranef as rn
from ranef.family import Family, parse_family
from ranef.inference.generalised.over_groups import averaged, normal_nodes
from ranef.inference.generalised.quantity import mean_of

LINKED = (
    "binomial",
    "binomial(probit)",
    "binomial(cloglog)",
    "binomial(cauchit)",
    "poisson",
    "poisson(sqrt)",
    "gaussian",
    "truncated_poisson",
    "hurdle_poisson",
)
HALF = {"hurdle_poisson": (0.0,)}  # psi: zeros with a probability of one half


def dense(function: Callable[[float], float], eta: float, sd: float) -> float:
    """By adaptive quadrature over the standard normal number."""

    def integrand(z: float) -> float:
        return float(function(eta + sd * z)) * stats.norm.pdf(z)

    pieces = [-12.0 - sd, -4.0, 0.0, 4.0, 12.0 + sd]
    return sum(
        integrate.quad(integrand, a, b, epsabs=1e-14, epsrel=1e-12, limit=400)[0]
        for a, b in pairwise(pieces)
    )


def average(family: Family, eta: float, variance: float) -> tuple[float, float, float]:
    made = averaged(
        family,
        mean_of(family),
        family.MEAN_IS_LINKED,
        np.array([eta]),
        HALF.get(family.name, ()),
        np.array([variance]),
    )
    return made.value.item(), made.by_eta.item(), made.by_variance.item()


@pytest.mark.parametrize("name", LINKED)
@pytest.mark.parametrize(("eta", "sd"), [(-1.3, 0.3), (0.7, 1.2), (2.0, 5.0)])
def test_averages_are_integrals(name: str, eta: float, sd: float) -> None:
    family = parse_family(name)

    def mean(at: float) -> float:
        return float(family.mean(np.array(at), HALF.get(name, ())))

    found = average(family, eta, sd**2)[0]
    # quad stops at 1e-12; the trapezoidal rule is made to be as close.
    assert found == pytest.approx(dense(mean, eta, sd), rel=1e-10)


@pytest.mark.parametrize("name", LINKED)
@given(eta=st.floats(-2, 2), variance=st.floats(0.01, 4.0))
def test_derivatives_of_averages(name: str, eta: float, variance: float) -> None:
    family = parse_family(name)
    _, by_eta, by_variance = average(family, eta, variance)
    h = 1e-4

    def difference(f: Callable[[float], float]) -> float:  # of fourth order
        return (8.0 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12.0 * h)

    close = {"rel": 1e-7, "abs": 1e-10}
    assert by_eta == pytest.approx(
        difference(lambda s: average(family, eta + s, variance)[0]), **close
    )
    assert by_variance == pytest.approx(
        difference(lambda s: average(family, eta, variance + s)[0]), **close
    )


def test_thresholds_are_no_rows() -> None:
    # As many rows as thresholds: they are not to be taken for one number a row.
    fit = answers()
    new = {"x": [-1.0, 0.0, 1.0]}
    whole = fit.predict(new, "marginal")
    for k, x in enumerate(new["x"]):
        one = fit.predict({"x": [x]}, "marginal")
        np.testing.assert_allclose(whole.iloc[k], one.iloc[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("response", "family"),
    [("count", "nbinom2"), ("amount", "gamma"), ("share", "beta")],
)
def test_marginal_means_are_averages_over_drawn_groups(response: str, family: str) -> None:
    fit = of_groups(response, family)
    new = pd.DataFrame({"x": [-1.0, 0.5]})
    found = fit.predict(new, "marginal")
    rng = np.random.default_rng(1)
    b = rng.multivariate_normal([0.0, 0.0], fit._estimates.covariances[0], 400_000)
    for row, x in enumerate(new["x"]):
        eta = fit.fixef["Intercept"] + fit.fixef["x"] * x + b @ [1.0, x]
        psi = tuple(float(np.atleast_1d(value)[0]) for value in fit._psi)
        means = fit._family.mean(eta, psi)
        error = means.std() / np.sqrt(means.size)
        assert abs(found[row] - means.mean()) < 4.0 * error


def test_errors_of_marginal_means_move_with_all_parameters() -> None:
    """The delta method by differences of the prediction itself in each parameter."""
    fit = of_groups("count", "poisson")
    x = np.array([[1.0, 0.4]])
    estimates = fit._estimates
    face = estimates.joint.face
    found = fit.predict({"x": [0.4]}, "marginal", se=True, interval="confidence")

    def log_mean(step: np.ndarray) -> float:
        k = len(face.coordinates)
        d = [
            np.asarray(direction.d) * s
            for direction, s in zip(face.directions, step[:k], strict=True)
        ]
        b = fit._problem.scaling.B[0]
        moved = estimates.covariances[0] + b @ sum(d) @ b.T
        eta = x @ (estimates.beta + step[k:])
        return float((eta + 0.5 * x @ moved @ x.T).item())

    size = estimates.joint.covariance.shape[0]
    gradient = np.array([(log_mean(h) - log_mean(-h)) / 2e-4 for h in 1e-4 * np.eye(size)])
    sd = np.sqrt(gradient @ estimates.joint.covariance @ gradient)
    np.testing.assert_allclose(found["std_error"] / found["estimate"], sd, rtol=1e-7)
    low = np.log(found["estimate"]) - 1.959964 * sd
    np.testing.assert_allclose(np.log(found["conf_low"]), low, rtol=1e-6)


def test_the_average_probability_is_nearer_to_one_half() -> None:
    fit = cbpp()
    new = {"period": ["1", "2", "3", "4"]}
    assert (fit.predict(new, "marginal") > fit.predict(new, "population")).all()
    link = fit.predict(new, "marginal", kind="link")
    np.testing.assert_allclose(1 / (1 + np.exp(-link)), fit.predict(new, "marginal"), rtol=1e-12)


def test_marginal_means_of_probit_have_a_closed_form() -> None:
    fit = rn.glmm("z ~ x + (1 | g)", grouped(), family="binomial(probit)")
    beta, variance = fit.fixef, float(fit._estimates.covariances[0][0, 0])
    at = (beta["Intercept"] + 0.3 * beta["x"]) / np.sqrt(1 + variance)
    np.testing.assert_allclose(
        fit.predict({"x": [0.3]}, "marginal"), stats.norm.cdf(at), rtol=1e-13
    )


def test_nodes_average_polynomials() -> None:
    nodes, weights = normal_nodes(0.4)
    for power, moment in ((2, 1.0), (4, 3.0), (8, 105.0)):
        assert weights @ nodes**power == pytest.approx(moment, rel=1e-12)
