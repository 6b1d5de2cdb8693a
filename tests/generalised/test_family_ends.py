"""Optima at an end of a family, where it is a simpler one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.generalised.planted import fitted, table

import ranef as rn
from ranef.core.generalised import GeneralisedKernel
from ranef.fit.generalised import GeneralisedFit
from ranef.problem.parameters import group_lambdas
from ranef.solve.family_ends import NOTHING, Slope, Watched, slope_at_end, start_inside, watched

FORMULA = "even ~ x + (1 | g)"
PARTS = {
    "nbinom2": ("even", "nbinom2", "poisson", np.inf),
    "nbinom1": ("even", "nbinom1", "poisson", 0.0),
    "truncated_nbinom2": ("even", "truncated_nbinom2", "truncated_poisson", np.inf),
    "hurdle_nbinom2": ("even", "hurdle_nbinom2", "hurdle_poisson", np.inf),
    "betabinomial": ("share", "betabinomial", "binomial", np.inf),
}
WORDS = {
    "nbinom2": "Poisson, at the boundary of the negative binomial family",
    "nbinom1": "Poisson, at the boundary of the negative binomial family",
    "truncated_nbinom2": "zero-truncated Poisson, at the boundary of the zero-truncated negative "
    "binomial family",
    "hurdle_nbinom2": "hurdle Poisson, at the boundary of the hurdle negative binomial family",
    "betabinomial": "binomial, at the boundary of the beta-binomial family",
}


def options(response: str) -> dict[str, str]:
    out = {"weights": "trials"} if response == "share" else {}
    return out


@pytest.mark.parametrize("case", list(PARTS))
def test_data_that_vary_little_end_at_the_simpler_family(case: str) -> None:
    response, family, simpler, dispersion = PARTS[case]
    only = "even > 0" if case.startswith("truncated") else ""
    formula = f"{response} ~ x + (1 | g)"
    fit = fitted(formula, family, only, **options(response))
    plain = fitted(formula, simpler, only, **options(response))
    certificate = fit.certificate
    assert certificate.verdict == "boundary optimum"
    assert certificate.certified
    (end,) = certificate.ends
    assert end.slope > 0.0
    assert fit.dispersion == dispersion
    assert WORDS[case] in str(certificate)
    # The same optimum, to what a certificate leaves to gain.
    assert fit.loglik == pytest.approx(plain.loglik, abs=1e-6)
    np.testing.assert_allclose(fit.fixef, plain.fixef, rtol=1e-5)
    np.testing.assert_allclose(fit.vcov, plain.vcov, rtol=1e-3)
    assert fit.aic == pytest.approx(plain.aic + 2.0, abs=1e-5)
    # Not a long way towards infinity.
    assert certificate.evaluations < 30


def test_no_zeros_end_without_extra_zeros() -> None:
    data = table().assign(y=table()["count"] + 1.0)
    fit = rn.glmm("y ~ x + (1 | g)", data, "poisson", zero_inflation="~ 1")
    plain = rn.glmm("y ~ x + (1 | g)", data, "poisson")
    assert fit.certificate.verdict == "boundary optimum"
    assert fit.fixef_zero["Intercept"] == -np.inf
    assert fit.loglik == pytest.approx(plain.loglik, abs=1e-6)
    # Without zeros each row has the factor 1 - p: dF/dp = 2 n at p = 0, and dp/d(odds) = 1.
    assert fit.certificate.ends[0].slope == pytest.approx(2.0 * len(data), rel=1e-4)


def test_two_ends_at_once() -> None:
    fit = fitted(FORMULA, "nbinom2", zero_inflation="~ 1")
    assert [end.part for end in fit.certificate.ends] == ["zero", "dispersion"]
    assert fit.dispersion == np.inf
    assert fit.fixef_zero["Intercept"] == -np.inf
    plain = fitted(FORMULA, "poisson")
    assert fit.loglik == pytest.approx(plain.loglik, abs=1e-6)
    np.testing.assert_allclose(fit.fitted, plain.fitted, rtol=1e-6)
    assert "no finite" not in str(fit.certificate)
    assert "Poisson" in str(fit.summary())


def test_a_dispersion_inside_stays_inside() -> None:
    rng = np.random.default_rng(5)
    data = table()
    mu = np.exp(0.4 + 0.5 * data["x"])
    data = data.assign(y=rng.negative_binomial(3.0, 3.0 / (3.0 + mu)).astype(float))
    for family in ("nbinom2", "nbinom1"):
        fit = rn.glmm("y ~ x + (1 | g)", data, family)
        assert fit.certificate.certified
        assert fit.certificate.ends == ()
        assert 0.0 < fit.dispersion < 100.0


def poisson_kernel(fit: GeneralisedFit) -> GeneralisedKernel:
    """At the estimates."""
    solution = fit._solution
    kernel = solution.problem.kernel()
    lambdas = group_lambdas(solution.problem, solution.inner)
    assert kernel.evaluate(lambdas, solution.inner_coefficients)
    return kernel


@pytest.mark.parametrize("response", ["even", "count"])
def test_the_slope_of_nbinom2_is_that_of_the_formula(response: str) -> None:
    """dF/dalpha = sum -2 l_a - lev l''_a + l'_a r at the limit, where they are written out."""
    plain = fitted(f"{response} ~ x + (1 | g)", "poisson")
    kernel = poisson_kernel(plain)
    y = np.asarray(plain._data.y)
    mu = np.exp(kernel.eta)
    level = plain._problem.rows.groups[0].codes
    lev = kernel.conditional_variances()[0][:, 0, 0][level]
    # r = Z P Z'a with a = -l''' lev = mu lev.
    r = lev * np.bincount(level, mu * lev)[level]
    l_a = ((y - mu) ** 2 - y) / 2.0
    slope_a = -(y - mu) * mu
    curvature_a = 2.0 * mu**2 - y * mu
    wanted = float(np.sum(-2.0 * l_a - lev * curvature_a + slope_a * r))
    whole = fitted(f"{response} ~ x + (1 | g)", "nbinom2")._problem
    (end,) = watched(whole)
    coefficients = np.append(plain._solution.inner_coefficients, np.inf)
    found = slope_at_end(whole, end, plain._solution.inner, coefficients)
    assert found is not None
    # What two alphas of a millionth leave of the third derivative, and rounding.
    assert found.first == pytest.approx(wanted, rel=1e-5, abs=1e-3)


def test_the_slope_decides_on_both_sides() -> None:
    assert not Slope(1.0, 1.0).inside
    assert not Slope(0.0, 1.0).inside
    assert Slope(-1.0, 1.0).inside
    assert Slope(-1e-9, -1.0).inside
    # What can be gained is slope^2 / (2 curvature).
    least = -np.sqrt(2.0 * NOTHING)
    assert Slope(1.01 * least, 1.0).inside
    assert not Slope(0.99 * least, 1.0).inside


def test_an_optimum_beyond_the_watched_end_is_searched_for() -> None:
    """Counts of a million with a size of ten million: 1/size is small, and their likelihood knows
    it."""
    rng = np.random.default_rng(6)
    g = np.repeat(np.arange(30), 40)
    rate = np.exp(16.0 + rng.normal(0.0, 0.3, 30)[g]) * rng.gamma(1e5, 1e-5, g.size)
    data = pd.DataFrame({"y": rng.poisson(rate).astype(float), "g": g})
    fit = rn.glmm("y ~ 1 + (1 | g)", data, "nbinom2")
    assert fit.certificate.certified
    assert fit.certificate.ends == ()
    # 1,200 rows: a standard error of 4 per cent.
    assert fit.dispersion == pytest.approx(1e5, rel=0.2)


def test_a_start_inside_is_where_derivatives_promise_the_optimum() -> None:
    (end,) = watched(fitted(FORMULA, "nbinom2")._problem)
    assert isinstance(end, Watched)
    alpha = 0.01 / end.scale
    slope = Slope(-2.0, 2.0 / alpha)
    assert start_inside(end, slope) == pytest.approx(-np.log(alpha))


def test_predictors_of_the_dispersion_are_not_settled() -> None:
    fit = fitted(FORMULA, "nbinom2", dispersion="~ x")
    assert watched(fit._problem) == []
    assert fit.certificate.ends == ()


def test_questions_to_a_fit_at_an_end_are_answered() -> None:
    """As the simpler family answers them."""
    fit, plain = fitted(FORMULA, "nbinom2"), fitted(FORMULA, "poisson")
    for options_ in ({"interval": "confidence"}, {"interval": "prediction"}):
        found, wanted = fit.predict(**options_), plain.predict(**options_)  # type: ignore[arg-type]
        # Estimates agree to 1e-3 of a standard error or better.
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-12)
    np.testing.assert_allclose(
        fit.residuals("pearson"), plain.residuals("pearson"), rtol=1e-4, atol=1e-9
    )
    again = fit.refit(np.asarray(fit._data.y))
    assert again.certificate.verdict == "boundary optimum"
    assert again.loglik == pytest.approx(fit.loglik, abs=1e-6)
    draws = fit.bootstrap(4, seed=1).replicates
    assert np.all(np.isfinite(draws["x"]))


def test_a_fit_at_an_end_is_saved(tmp_path: Path) -> None:
    fit = fitted(FORMULA, "nbinom2", zero_inflation="~ 1")
    fit.save(tmp_path / "fit.ranef")
    loaded = rn.load(tmp_path / "fit.ranef")
    assert str(loaded.certificate) == str(fit.certificate)
    assert loaded.certificate.ends == fit.certificate.ends
    assert loaded.dispersion == np.inf
    np.testing.assert_array_equal(loaded.vcov, fit.vcov)
