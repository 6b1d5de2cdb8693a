"""All parameters of generalised fits by name: covariances and intervals."""

from __future__ import annotations

import numpy as np
import pytest
from tests.generalised.fits import answers, cbpp, grouped, of_groups

import ranef as rn


def test_names_of_every_part() -> None:
    assert list(cbpp().vcov_full)[-1] == "sd__Intercept|herd"
    assert list(of_groups("count", "nbinom2", "1").vcov_full)[-1] == "dispersion"
    inflated = of_groups("inflated", "poisson", "1", zero_inflation="~ 1")
    assert list(inflated.vcov_full)[-1] == "zero:Intercept"
    assert list(answers().vcov_full)[-1] == "thresholds:often|always"
    of_x = of_groups("count", "nbinom2", "1", dispersion="~ x")
    assert list(of_x.vcov_full)[-2:] == ["dispersion:Intercept", "dispersion:x"]


def test_block_of_the_fixed_effects_is_vcov() -> None:
    for fit in (cbpp(), of_groups("count", "nbinom2", "1"), of_groups("count", "poisson")):
        p = len(fit.fixef)
        np.testing.assert_allclose(fit.vcov_full.iloc[:p, :p], fit.vcov, rtol=1e-12)
        assert np.all(np.linalg.eigvalsh(fit.vcov_full.to_numpy()) > 0.0)


@pytest.mark.parametrize("response", ["count", "amount"])
def test_covariance_by_differences_of_the_deviance(response: str) -> None:
    """Of all parameters on their reported scales, against Richardson differences of F."""
    family = {"count": "nbinom2", "amount": "gamma(log)"}[response]
    fit = of_groups(response, family)
    parameters, at = fit._parameters, fit._parameter_values
    kernel, problem = fit._problem.kernel(), fit._problem
    (b,) = problem.scaling.B

    def deviance(values: np.ndarray) -> float:
        own = dict(zip((p.name for p in parameters), values, strict=True))
        sd, slope = own["sd__Intercept|g"], own["sd__x|g"]
        r = own["cor__Intercept.x|g"]
        c = np.array([[sd**2, r * sd * slope], [r * sd * slope, slope**2]])
        inner = np.linalg.inv(b)
        root = np.linalg.cholesky(inner @ c @ inner.T)
        psi = np.log(own["dispersion"]) / parameters[-1].rate
        coefficients = problem.inner(np.array([own["Intercept"], own["x"], psi]))
        assert kernel.evaluate([root], coefficients)
        return kernel.value

    sizes = np.sqrt(np.diag(fit.vcov_full))

    def hessian(h: float) -> np.ndarray:
        k = at.size
        out = np.zeros((k, k))
        for i in range(k):
            for j in range(i, k):
                a, c = h * sizes[i] * np.eye(k)[i], h * sizes[j] * np.eye(k)[j]
                found = (
                    deviance(at + a + c) - deviance(at + a - c)
                    - deviance(at - a + c) + deviance(at - a - c)
                )  # fmt: skip
                out[i, j] = out[j, i] = found / (4.0 * h**2 * sizes[i] * sizes[j])
        return out

    h = (4.0 * hessian(0.02) - hessian(0.04)) / 3.0
    # Rounding of the deviance, 1e-12 over 0.04^2 standard errors, and the fourth order.
    np.testing.assert_allclose(
        2.0 * np.linalg.inv(h) / np.outer(sizes, sizes),
        fit.vcov_full.to_numpy() / np.outer(sizes, sizes),
        atol=2e-5,
    )


def test_a_boundary_has_no_error() -> None:
    data = grouped()
    data["flat"] = np.random.default_rng(1).poisson(3.0, len(data))
    fit = rn.glmm("flat ~ x + (1 | g)", data, family="poisson")
    errors = np.sqrt(np.diag(fit.vcov_full))
    assert np.isnan(errors[-1])
    assert np.isfinite(errors[:-1]).all()


@pytest.mark.parametrize("method", ["wald", "profile", "bootstrap"])
def test_intervals_of_tidy(method: str) -> None:
    fit = cbpp()
    (row,) = fit.tidy("ran_pars", conf_method=method, n=200, seed=1).to_dict("records")
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    # Percentiles are near 0 on the left: the SD of 15 herds may be estimated as zero.
    assert 0.0 <= row["conf_low"] < 0.4
    assert row["conf_high"] == pytest.approx(1.05, abs=0.15)
    fixed = fit.tidy("fixed", conf_method=method, n=200, seed=1)
    assert fixed["conf_low"].lt(fixed["estimate"]).all()
    assert fixed["conf_high"].gt(fixed["estimate"]).all()
