"""Influence and leverages, against fits without the level and against dense algebra."""

from __future__ import annotations

import numpy as np
import pytest
from tests.generalised import fits

import ranef as rn
from ranef.inference.generalised import influence as of_generalised
from ranef.inference.influence import GONE, ONE_STEP, REFIT

# Two searches end within a gain of 1e-10 deviance units: coefficients within 1e-5 SE.
CLOSE = 1e-5


def test_without_a_level_is_the_fit_to_the_other_rows() -> None:
    fit, data = fits.cbpp(), rn.datasets.load("cbpp")
    frame = fit.influence().frame
    assert set(frame["method"]) == {REFIT}
    for herd in ("1", "8", "11"):
        rest = data[data["herd"].astype(str) != herd].copy()
        rest["herd"] = rest["herd"].astype(str)
        other = rn.glmm("incidence / size ~ period + (1 | herd)", rest, weights="size")
        change = other.fixef - fit.fixef
        errors = np.sqrt(np.diag(fit.vcov))
        own = frame.loc[herd, list(fit.fixef.index)].to_numpy(dtype=float)
        assert np.all(np.abs(change.to_numpy() - own) < CLOSE * errors)
        sd = other.varcorr()["sd"][0] - fit.varcorr()["sd"][0]
        assert frame.loc[herd, "sd__Intercept|herd"] == pytest.approx(sd, abs=CLOSE)
        inverse = np.linalg.inv(fit.vcov.to_numpy())
        cook = change.to_numpy() @ inverse @ change.to_numpy() / 4.0
        assert frame.loc[herd, "cooks_distance"] == pytest.approx(cook, rel=1e-3)


def test_other_parts_of_the_model_move_too() -> None:
    fit = fits.of_groups("inflated", "nbinom2", random="1", zero_inflation="~ 1")
    data = fits.grouped()
    other = rn.glmm(
        "inflated ~ x + (1 | g)",
        data[data["g"] != "7"],
        family="nbinom2",
        zero_inflation="~ 1",
    )
    frame = fit.influence().frame
    expected = other.fixef_zero["Intercept"] - fit.fixef_zero["Intercept"]
    assert frame.loc["7", "zero:Intercept"] == pytest.approx(expected, abs=1e-3)
    expected = other.fixef_dispersion["Intercept"] - fit.fixef_dispersion["Intercept"]
    assert frame.loc["7", "dispersion:Intercept"] == pytest.approx(expected, abs=1e-3)


def test_one_step_is_close_to_a_refit(monkeypatch: pytest.MonkeyPatch) -> None:
    """500 groups would take long here: the rule is applied to 60 districts."""
    data = rn.datasets.load("contraception")
    fit = rn.glmm("use ~ age + urban + (1 | district)", data)
    exact = fit.influence(exact=True).frame
    monkeypatch.setattr(of_generalised, "MANY", 5)
    monkeypatch.setattr(of_generalised, "LARGE_GAIN", 0.03)  # ten times the limit
    frame = fit.influence().frame
    stepped = frame["method"] == ONE_STEP
    assert stepped.sum() > 5
    assert set(exact["method"]) == {REFIT}
    names = [*fit.fixef.index, "sd__Intercept|district"]
    errors = np.append(np.sqrt(np.diag(fit.vcov)), 0.08)
    apart = np.abs(frame.loc[stepped, names] - exact.loc[stepped, names]) / errors
    # What a step leaves is of second order: 0.0025 at this limit, 0.06 without one.
    assert apart.to_numpy().max() < 4e-3


def test_rows_and_variables_can_be_left_out() -> None:
    fit = fits.cbpp()
    frame = fit.influence("period").frame
    assert (frame["method"] == GONE).all()  # a coefficient is gone with its period
    assert frame["cooks_distance"].isna().all()
    rows = fit.influence("rows").frame
    assert len(rows) == 56
    assert np.isfinite(rows["cooks_distance"]).all()
    with pytest.raises(rn.OptionError):
        fit.influence("nobody")
    with pytest.raises(rn.OptionError, match="crossed"):
        rn.glmm(
            "count ~ x + (1 | g) + (1 | h)",
            fits.grouped().assign(h=np.arange(240) % 5),
            family="poisson",
        ).influence()


def test_it_prints_and_draws() -> None:
    from matplotlib.figure import Figure

    without = fits.cbpp().influence()
    assert "period[T.2], SE" in str(without)
    assert "herd" in without._repr_html_()
    assert without.plot(ax=Figure().subplots()).get_title(loc="left")


@pytest.mark.parametrize("name", ["cbpp", "broods"])
def test_leverages_are_the_hat_values_of_the_working_model(name: str) -> None:
    """Dense: [X Z] of the working weights, with the inverse of D as a ridge."""
    fit = getattr(fits, name)()
    design, blocks = fit._design, []
    for term in design.terms:
        z = np.zeros((design.n, term.n_levels))
        z[np.arange(design.n), term.codes] = 1.0
        blocks.append(z)
    a = np.column_stack([design.X, *blocks])
    ridge = [np.zeros(design.p)]
    for block, d in zip(blocks, fit._estimates.covariances, strict=True):
        ridge.append(np.full(block.shape[1], 1.0 / d[0, 0]))
    y, mu = design.y, np.asarray(fit.fitted)
    if name == "cbpp":
        w = rn.datasets.load("cbpp")["size"].to_numpy() * mu * (1.0 - mu)
    else:
        w = (y + fit.dispersion) * mu * fit.dispersion / (mu + fit.dispersion) ** 2
    inverse = np.linalg.inv(a.T @ (w[:, None] * a) + np.diag(np.concatenate(ridge)))
    expected = w * np.einsum("ij,jk,ik->i", a, inverse, a)
    np.testing.assert_allclose(np.asarray(fit.leverage), expected, rtol=1e-8)
    assert fit.augment()[".hat"].to_numpy() == pytest.approx(expected)
