"""What answers say of fits without random effects, or without fixed effects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.errors import OptionError


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.normal(size=60), "g": np.repeat(np.arange(12), 5)})
    frame["w"] = rng.uniform(0.5, 2.0, 60)
    frame["y"] = 1.0 + 0.5 * frame["x"] + rng.normal(size=60) * (1.0 + frame["x"] ** 2)
    return frame


@pytest.fixture(scope="module")
def plain(data: pd.DataFrame) -> rn.Fit:
    return rn.lm("y ~ x", data, weights="w")


def test_rows_as_clusters_are_whites_errors(plain: rn.Fit, data: pd.DataFrame) -> None:
    """HC0 and HC2 (White 1980; MacKinnon and White 1985) of the rows times their root weights."""
    root = np.sqrt(data["w"].to_numpy())
    x = np.column_stack([np.ones(60), data["x"]]) * root[:, None]
    y = data["y"].to_numpy() * root
    bread = np.linalg.inv(x.T @ x)
    left = y - x @ (bread @ x.T @ y)
    hat = np.einsum("ia,ab,ib->i", x, bread, x)
    for kind, squares in (("CR0", left**2), ("CR2", left**2 / (1.0 - hat))):
        meat = x.T @ (squares[:, None] * x)
        right = np.sqrt(np.diag(bread @ meat @ bread))
        found = plain.robust(kind, cluster=np.arange(60))["std_error"]
        np.testing.assert_allclose(found, right, rtol=1e-10)


def test_clusters_of_rows_are_summed(data: pd.DataFrame) -> None:
    fit = rn.lm("y ~ x", data)
    x = np.column_stack([np.ones(60), data["x"]])
    left = data["y"].to_numpy() - x @ fit.fixef.to_numpy()
    scores = pd.DataFrame(x * left[:, None]).groupby(data["g"]).sum().to_numpy()
    bread = np.linalg.inv(x.T @ x)
    right = np.sqrt(np.diag(bread @ scores.T @ scores @ bread))
    found = fit.robust("CR0", cluster=data["g"])["std_error"]
    np.testing.assert_allclose(found, right, rtol=1e-10)


def test_without_random_effects_whitened_is_pearson(plain: rn.Fit) -> None:
    right = np.asarray(plain.residuals("pearson")) / plain.sigma
    np.testing.assert_allclose(plain.residuals("whitened"), right, rtol=1e-10)
    assert np.all(np.asarray(plain.quantile_residuals("whitened")) < 1.0)


def test_without_variances_nothing_is_corrected(plain: rn.Fit) -> None:
    new = {"x": [0.0, 2.0]}
    found, right = (plain.predict(new, se=se)["std_error"] for se in ("corrected", True))
    np.testing.assert_allclose(found, right, rtol=1e-12)


def test_a_value_left_out_is_a_fit_without_it(data: pd.DataFrame) -> None:
    frame = data.assign(k=data["g"] % 4)
    fit = rn.lm("y ~ x + I(k > 1)", frame)
    kept = rn.lm("y ~ x + I(k > 1)", frame[frame["k"] != 3])
    change = fit.influence(by="k").frame.iloc[3]
    assert abs(change["x"]) == pytest.approx(abs(fit.fixef["x"] - kept.fixef["x"]), rel=1e-6)
    assert abs(change["sigma"]) == pytest.approx(abs(fit.sigma - kept.sigma), rel=1e-6)


NEED_GROUPS: dict[str, Callable[[rn.Fit], object]] = {
    "r2": lambda fit: fit.r2(),
    "icc": lambda fit: fit.icc(),
    "within": lambda fit: fit.tidy(standardize="within"),
    "group_residuals": lambda fit: fit.group_residuals(),
    "influence": lambda fit: fit.influence(),
}


@pytest.mark.parametrize("what", NEED_GROUPS)
def test_what_needs_random_effects_says_so(plain: rn.Fit, what: str) -> None:
    with pytest.raises(OptionError, match="needs random effects, and this model has none"):
        NEED_GROUPS[what](plain)


def test_robust_errors_of_least_squares_need_clusters(plain: rn.Fit) -> None:
    with pytest.raises(OptionError, match="a model without random effects need clusters"):
        plain.robust()


def test_averages_without_fixed_effects(data: pd.DataFrame) -> None:
    fit = rn.lmm("y ~ 0 + offset(x) + (1 | g)", data)
    found = fit.predictions(by="g")
    np.testing.assert_allclose(found["estimate"], data.groupby("g")["x"].mean(), rtol=1e-12)
    np.testing.assert_array_equal(found["std_error"], 0.0)


@pytest.mark.parametrize("vcov", [None, "CR0", "CR2"])
def test_the_slope_of_an_offset_has_no_error(data: pd.DataFrame, vcov: str | None) -> None:
    fit = rn.lmm("y ~ x + offset(2 * w) + (1 | g)", data)
    row = fit.slopes("w", vcov=vcov).iloc[0]
    assert row["estimate"] == pytest.approx(2.0, rel=1e-9)
    assert (row["std_error"], row["conf_low"]) == (0.0, pytest.approx(2.0))
    assert np.isnan(row["df"])


def test_a_factor_may_be_named_rows(data: pd.DataFrame) -> None:
    named = rn.lmm("y ~ x + (1 | rows)", data.rename(columns={"g": "rows"})).influence("rows")
    right = rn.lmm("y ~ x + (1 | g)", data).influence("g")
    np.testing.assert_array_equal(named.frame["x"], right.frame["x"])
