"""Residual structures where sums over the rows know more than cross-products."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn

CLOSE = 1e-4
"""About a thousandth of a standard error."""

STRUCTURES = ["ar1(t | g)", "strata(f)"]


def data(groups: int = 40, times: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    e = rng.standard_normal((groups, times))
    for t in range(1, times):
        e[:, t] = 0.6 * e[:, t - 1] + 0.8 * e[:, t]
    g, t = (a.ravel() for a in np.indices((groups, times)))
    frame = pd.DataFrame({"g": g.astype(str), "t": t, "x": rng.standard_normal(g.size)})
    frame["f"] = np.array(list("abc"))[rng.integers(0, 3, g.size)]
    frame["u"] = rng.standard_normal(groups)[g]
    scale = frame["f"].map({"a": 1.0, "b": 1.5, "c": 0.7})
    frame["y"] = 1.0 + 0.5 * frame["x"] + frame["u"] + e.ravel() * scale
    return frame


def parameters(fit: rn.Fit) -> np.ndarray:
    return np.append(fit.residual_parameters.iloc[:, -1].to_numpy(dtype=float), fit.sigma)


@pytest.mark.parametrize("residual", STRUCTURES)
@pytest.mark.parametrize("size", [1e4, 1e6, 1e8])
def test_a_slope_added_to_the_response_changes_no_residual(residual: str, size: float) -> None:
    frame = data()
    plain = rn.lmm("y ~ x + (1 | g)", frame, residual=residual)
    moved = rn.lmm(
        "y ~ x + (1 | g)", frame.assign(y=frame["y"] + size * frame["x"]), residual=residual
    )
    assert moved.certificate.certified
    np.testing.assert_allclose(parameters(moved), parameters(plain), rtol=CLOSE)
    assert moved.criterion == pytest.approx(plain.criterion, abs=1e-4)


@pytest.mark.parametrize("residual", STRUCTURES)
def test_residuals_beside_groups_that_differ_without_measure(residual: str) -> None:
    frame = data()
    fits = [
        rn.lmm("y ~ x + (1 | g)", frame.assign(y=frame["y"] + size * frame["u"]), residual=residual)
        for size in (1e4, 1e6, 1e8)
    ]
    assert all(fit.certificate.certified for fit in fits)
    for fit in fits[1:]:
        np.testing.assert_allclose(parameters(fit), parameters(fits[0]), rtol=CLOSE)


def test_a_variance_on_its_way_to_zero_is_no_interior_optimum() -> None:
    rng = np.random.default_rng(5)
    u = rng.standard_normal(60)
    frame = pd.DataFrame({"g": np.repeat(np.arange(60), 3).astype(str), "f": list("abc") * 60})
    noise = rng.standard_normal(180) * (frame["f"] != "c")
    frame["y"] = 3.0 + 2.0 * np.repeat(u, 3) + noise
    fit = rn.lmm("y ~ 1 + (1 | g)", frame, residual="strata(f)")
    assert fit.certificate.verdict == "flat"
    assert fit.certificate.directions == ("the data say nothing about the residual variance of c",)


def test_the_log_tells_of_the_search_around() -> None:
    frame = data()
    fit = rn.lmm(
        "y ~ x + (1 | g)", frame.assign(y=frame["y"] + 1e8 * frame["x"]), residual="ar1(t | g)"
    )
    assert "evaluations from elsewhere" in str(fit.log)
