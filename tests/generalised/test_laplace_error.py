"""How far the approximation is from the likelihood."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.generalised.fits import cbpp, contraception
from tests.generalised.planted import table
from tests.reference.generalised import MODELS

import ranef as rn
from ranef.fit.generalised import GeneralisedFit
from ranef.inference.generalised.importance import importance
from ranef.present.results.laplace_error import MUCH, SHIFT


def reference(name: str) -> GeneralisedFit:
    model = MODELS[name]
    return rn.glmm(model.formula, model.data(), model.family, weights=model.weights)


def test_quadrature_foretells_the_shift_of_the_estimates() -> None:
    """Prototype: 0.029 foretold and true for cbpp, 0.042 for contraception."""
    for fit, shift, deviance in ((cbpp(), 0.029, -0.085), (contraception(), 0.042, -0.268)):
        error = fit.laplace_error
        assert error.method == "quadrature"
        assert error.largest_shift == pytest.approx(shift, abs=6e-4)
        assert error.deviance == pytest.approx(deviance, abs=6e-4)
        better = fit._with_nodes(15)
        moved = np.append(better.fixef - fit.fixef, better.theta - fit.theta)
        joint = fit._estimates.joint
        spread = np.append(np.sqrt(np.diag(fit.vcov)), np.sqrt(joint.covariance[0, 0]))
        true = np.abs(moved / spread).max()
        assert error.largest_shift == pytest.approx(true, rel=0.05)
        assert error.finding is None


def test_two_random_effects_a_level() -> None:
    error = reference("contraception_slope").laplace_error
    assert error.deviance == pytest.approx(-0.587, abs=6e-4)
    # 0.065 with all digits; seven nodes in each dimension have two of them.
    assert error.largest_shift == pytest.approx(0.065, abs=1.5e-3)


def test_the_next_term_of_nested_factors() -> None:
    """Importance sampling with 400 draws: -0.051 +- 0.020."""
    fit = reference("mmmec_offset")
    error = fit.laplace_error
    assert error.method == "next term"
    assert np.isnan(error.largest_shift)
    with fit._solution.standing.ask() as kernel:
        drawn = importance(fit._solution, kernel)
    assert abs(drawn.deviance - error.deviance) < 3.0 * drawn.error
    assert drawn.error < 0.03


def test_next_term_and_quadrature_agree_for_one_factor() -> None:
    for fit, term in ((cbpp(), -0.087), (contraception(), -0.271)):
        with fit._solution.standing.ask() as kernel:
            value, complete = kernel.next_term()
        assert complete
        assert value == pytest.approx(term, abs=6e-4)


@pytest.fixture(scope="module")
def verbagg() -> GeneralisedFit:
    return reference("verbagg_crossed")


def test_crossed_factors_are_sampled_where_the_next_term_is_large(verbagg: GeneralisedFit) -> None:
    with verbagg._solution.standing.ask() as kernel:
        value, complete = kernel.next_term()
    assert complete
    assert value == pytest.approx(-6.9, abs=0.06)
    error = verbagg.laplace_error
    assert error.method == "importance sampling"
    # 400 other draws: -6.17 +- 0.45.
    assert 0.0 < error.uncertainty < 0.6
    assert abs(error.deviance + 6.17) < 3.0 * np.hypot(0.45, error.uncertainty)
    assert error.large
    assert error.remedy is None
    assert "care" in error.finding.fix


def test_draws_are_the_same_every_time(verbagg: GeneralisedFit) -> None:
    with verbagg._solution.standing.ask() as kernel:
        first, second = (importance(verbagg._solution, kernel, 20) for _ in range(2))
    assert first == second


def test_one_factor_by_importance_sampling_is_quadrature() -> None:
    fit = contraception()
    with fit._solution.standing.ask() as kernel:
        drawn = importance(fit._solution, kernel, 400)
    assert drawn.share > 0.5
    assert abs(drawn.deviance - fit.laplace_error.deviance) < 4.0 * drawn.error


def test_one_row_a_level_cries_out() -> None:
    """The likelihood does not depend on theta; Laplace's approximation falls with it."""
    data = table().assign(row=np.arange(600))
    stay = rn.Control(max_evaluations=1)
    flat = rn.glmm("binary ~ 1 + (1 | row)", data, start=[1e-3, -0.2], control=stay)
    far = rn.glmm("binary ~ 1 + (1 | row)", data, start=[64.0, -2.0], control=stay)
    assert abs(flat.laplace_error.deviance) < 1e-3
    assert not flat.laplace_error.large
    assert far.laplace_error.large
    with far._solution.standing.ask() as kernel:
        assert abs(kernel.next_term()[0]) > 1e3
    finding = far.laplace_error.finding
    assert finding is not None
    assert finding.code == "laplace-error"


def test_a_large_error_has_a_remedy_that_is_fitted() -> None:
    data = table().assign(pair=np.arange(600) // 2)
    data["y"] = (data["binary"] + (data["pair"] % 3 == 0) > 0.5).astype(float)
    fit = rn.glmm("y ~ x + (1 | pair)", data)
    error = fit.laplace_error
    assert error.large
    assert error.remedy_nodes == 15
    assert error.remedy.n_agq == 15
    assert not error.remedy.laplace_error.large
    finding = error.finding
    assert "n_agq=15" in finding.fix
    assert f"{error.remedy.loglik:.6g}" in finding.evidence
    # A page says it: it costs one evaluation.
    assert "n_agq=15" in str(fit.summary())


def test_thresholds_from_both_sides() -> None:
    error = cbpp().laplace_error

    def large(**changes: float) -> bool:
        return dataclasses.replace(error, **changes).large

    assert not large(deviance=MUCH, largest_shift=SHIFT)
    assert large(deviance=1.001 * MUCH)
    assert large(deviance=-1.001 * MUCH)
    assert large(largest_shift=1.001 * SHIFT)
    assert not large(largest_shift=float("nan"))
    assert large(deviance=float("nan"))
    # A simulated one has to be beyond its uncertainty.
    assert not large(deviance=1.1 * MUCH, uncertainty=0.1)
    assert large(deviance=1.3 * MUCH, uncertainty=0.1)


def test_a_fit_by_quadrature_has_an_error_too() -> None:
    rough = cbpp(n_agq=3).laplace_error
    fine = cbpp(n_agq=15).laplace_error
    assert rough.n_agq == 3
    assert abs(fine.deviance) < 1e-8 < abs(rough.deviance) < 0.1
    assert "3 nodes" in str(rough)


def test_it_prints() -> None:
    text = str(cbpp().laplace_error)
    assert "0.085 deviance units too high" in text
    assert "0.029 standard errors" in text
    assert cbpp().laplace_error._repr_html_().startswith("<p>")


def test_quadrature_that_has_no_value_is_told_and_no_remedy() -> None:
    """Far from the modes a square root is negative, and with it the counts fall in its means."""
    rng = np.random.default_rng(1)
    g = rng.integers(0, 20, 400)
    eta = 0.5 + 0.7 * rng.normal(size=20)[g] + 0.3 * rng.normal(size=400)
    data = {"y": rng.poisson(np.exp(eta)), "g": g.astype(str)}
    fit = rn.glmm("y ~ 1 + (1 | g)", data, family="poisson(sqrt)")
    error = fit.laplace_error
    assert np.isnan(error.deviance)
    assert error.remedy is None
    assert "no value" in str(error)
    assert "may not be close" in str(fit.summary())


def test_a_remedy_that_cannot_be_fitted_is_none() -> None:
    def refuse(n_agq: int) -> None:
        return None

    error = dataclasses.replace(contraception().laplace_error, deviance=2.0, _refit=refuse)
    finding = error.finding
    assert finding is not None
    assert "quadrature" not in finding.fix
