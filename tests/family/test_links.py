"""Links: inverses of each other, derivatives, and the tails."""

from __future__ import annotations

import numpy as np
import pytest

from ranef.family import LINKS

GRID = {
    "log": np.linspace(-20.0, 20.0, 41),
    "identity": np.linspace(-20.0, 20.0, 41),
    **dict.fromkeys(("sqrt", "inverse", "1/mu^2"), np.geomspace(1e-3, 1e3, 41)),
    **dict.fromkeys(("logit", "probit", "cloglog", "cauchit"), np.linspace(-3.5, 2.5, 41)),
}


@pytest.mark.parametrize("name", LINKS)
def test_the_inverse_takes_the_function_back(name: str) -> None:
    link, eta = LINKS[name], GRID[name]
    np.testing.assert_allclose(link.function(link.inverse(eta)), eta, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", LINKS)
def test_derivatives(name: str) -> None:
    link, eta = LINKS[name], GRID[name]
    for lower, derivative in ((link.inverse, link.slope), (link.slope, link.bend)):
        h = 1e-3 * np.minimum(np.abs(eta) + 1e-2, 1.0)

        def difference(step: np.ndarray, of: object = lower) -> np.ndarray:
            return (of(eta + step) - of(eta - step)) / (2.0 * step)  # type: ignore[operator]

        richardson = (4.0 * difference(h / 2) - difference(h)) / 3.0
        np.testing.assert_allclose(derivative(eta), richardson, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in LINKS if LINKS[name].complement])
def test_complements(name: str) -> None:
    link, eta = LINKS[name], np.linspace(-30.0, 30.0, 61)
    complement = link.complement
    assert complement is not None
    np.testing.assert_allclose(link.inverse(eta) + complement(eta), 1.0, rtol=1e-14)
    if name != "cloglog":
        # Symmetric links: the tails mirror each other to the last digits.
        np.testing.assert_allclose(complement(eta), link.inverse(-eta), rtol=1e-13)


@pytest.mark.parametrize(
    ("name", "eta", "tail"),
    [
        ("logit", -40.0, np.exp(-40.0)),
        ("probit", -10.0, 7.619853024160593e-24),
        ("cloglog", -40.0, np.exp(-40.0)),
        ("cauchit", -1e9, 1e-9 / np.pi),
    ],
)
def test_small_probabilities_keep_their_digits(name: str, eta: float, tail: float) -> None:
    assert LINKS[name].inverse(np.array(eta)) == pytest.approx(tail, rel=1e-12)


@pytest.mark.parametrize("name", LINKS)
def test_far_predictors_give_no_warning(name: str) -> None:
    link = LINKS[name]
    low, high = link.predictors()
    eta = np.array([max(low, -800.0) + 1e-9, min(high, 800.0)])
    for function in (link.inverse, link.slope):
        assert not np.any(np.isnan(function(eta)))


def test_ranges_of_predictors() -> None:
    assert LINKS["logit"].predictors() == (-np.inf, np.inf)
    assert LINKS["inverse"].predictors() == (0.0, np.inf)
    assert LINKS["identity"].predictors(0.0) == (0.0, np.inf)
