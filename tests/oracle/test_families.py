"""The oracle's log-densities against SciPy's, and that they are densities; its derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import expit
from tests.oracle.families import BINARY, FAMILIES, tweedie
from tests.oracle.marginal import richardson
from tests.oracle.taylor import KEPT, constant

Array = np.ndarray
BINOMIAL = [f"binomial({link})" for link in BINARY]
CUMULATIVE = [f"cumulative({link})" for link in BINARY]
COUNTS = [name for name in FAMILIES if "poisson" in name or "nbinom" in name]
TRIALS = 7.0


def psi_of(name: str, y: Array) -> list[Array]:
    """Values of psi inside of their range, one a row."""
    one = np.ones(y.shape)
    if name.startswith("cumulative"):  # cut points -0.4 and 0.9; at either end one is not used
        return [np.where(y > 0, 0.9, -0.4), np.where(y < 0, -0.4, 0.9)]
    if name.startswith("zero_inflated_n"):
        return [0.7 * one, -0.8 * one]
    return [(2.0 if name == "beta(logit)" else 0.4) * one] * FAMILIES[name].channels


def etas_of(name: str) -> Array:
    positive = ("sqrt", "inverse)", "1/mu^2", "poisson(identity)")
    return np.array([0.4, 1.3]) if any(p in name for p in positive) else np.array([-1.1, 0.3, 1.2])


def responses_of(name: str) -> Array:
    if name in BINOMIAL or name.startswith("betabin"):
        return np.arange(TRIALS + 1) / TRIALS
    if name.startswith("cumulative"):
        return np.array([-1.0, 0.0, 1.0])
    if name in COUNTS:
        return np.arange(float("truncated" in name), 6.0)
    if name.startswith("tweedie"):
        return np.array([0.0, 0.4, 3.0])
    return np.array([0.15, 0.4, 0.8])


def weight_of(name: str) -> float:
    return TRIALS if name in BINOMIAL or name.startswith("betabin") else 1.0


def density(name: str, y: Array, eta: float, weight: float | None = None) -> Array:
    y = np.atleast_1d(np.asarray(y, dtype=float))
    w = np.full(y.shape, weight_of(name) if weight is None else weight)
    return np.exp(FAMILIES[name].loglik(y, w, np.full(y.shape, eta), psi_of(name, y)))


@pytest.mark.parametrize("name", FAMILIES)
def test_probabilities_add_up_to_one(name: str) -> None:
    for eta in etas_of(name):
        if name in COUNTS:
            first = float("truncated" in name)
            total = density(name, np.arange(first, 2000), eta).sum()
        elif weight_of(name) > 1 or name.startswith("cumulative"):
            total = density(name, responses_of(name), eta).sum()
        else:
            total = integral(name, eta)
        assert total == pytest.approx(1, abs=1e-10)


def integral(name: str, eta: float) -> float:
    """Over y by the trapezoidal rule, after a substitution that smooths both ends."""
    x = np.linspace(-30, 30, 1501)
    if name.startswith("gaussian"):
        y, slope = x, np.ones(x.shape)
    elif name.startswith("beta"):
        y, slope = expit(x), expit(x) * expit(-x)
    else:
        y, slope = np.exp(x), np.exp(x)
    total = np.trapezoid(density(name, y, eta) * slope, x)
    return float(total + (density(name, 0.0, eta)[0] if name.startswith("tweedie") else 0.0))


@pytest.mark.parametrize("name", FAMILIES)
def test_derivatives(name: str) -> None:
    """Each against differences of the one below; psi along each channel, and all together."""
    family, channels = FAMILIES[name], FAMILIES[name].channels
    etas = etas_of(name)
    y = np.tile(responses_of(name), etas.size)
    w, eta = np.full(y.shape, weight_of(name)), np.repeat(etas, y.size // etas.size)
    for way in [*np.eye(channels), np.ones(channels)]:

        def at(x: Array, way: Array = way) -> Array:
            psi = [p + x[1] * d for p, d in zip(psi_of(name, y), way, strict=True)]
            rows = family.derivatives(y, w, eta + x[0], psi, way)
            return np.array([[rows.derivative(i, j) for j in range(3)] for i in range(5)])

        ours, slopes = at(np.zeros(2)), richardson(at, np.zeros(2))
        for i, j in KEPT:
            scale = 1e-7 * (1 + np.abs(ours[i, j]))  # of differences of noise 1e-15 over 1e-2
            if i:
                assert np.all(np.abs(slopes[i - 1, j, :, 0] - ours[i, j]) < scale), (i, j)
            if j and channels:
                assert np.all(np.abs(slopes[i, j - 1, :, 1] - ours[i, j]) < scale), (i, j)


def test_scipy_has_the_same_densities() -> None:
    eta, phi = 0.3, np.exp(0.4)
    mu, y, k = np.exp(eta), np.array([0.15, 0.4, 0.8]), np.arange(6.0)
    shape, p = phi, expit(eta)
    theirs = {
        "poisson(log)": (k, stats.poisson.pmf(k, mu)),
        "nbinom2(log)": (k, stats.nbinom.pmf(k, phi, phi / (phi + mu))),
        "nbinom1(log)": (k, stats.nbinom.pmf(k, mu / phi, 1 / (1 + phi))),
        "gamma(log)": (y, stats.gamma.pdf(y, shape, scale=mu / shape)),
        "gamma(inverse)": (y, stats.gamma.pdf(y, shape, scale=1 / (eta * shape))),
        "gaussian(log)": (y, stats.norm.pdf(y, mu, np.sqrt(phi))),
        "gaussian(identity)": (y, stats.norm.pdf(y, eta, np.sqrt(phi))),
        "inverse_gaussian(log)": (y, stats.invgauss.pdf(y, mu * phi, scale=1 / phi)),
        "beta(logit)": (y, stats.beta.pdf(y, p * np.exp(2.0), (1 - p) * np.exp(2.0))),
        "betabinomial(logit)": (k / TRIALS, stats.betabinom.pmf(k, 7, p * phi, (1 - p) * phi)),
        "binomial(logit)": (k / TRIALS, stats.binom.pmf(k, 7, p)),
        "binomial(probit)": (k / TRIALS, stats.binom.pmf(k, 7, stats.norm.cdf(eta))),
        "binomial(cloglog)": (k / TRIALS, stats.binom.pmf(k, 7, -np.expm1(-mu))),
        "binomial(cauchit)": (k / TRIALS, stats.binom.pmf(k, 7, stats.cauchy.cdf(eta))),
        "truncated_poisson(log)": (k[1:], stats.poisson.pmf(k[1:], mu) / -np.expm1(-mu)),
    }
    for name, (response, expected) in theirs.items():
        np.testing.assert_allclose(density(name, response, eta), expected, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("name", CUMULATIVE)
def test_categories_are_differences_of_the_distribution(name: str) -> None:
    log_f = BINARY[name[11:-1]][0]
    low, high = (np.exp(log_f(constant(cut - 0.3)).value) for cut in (-0.4, 0.9))
    expected = [low, high - low, 1 - high]
    np.testing.assert_allclose(density(name, responses_of(name), 0.3), expected, rtol=1e-12)


def test_weights() -> None:
    """Of gaussian, gamma and inverse gaussian rows 1 / phi; otherwise of the log-density."""
    y, one = np.array([0.4]), np.ones(1)
    variances = {"gaussian(identity)": 1.0, "gamma(log)": -1.0, "inverse_gaussian(log)": 1.0}
    for name, variance in variances.items():
        (psi,) = psi_of(name, y)
        shifted = FAMILIES[name].loglik(y, one, 0.3 * one, [psi - variance * np.log(3)])
        np.testing.assert_allclose(np.log(density(name, y, 0.3, 3.0)), shifted, rtol=1e-13)
    for name in (
        "poisson(log)",
        "nbinom1(log)",
        "beta(logit)",
        "tweedie(1.5)",
        "cumulative(logit)",
    ):
        y = responses_of(name)[:2]
        once = np.log(density(name, y, 0.3, 1.0))
        np.testing.assert_allclose(np.log(density(name, y, 0.3, 3.0)), 3 * once, rtol=1e-13)


@pytest.mark.parametrize("power", [1.2, 1.5, 1.8])
def test_moments_of_tweedie(power: float) -> None:
    family, mu, phi = tweedie(power), 1.4, 0.7
    psi = np.log([phi])

    def f(y: float) -> float:
        at = np.array([y])
        return float(np.exp(family.loglik(at, np.ones(1), np.log([mu]), [psi]))[0])

    mean = integrate.quad(lambda y: y * f(y), 0, 60, limit=300)[0]
    variance = integrate.quad(lambda y: y**2 * f(y), 0, 60, limit=300)[0] - mean**2
    assert mean == pytest.approx(mu, rel=1e-6)  # quad near the steep end at 0
    assert variance == pytest.approx(phi * mu**power, rel=1e-6)
