"""Verdicts on generalised fits and their words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from tests.generalised.fits import cbpp
from tests.generalised.planted import GROUPS, SIZE, fitted, table, with_level

import ranef as rn
from ranef.solve import finite


@pytest.mark.parametrize("formula", ["homogeneous ~ 1 + (1 | g)", "homogeneous ~ x + (1 | g)"])
def test_homogeneous_groups_have_no_finite_maximum(formula: str) -> None:
    fit = fitted(formula, "binomial")
    certificate = fit.certificate
    # Laplace's method has an optimum at a large variance, with a positive curvature.
    assert fit.theta[0] > 10.0
    assert certificate.min_curvature > 0.0
    assert certificate.verdict == "no finite maximum"
    assert not certificate.certified
    assert certificate.separation.exists is False
    assert certificate.variances.terms == ("g",)
    text = str(certificate)
    assert "the variance of the random effects by g grows" in text
    assert "every level of g has only successes or only failures" in text
    assert "HalfNormal" in text


def test_the_limit_of_homogeneous_groups_is_that_of_the_groups() -> None:
    fit = fitted("homogeneous ~ 1 + (1 | g)", "binomial")
    ups = int(table()["homogeneous"].sum()) // SIZE
    p = float(ndtr(fit.fixef["Intercept"] / fit.theta[0]))
    wanted = ups * np.log(p) + (GROUPS - ups) * np.log1p(-p)
    assert fit.certificate.variances.loglik == pytest.approx(wanted, rel=1e-12)


def test_the_likelihood_at_a_large_variance_is_integrated() -> None:
    fit = fitted("homogeneous ~ 1 + (1 | g)", "binomial")
    beta, sd = float(fit.fixef["Intercept"]), float(fit.theta[0])

    nodes, weights = np.polynomial.legendre.leggauss(20)
    # Panels that are short beside the edge at which the levels change their side.
    ends = np.linspace(-9.0, 9.0, 2001)
    half = 0.5 * (ends[1] - ends[0])
    u = ((ends[:-1] + half)[:, None] + half * nodes).ravel()
    w = np.tile(half * weights, ends.size - 1)

    def level(up: float) -> float:
        eta = (beta + sd * u) * (1.0 if up else -1.0)
        density = np.exp(-SIZE * np.logaddexp(0.0, -eta) - 0.5 * u * u)
        return float(np.log(w @ density / np.sqrt(2.0 * np.pi)))

    ups = int(table()["homogeneous"].sum()) // SIZE
    wanted = -2.0 * (ups * level(1.0) + (GROUPS - ups) * level(0.0))
    found = finite._deviance(fit._solution.problem, fit._solution.found)
    # Both have rounding errors of some 1e-15 in each of 30 levels.
    assert found == pytest.approx(wanted, abs=1e-11)
    # Above the limit, where quadrature around the modes is below it by more than a unit.
    limit = -2.0 * fit.certificate.variances.loglik
    assert found > limit + finite.HIGHER
    assert fit.deviance + fit.laplace_error.deviance < limit


def test_one_mixed_group_gives_a_maximum() -> None:
    data = table().copy()
    data.loc[0, "homogeneous"] = 1.0 - data.loc[0, "homogeneous"]
    fit = rn.glmm("homogeneous ~ 1 + (1 | g)", data)
    assert fit.certificate.variances is None
    assert fit.certificate.certified


def test_a_prior_of_the_variance_gives_a_maximum() -> None:
    prior = rn.priors.HalfNormal(2.5)
    fit = rn.glmm("homogeneous ~ 1 + (1 | g)", table(), prior=prior)
    assert fit.certificate.certified
    assert fit.certificate.variances is None


def test_a_prior_that_grows_with_the_variance_does_not() -> None:
    fit = rn.glmm("homogeneous ~ 1 + (1 | g)", table(), prior=rn.priors.Gamma())
    assert not fit.certificate.certified


def test_one_row_a_level_says_nothing_about_the_variance() -> None:
    data = table().assign(row=np.arange(600))
    fit = rn.glmm("binary ~ 1 + (1 | row)", data)
    assert fit.certificate.verdict == "flat"
    assert fit.certificate.variances is None
    assert "the variance of (Intercept) by row" in str(fit.certificate)


def test_far_offsets_and_huge_counts_finish_and_are_certified() -> None:
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(40), 10)
    x = rng.normal(size=g.size)
    eta = 20.0 + 0.3 * x + rng.normal(0.0, 0.4, 40)[g]
    data = pd.DataFrame({"y": rng.poisson(np.exp(eta)).astype(float), "x": x, "g": g})
    huge = rn.glmm("y ~ x + (1 | g)", data, "poisson")
    assert data["y"].max() > 1e9
    assert huge.certificate.verdict == "interior optimum"
    small = data.assign(y=rng.poisson(np.exp(eta - 20.0)).astype(float), o=-50.0)
    far = rn.glmm("y ~ x + (1 | g)", small, "poisson", offset="o")
    near = rn.glmm("y ~ x + (1 | g)", small, "poisson")
    assert far.certificate.verdict == "interior optimum"
    assert far.loglik == pytest.approx(near.loglik, abs=1e-10)
    assert far.fixef["Intercept"] == pytest.approx(near.fixef["Intercept"] + 50.0, abs=1e-12)


def test_a_flat_coefficient_is_named_on_the_scale_of_the_data() -> None:
    """Inner columns are centred: there the intercept moves along with the coefficient."""
    fit = rn.glmm("binary ~ x + f + (1 | g)", with_level("binary", 1.0))
    from ranef.core import Evidence
    from ranef.solve.direction_names import flat_directions

    solution = fit._solution
    evidence = Evidence(*solution.found.evidence)
    assert evidence.flat.shape[1] == 1
    words = flat_directions(solution.problem, solution.inner, evidence.flat, evidence.loose)
    assert words == ("the data say nothing about the coefficient of f[T.c]",)


def test_a_log_density_that_is_not_concave_is_told() -> None:
    """Extra zeros of a strong group: an outlier and the group's mean are two modes."""
    g = np.repeat(np.arange(12), 12)
    rng = np.random.default_rng(8)
    b = rng.normal(0.0, 1.5, 12)
    counts = rng.poisson(np.exp(1.5 + b[g])).astype(float)
    counts[rng.random(g.size) < 0.4] = 0.0
    data = pd.DataFrame({"y": counts, "g": g})
    fit = rn.glmm("y ~ 1 + (1 | g)", data, "poisson", zero_inflation="~ 1")
    assert fit.certificate.certified
    assert fit.certificate.other_modes
    assert "there may be others" in str(fit.certificate)
    assert not cbpp().certificate.other_modes
    assert "others" not in str(cbpp().certificate)
