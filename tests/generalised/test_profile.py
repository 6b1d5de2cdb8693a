"""Profiles of generalised fits: against lme4, and against constrained fits of a dense oracle."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats
from tests.generalised.fits import cbpp, grouped, of_groups
from tests.oracle import families, marginal

import ranef as rn
from ranef.present.results.profile import Profile

HALF = 0.5 * stats.chi2.ppf(0.95, 1)  # the log-likelihood that is lost at the ends


@cache
def profile_of_cbpp() -> Profile:
    return cbpp().profile()


@cache
def few_counts() -> Any:
    """Few enough rows for the dense oracle."""
    return rn.glmm("count ~ x + (1 | g)", grouped(groups=12, size=5), family="nbinom2")


def test_cbpp_against_lme4() -> None:
    """``confint(method = "profile")`` of lme4 1.1-31."""
    theirs = [
        [-1.9012119549, -0.9477540060],
        [-1.6167832557, -0.4077630678],
        [-1.8010243656, -0.5115360713],
        [-2.5007505630, -0.8007553153],
        [0.3460732033, 1.0999746482],
    ]
    # lme4 reads the ends from a spline through points that its optimiser leaves 1e-4 deviance units
    # too high, and its fit too.
    found = profile_of_cbpp().confint()
    np.testing.assert_allclose(found.to_numpy(), theirs, atol=1e-4)


def test_contraception_against_lme4() -> None:
    data = rn.datasets.load("contraception")
    found = rn.glmm("use ~ age + urban + (1 | district)", data).profile().confint()
    theirs = [
        [-0.876936392422, -0.53774568648],
        [-0.001583537499, 0.01962559528],
        [0.426503354549, 0.87988121784],
        [0.303013113544, 0.60839088718],
    ]
    np.testing.assert_allclose(found.to_numpy(), theirs, atol=1e-4)  # as above


def test_signed_root_of_every_parameter() -> None:
    frame = profile_of_cbpp().frame
    names = [parameter.name for parameter in cbpp()._parameters]
    estimates = dict(zip(names, cbpp()._parameter_values.tolist(), strict=True))
    for name, points in frame.groupby("parameter"):
        assert np.all(np.diff(points["zeta"]) > 0.0), name
        at = points.loc[points["zeta"] == 0.0, "value"].to_list()
        assert at == [pytest.approx(estimates[name], rel=1e-12)]
        ends = points["zeta"].iloc[[0, -1]].to_numpy()
        np.testing.assert_allclose(ends, [-np.sqrt(2 * HALF), np.sqrt(2 * HALF)], atol=1e-6)
    assert profile_of_cbpp().certified


def oracle_of_few() -> marginal.Model:
    data = few_counts()._design
    (term,) = data.terms
    return marginal.make_model(
        families.nbinom2(), data.y, data.X, [marginal.Term(term.Z, term.codes)]
    )


@pytest.mark.parametrize("name", ["x", "sd__Intercept|g", "dispersion"])
def test_ends_by_constrained_fits_of_the_oracle(name: str) -> None:
    """-2 log-likelihood at an end, all others at their best: 3.84 above the fit's."""
    fit, model = few_counts(), oracle_of_few()
    free = [*fit._estimates.coefficients, float(fit.theta[0])]  # beta, log size, sd
    place = {"x": 1, "dispersion": 2, "sd__Intercept|g": 3}[name]
    best = marginal.laplace(model, [np.array([[free[3]]])], np.array(free[:3]))
    assert best == pytest.approx(fit.deviance, abs=1e-8)
    for end in fit.profile().confint().loc[name]:
        held = np.log(end) if name == "dispersion" else end

        def deviance(others: Any, held: float = held) -> float:
            x = np.insert(others, place, held)
            return marginal.laplace(model, [np.array([[x[3]]])], x[:3])

        start = np.delete(np.array(free), place)
        found = optimize.minimize(deviance, start, method="BFGS", options={"gtol": 1e-5})
        # A gradient by differences of 1e-8 leaves less than 1e-6 to gain.
        assert found.fun - best == pytest.approx(2.0 * HALF, abs=1e-5)


def test_correlations_and_structures() -> None:
    found = of_groups("count", "poisson").profile()
    low, high = found.confint().loc["cor__Intercept.x|g"]
    estimate = of_groups("count", "poisson").varcorr()["sd"].iloc[2]
    assert -1.0 <= low < estimate < high <= 1.0
    assert found.certified
    cs = rn.glmm("count ~ x + homcs(0 + z | g)", grouped(), family="poisson").profile()
    assert list(cs.confint().index[-2:]) == ["sd|g", "cor|g"]
    assert cs.certified


def test_quadrature_profiles_its_own_likelihood() -> None:
    fit = cbpp(n_agq=9)
    low, high = fit.profile().confint().loc["sd__Intercept|herd"]
    found = profile_of_cbpp().confint().loc["sd__Intercept|herd"]
    # Laplace's error moves the ends by a hundredth; less than 1e-4 would be no other likelihood.
    assert 1e-4 < abs(low - found["conf_low"]) < 0.02
    assert 1e-4 < abs(high - found["conf_high"]) < 0.02


def test_a_variance_of_zero_ends_at_zero() -> None:
    data = grouped()
    data["flat"] = np.random.default_rng(1).poisson(3.0, len(data))
    fit = rn.glmm("flat ~ x + (1 | g)", data, family="poisson")
    assert fit.certificate.verdict == "boundary optimum"
    low, high = fit.profile().confint().loc["sd__Intercept|g"]
    assert low == 0.0
    assert 0.0 < high < 0.5


def test_dispersion_that_falls_with_its_coefficient() -> None:
    """That of a gamma family is shape^-1/2: its profile runs the other way."""
    fit = of_groups("amount", "gamma(log)", "1")
    trace = fit.profile()._traces[-1]
    assert trace.parameter.name == "dispersion"
    assert trace.estimate == pytest.approx(fit.dispersion, rel=1e-12)
    assert np.all(np.diff(trace.values) > 0.0)
    assert np.all(np.diff(trace.zeta) > 0.0)
    low, high = trace.interval(0.95)
    assert low < fit.dispersion < high


@pytest.mark.parametrize(("seed", "most"), [(5, 20.0), (6, np.inf)], ids=["finite", "at its end"])
def test_counts_that_may_be_poisson_have_no_upper_end(seed: int, most: float) -> None:
    """The deviance levels off at that of Poisson counts: the size may be infinite."""
    rng = np.random.default_rng(seed)
    data = grouped()
    mu = np.exp(0.8 + 0.2 * data["x"])
    data["near"] = rng.poisson(mu * rng.gamma(12.0, 1.0 / 12.0, len(data)))
    fit = rn.glmm("near ~ x + (1 | g)", data, family="nbinom2")
    assert fit.dispersion is not None
    low, high = fit.profile().confint().loc["dispersion"]
    assert 1.0 < low < 20.0
    assert low < fit.dispersion <= most
    assert high == np.inf


def test_confint_and_plot_read_the_profile() -> None:
    assert cbpp().confint(method="profile").equals(profile_of_cbpp().confint())
    assert "maximum likelihood" in str(profile_of_cbpp())
    inner = profile_of_cbpp().confint(0.8).loc["period[T.2]"]
    outer = profile_of_cbpp().confint().loc["period[T.2]"]
    assert outer["conf_low"] < inner["conf_low"] < inner["conf_high"] < outer["conf_high"]
