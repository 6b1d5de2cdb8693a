"""What every family keeps, with every link."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats
from tests.family.registered import (
    PSI,
    SCIPY,
    every,
    predictors,
    psi_of,
    support,
    trials,
    weights_of,
)

import ranef as rn
from ranef.family import FAMILIES, LINKS, Family, deviance_residuals, quantile_residuals
from ranef.family.hurdle import Hurdle

FAMILIES_WITH_LINKS = every()
ids = [str(family) for family in FAMILIES_WITH_LINKS]
each = pytest.mark.parametrize("family", FAMILIES_WITH_LINKS, ids=ids)
KNOWN = [family for family in FAMILIES_WITH_LINKS if family.name in SCIPY]


def some_responses(family: Family, n: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    eta = np.resize(predictors(family), n)
    return family.simulate(rng, eta, psi_of(family), weights_of(family))


def test_all_are_here() -> None:
    names = {family.name for family in FAMILIES_WITH_LINKS}
    assert {*FAMILIES} <= names
    with_parts = {family.name for family in FAMILIES_WITH_LINKS if family.parts}
    assert with_parts == set(PSI)


@each
def test_it_is_a_frozen_record(family: Family) -> None:
    assert pickle.loads(pickle.dumps(family)) == family
    assert hash(pickle.loads(pickle.dumps(family))) == hash(family)
    with pytest.raises((AttributeError, TypeError)):
        family.link = "log"  # type: ignore[misc]


@pytest.mark.parametrize("family", KNOWN, ids=[str(family) for family in KNOWN])
def test_tails_are_those_of_scipy(family: Family) -> None:
    w, m = weights_of(family), trials(family)
    for eta in predictors(family):
        mu = float(LINKS[family.link].inverse(eta))
        known = SCIPY[family.name](mu, 1.0 if w is None else float(w), *psi_of(family))
        y = support(family)
        y = np.array([0.02, 0.3, 0.7, 0.95]) if y is None else y[:40]
        y = y if family.MEANS[1] <= 1.0 or family.DISCRETE else 4.0 * y
        k = np.rint(y * m) if family.WEIGHTS == "trials" else y
        # SciPy's own distributions are good to 1e-10 or so where they are not in a tail.
        at = {"rtol": 1e-9, "atol": 1e-12}
        np.testing.assert_allclose(family.cdf(y, eta, psi_of(family), w), known.cdf(k), **at)
        np.testing.assert_allclose(family.survival(y, eta, psi_of(family), w), known.sf(k), **at)


@each
def test_tails_are_complements_and_rise(family: Family) -> None:
    y = np.sort(some_responses(family, 60))
    y[0] = 0.0 if family.name == "tweedie" else y[0]
    psi, w = psi_of(family), weights_of(family)
    eta = np.full(60, predictors(family)[1])
    low, high = family.cdf(y, eta, psi, w), family.survival(y, eta, psi, w)
    # Tweedie's are sums of some hundred terms.
    close = 1e-12
    np.testing.assert_allclose(low + high, 1.0, rtol=close)
    assert np.all(np.diff(low) >= -1e-15)
    before, after = family.cdf_below(y, eta, psi, w), family.at_least(y, eta, psi, w)
    np.testing.assert_allclose(before + after, 1.0, rtol=1e-12)
    assert np.all(before <= low)
    assert np.any(before < low) == (family.DISCRETE or family.name == "tweedie")


@each
def test_mean_and_variance_are_those_of_the_distribution(family: Family) -> None:
    """E(Y) and E(Y^2) from the tails: sums or integrals of S and 2 y S, less those of F below 0."""
    psi, w = psi_of(family), weights_of(family)
    for eta in predictors(family):
        y = support(family)
        if y is not None:
            step = 1.0 / trials(family)
            y = y if family.RESPONSE != "ordered" else np.append(0.0, y)
            s = family.survival(y, eta, psi, w)
            first, second = step * s.sum(), step * ((2.0 * y + step) * s).sum()
        else:
            first, second = (_integral(family, eta, power) for power in (0, 1))
        mean, variance = float(family.mean(eta, psi)), float(family.variance(eta, psi, w))
        # Tails are cut at 4,000, and quadrature is asked for 1.5e-8.
        assert first == pytest.approx(mean, rel=1e-7)
        assert second - first**2 == pytest.approx(variance, rel=1e-6)


def _integral(family: Family, eta: float, power: int) -> float:
    """The integral of (2 t)^power S(t) over t > 0, less that of (2 t)^power F(t) over t < 0."""
    psi, w = psi_of(family), weights_of(family)

    def above(t: float) -> float:
        return float(family.survival(np.array(t), eta, psi, w)) * (2.0 * t) ** power

    def below(t: float) -> float:
        return float(family.cdf(np.array(t), eta, psi, w)) * (2.0 * t) ** power

    ends = [0.0, 0.01, 0.1, 0.5, 1.0] + (
        [3.0, 10.0, 40.0, 400.0, 4_000.0] if family.MEANS[1] > 1.0 else []
    )
    total = sum(integrate.quad(above, a, b)[0] for a, b in pairwise(ends))
    if family.RESPONSE == "real":
        total -= integrate.quad(below, -20.0, 0.0)[0]
    return float(total)


@each
def test_the_slope_of_the_mean_is_its_derivative(family: Family) -> None:
    eta, psi = predictors(family), psi_of(family)
    h = 1e-3 * np.minimum(np.abs(eta) + 1e-2, 1.0)

    def difference(step: np.ndarray) -> np.ndarray:
        return (family.mean(eta + step, psi) - family.mean(eta - step, psi)) / (2.0 * step)

    richardson = (4.0 * difference(h / 2) - difference(h)) / 3.0
    np.testing.assert_allclose(family.mean_slope(eta, psi), richardson, rtol=1e-9)


@each
def test_simulated_responses_have_the_distribution(family: Family) -> None:
    """Residuals of 4,000 draws are standard normal: a test at 1e-4, whose seed is fixed."""
    y, eta = some_responses(family, 4_000), np.resize(predictors(family), 4_000)
    rng = np.random.default_rng(2)
    r = quantile_residuals(family, y, eta, psi_of(family), weights_of(family), rng=rng)
    assert np.all(np.isfinite(r))
    assert stats.kstest(r, "norm").pvalue > 1e-4
    assert y.shape == eta.shape
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, some_responses(family, 4_000))
    assert not np.array_equal(y, some_responses(family, 4_000, seed=3))


@each
def test_the_deviance_has_its_minimum_at_the_best_predictor(family: Family) -> None:
    """Not negative, zero at the best eta, larger at others: along eta it falls and then rises."""
    psi, w = psi_of(family), weights_of(family)
    y = some_responses(family, 12)
    base = np.asarray(predictors(family)[1])
    eta = base + np.linspace(-3.0, 3.0, 2_001) * (0.3 if family.predictors[0] == 0.0 else 1.0)
    eta = eta[eta > family.predictors[0]]
    for value in y:
        d = family.unit_deviance(np.full(eta.size, value), eta, psi, w)
        assert np.all(d >= 0.0)
        if isinstance(family, Hurdle) and value == 0.0:
            assert np.all(d == 0.0)  # a zero does not depend on eta
            continue
        lowest = int(d.argmin())
        assert np.all(np.diff(d[: lowest + 1]) <= 1e-9)
        assert np.all(np.diff(d[lowest:]) >= -1e-9)
        if family.RESPONSE == "ordered":
            continue  # compared with a probability of 1, which no eta gives an inner answer
        # A supremum that is not the best one leaves a gap, or a stretch of zeros.
        assert np.count_nonzero(d < 1e-10) <= 5
        if 0 < lowest < eta.size - 1:
            assert d[lowest] < 1e-3


OF_MEANS = [
    family
    for family in FAMILIES_WITH_LINKS
    if family.name
    in ("binomial", "poisson", "gamma", "gaussian", "inverse_gaussian", "nbinom2", "tweedie")
]


@pytest.mark.parametrize("family", OF_MEANS, ids=[str(family) for family in OF_MEANS])
def test_the_deviance_is_zero_where_the_mean_is_the_response(family: Family) -> None:
    psi, w = psi_of(family), weights_of(family)
    eta = predictors(family)
    y = family.mean(eta, psi)
    np.testing.assert_allclose(family.unit_deviance(y, eta, psi, w), 0.0, atol=1e-14)
    # Close by it is the square of the Pearson residual, to first order: no digits are lost.
    near = y * (1.0 + 1e-7)
    scaled = family.WEIGHTS == "dispersion" or family.name == "tweedie"
    unscaled = np.exp(psi[0]) if scaled else 1.0
    unscaled = 1.0 / unscaled if family.name == "gamma" else unscaled
    pearson = (near - y) ** 2 / (family.variance(eta, psi, w) / unscaled)
    expected = family.unit_deviance(near, eta, psi, w)
    # Tweedie's is a difference of two terms, and loses half of the digits there.
    np.testing.assert_allclose(expected, pearson, rtol=1e-1 if family.name == "tweedie" else 1e-5)
    signs = np.sign(deviance_residuals(family, y * 1.001, eta, psi, w))
    np.testing.assert_array_equal(signs, np.sign(y))


@each
def test_words_are_there(family: Family) -> None:
    for text in (family.words, family.scale, family.title, family.text):
        assert text.strip() == text
        assert text
    assert LINKS[family.link].words in family.words
    assert (family.ratio is None) == (
        family.link not in ("log", "logit", "cloglog")
        or (family.name == "beta" and family.link == "cloglog")
    )
    for boundary in family.boundaries:
        assert boundary.part in family.parts
        assert len(boundary.becomes.parts) == len(family.parts) - 1


@each
def test_at_its_boundary_it_is_the_simpler_family(family: Family) -> None:
    y, eta = some_responses(family, 50), np.resize(predictors(family), 50)
    if isinstance(family, Hurdle):
        y = np.maximum(y, 1.0)  # without a hurdle there are no zeros
    w = weights_of(family)
    for boundary in family.boundaries:
        place = family.parts.index(boundary.part)
        psi = list(psi_of(family))
        psi[place] = 30.0 * boundary.sign
        rest = [*psi[:place], *psi[place + 1 :]]
        simple = boundary.becomes
        # exp(-30) is 1e-13.
        at = {"rtol": 1e-10, "atol": 1e-12}
        np.testing.assert_allclose(family.cdf(y, eta, psi, w), simple.cdf(y, eta, rest, w), **at)
        np.testing.assert_allclose(
            family.variance(eta, psi, w), simple.variance(eta, rest, w), **at
        )
        np.testing.assert_allclose(
            family.unit_deviance(y, eta, psi, w),
            simple.unit_deviance(y, eta, rest, w),
            rtol=1e-6,
            atol=1e-8,
        )


def test_dispersions_are_those_of_glmmtmb() -> None:
    """Its ``sigma()``: SD, size or phi."""
    psi = np.log(4.0)
    families = (rn.Gamma(), rn.Gaussian(), rn.NegativeBinomial(), rn.NegativeBinomial(1))
    assert [f"{family.dispersion_name} {family.dispersion(psi):g}" for family in families] == [
        "sigma 0.5",
        "sigma 2",
        "size 4",
        "phi 4",
    ]
    assert rn.Poisson().dispersion_name is None
