"""Every prior's penalty is -2 log of the density that its documentation names."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats
from tests.oracle.penalty import value

import ranef as rn
from ranef.core import CovariancePenalty
from ranef.errors import OptionError


def covariance(q: int, seed: int = 0) -> np.ndarray:
    root = np.random.default_rng(seed).normal(size=(q, q + 2))
    return root @ root.T


@pytest.mark.parametrize("q", [1, 2, 4])
def test_wishart(q):
    s, scale = covariance(q, 1), covariance(q, 2)
    expected = -2.0 * stats.wishart(df=q + 3.5, scale=scale).logpdf(s)
    assert value(rn.priors.Wishart(q + 3.5, scale).penalty(q), s) == pytest.approx(expected)
    diagonal = np.arange(1.0, q + 1.0)
    expected = -2.0 * stats.wishart(df=q + 2.5, scale=np.diag(diagonal)).logpdf(s)
    assert value(rn.priors.Wishart(scale=diagonal).penalty(q), s) == pytest.approx(expected)


def test_wishart_of_infinite_scale_is_a_power_of_the_determinant():
    s = covariance(3)
    expected = -1.5 * np.linalg.slogdet(s)[1]
    assert value(rn.priors.Wishart().penalty(3), s) == pytest.approx(expected)


def test_gamma():
    s = np.array([[1.7]])
    expected = -2.0 * stats.gamma(2.5, scale=1 / 3).logpdf(np.sqrt(1.7))
    assert value(rn.priors.Gamma(2.5, 3.0).penalty(1), s) == pytest.approx(expected)
    assert value(rn.priors.Gamma().penalty(1), s) == pytest.approx(-3.0 * np.log(np.sqrt(1.7)))


@pytest.mark.parametrize("q", [1, 3])
def test_half_normal_and_half_t(q):
    s = covariance(q)
    sds, scale = np.sqrt(np.diag(s)), np.linspace(0.5, 2.0, q)
    normal = -2.0 * stats.halfnorm(scale=scale).logpdf(sds).sum()
    assert value(rn.priors.HalfNormal(scale).penalty(q), s) == pytest.approx(normal)
    t = -2.0 * (stats.t(3, scale=scale).logpdf(sds) + np.log(2.0)).sum()
    assert value(rn.priors.HalfT(3, scale).penalty(q), s) == pytest.approx(t)


def correlation(rho: float) -> np.ndarray:
    """A covariance matrix with this correlation, and SDs that must not matter."""
    return np.array([[4.0, 6.0 * rho], [6.0 * rho, 9.0]])


@pytest.mark.parametrize("eta", [1.0, 2.0, 3.7])
def test_lkj_of_two_effects_is_a_beta_density(eta):
    for rho in (-0.9, 0.0, 0.4):
        expected = -2.0 * stats.beta(eta, eta, loc=-1.0, scale=2.0).logpdf(rho)
        found = value(rn.priors.LKJ(eta).penalty(2), correlation(rho))
        assert found == pytest.approx(expected)


def test_lkj_of_three_effects_integrates_to_one():
    """Over two correlations and a partial one, all sines of angles (a smooth integrand)."""
    form = rn.priors.LKJ(2.0).penalty(3)
    nodes, weights = np.polynomial.legendre.leggauss(12)
    sines, measure = np.sin(0.5 * np.pi * nodes), 0.5 * np.pi * np.cos(0.5 * np.pi * nodes)
    total = 0.0
    for (a, wa), (b, wb), (c, wc) in product(zip(sines, weights * measure, strict=True), repeat=3):
        width = np.sqrt((1.0 - a**2) * (1.0 - b**2))
        r = a * b + c * width
        matrix = np.array([[1.0, a, b], [a, 1.0, r], [b, r, 1.0]])
        total += wa * wb * wc * width * np.exp(-0.5 * value(form, matrix))
    assert total == pytest.approx(1.0, abs=1e-6)


def test_the_default_wishart_is_lkj_times_gamma_on_every_sd():
    s = covariance(3)
    wishart = rn.priors.Wishart().penalty(3)
    product = rn.priors.LKJ(1.75).penalty(3) + CovariancePenalty(3, log_sd=np.full(3, 3.0))
    constant = rn.priors.LKJ(1.75).penalty(3).constant
    assert value(product, s) - constant == pytest.approx(value(wishart, s))


def test_densities_of_zero():
    singular = np.array([[1.0, 2.0], [2.0, 4.0]])
    assert value(rn.priors.Wishart().penalty(2), singular) == np.inf
    assert value(rn.priors.LKJ(2).penalty(2), singular) == np.inf
    assert np.isfinite(value(rn.priors.HalfT().penalty(2), singular))
    assert value(rn.priors.Gamma().penalty(1), np.zeros((1, 1))) == np.inf


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: rn.priors.Wishart(2.5).penalty(2), "no mode"),
        (lambda: rn.priors.Wishart(scale=-1.0).penalty(2), "not a covariance matrix"),
        (lambda: rn.priors.Wishart(scale=np.eye(3)).penalty(2), "not a covariance matrix"),
        (lambda: rn.priors.Gamma(shape=1.0), "above 1"),
        (lambda: rn.priors.Gamma(rate=-1.0), "not negative"),
        (lambda: rn.priors.Gamma().penalty(2), "single standard deviation"),
        (lambda: rn.priors.LKJ(0.5), "at least 1"),
        (lambda: rn.priors.HalfT(df=0.0), "positive and finite"),
        (lambda: rn.priors.HalfT(scale="wide"), "not a number"),
        (lambda: rn.priors.HalfNormal(scale=(1.0, 2.0)).penalty(3), "another number of scales"),
        (lambda: rn.priors.Normal(sd=0.0), "is positive"),
        (lambda: rn.priors.Normal(sd=(1.0, 2.0, 3.0)), "one for the intercept"),
    ],
)
def test_what_cannot_be_a_prior_says_so(make, text):
    with pytest.raises(OptionError, match=text):
        make()
