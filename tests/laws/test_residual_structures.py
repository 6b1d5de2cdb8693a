"""What residual structures and random effects both can say, they say alike."""

from __future__ import annotations

import pytest

import ranef as rn


def test_correlated_residuals_and_noise_are_correlated_effects_and_residuals() -> None:
    """An AR(1) process plus independent noise, whichever of the two is called the residual."""
    data = rn.datasets.load("sleepstudy")
    data["day"] = data["Days"].astype(str)
    one = rn.lmm(
        "Reaction ~ Days + homdiag(0 + day | Subject)", data, residual="ar1(Days | Subject)"
    )
    two = rn.lmm("Reaction ~ Days + ar1(0 + Days | Subject)", data)
    assert one.certificate.certified
    assert one.criterion == pytest.approx(two.criterion, abs=1e-7)
    sd, rho = two.random_parameters["estimate"]
    assert one.sigma == pytest.approx(sd, rel=1e-4)
    assert one.residual_parameters["rho"].item() == pytest.approx(rho, abs=1e-4)
    (noise,) = one.random_parameters["estimate"]
    assert noise == pytest.approx(two.sigma, rel=1e-3)
