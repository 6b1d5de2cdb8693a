"""Summaries, frames and tables of generalised fits: ratios, other parts, families."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.generalised import fits

import ranef as rn


def zeros() -> rn.GeneralisedFit:
    return fits.of_groups("inflated", "nbinom2", "1", zero_inflation="~ z")


def spread() -> rn.GeneralisedFit:
    return fits.of_groups("count", "nbinom1", "1", dispersion="~ x")


def test_a_summary_has_family_dispersion_and_parts() -> None:
    text = str(zeros().summary())
    assert "family: zero-inflated negative binomial" in text
    size = zeros().dispersion
    assert size is not None
    assert f"Dispersion: size {size:.1f}" in text
    assert "Zero part ~ z (log odds of an extra zero, z tests)" in text
    assert text.index("Fixed effects (z tests)") < text.index("Zero part")
    assert "Dispersion part ~ x (log of phi, z tests)" in str(spread().summary())
    assert "Dispersion:" not in str(spread().summary())
    ordered = str(fits.answers().summary())
    assert "Thresholds (log odds of the answers below)" in ordered
    assert "never|rarely" in ordered
    assert "success: Y" in str(fits.contraception().summary())
    html = zeros().summary()._repr_html_()
    for words in ("Zero part ~ z", "Dispersion: size", "zero-inflated"):
        assert words in html


def test_a_summary_with_ratios() -> None:
    fit = fits.cbpp()
    text = str(fit.summary(exponentiate=True))
    assert "Odds ratio" in text
    line = next(line for line in text.splitlines() if "period[T.2]" in line)
    low, high = fit.confint().loc["period[T.2]"]
    assert line.split()[-3:] == [
        f"{np.exp(v):.2f}" for v in (fit.fixef["period[T.2]"], low, high)
    ]
    assert "Odds ratio" in fit.summary(exponentiate=True)._repr_html_()
    assert "Odds ratio" not in str(fit.summary())
    with pytest.raises(rn.OptionError, match="logarithms of ratios"):
        fits.cbpp(family="binomial(probit)").summary(exponentiate=True)


def test_the_dispersion_has_its_delta_method_error() -> None:
    """SE of exp(c psi) is |c| exp(c psi) times that of psi."""
    fit = fits.broods()
    own = fit._distribution
    error = np.sqrt(fit._estimates.joint.coefficients[-1, -1])
    assert own.dispersion == fit.dispersion
    assert own.dispersion_error == pytest.approx(fit.dispersion * error, rel=1e-12)
    gamma = fits.of_groups("amount", "gamma(log)", "1")._distribution
    error = np.sqrt(
        fits.of_groups("amount", "gamma(log)", "1")._estimates.joint.coefficients[-1, -1]
    )
    assert gamma.dispersion_error == pytest.approx(0.5 * gamma.dispersion * error, rel=1e-12)


def test_tidy_has_the_other_parts_after_the_fixed_effects() -> None:
    frame = zeros().tidy()
    assert frame["effect"].tolist() == ["fixed", "fixed", "zero", "zero"]
    assert frame["term"].tolist() == ["Intercept", "x", "Intercept", "z[T.b]"]
    own = zeros().fixef_zero
    assert frame["estimate"].tolist()[2:] == own.tolist()
    assert frame["statistic"].to_numpy() == pytest.approx(
        (frame["estimate"] / frame["std_error"]).to_numpy()
    )
    assert fits.cbpp().tidy()["effect"].unique().tolist() == ["fixed"]
    thresholds = fits.answers().tidy()
    assert thresholds["effect"].tolist() == ["fixed", "thresholds", "thresholds", "thresholds"]
    assert thresholds["p_value"].isna().tolist() == [False, True, True, True]


def test_tidy_takes_exp_of_what_has_a_ratio() -> None:
    for fit, plain in ((zeros(), []), (spread(), ["dispersion"]), (fits.answers(), ["thresholds"])):
        frame, ratios = fit.tidy(), fit.tidy(exponentiate=True)
        kept = frame["effect"].isin(plain)
        pd.testing.assert_frame_equal(frame[kept], ratios[kept])
        changed, own = ratios[~kept], frame[~kept]
        assert changed["estimate"].to_numpy() == pytest.approx(np.exp(own["estimate"].to_numpy()))
        assert changed["std_error"].to_numpy() == pytest.approx(
            (np.exp(own["estimate"]) * own["std_error"]).to_numpy()
        )
        assert changed["conf_low"].to_numpy() == pytest.approx(np.exp(own["conf_low"].to_numpy()))
        assert changed["p_value"].tolist() == own["p_value"].tolist()


def test_glance_says_what_the_family_is() -> None:
    row = fits.broods().glance().iloc[0]
    assert row[["family", "link", "approximation"]].tolist() == [
        "nbinom2",
        "log",
        "Laplace approximation",
    ]
    assert row["dispersion"] == fits.broods().dispersion
    assert np.isnan(fits.cbpp().glance().loc[0, "dispersion"])
    assert fits.cbpp(n_agq=9).glance().loc[0, "approximation"] == "quadrature, 9 nodes"
    sleep = rn.lmm("Reaction ~ Days + (1 | Subject)", rn.datasets.load("sleepstudy"))
    assert "family" not in sleep.glance()


def test_a_table_of_several_families() -> None:
    poisson = fits.of_groups("count", "poisson", "1")
    table = rn.compare(poisson, spread(), labels=["a", "b"])
    text = str(table)
    assert [line.split() for line in text.splitlines() if line.startswith("Family")] == [
        ["Family", "poisson", "nbinom1"]
    ]
    assert "Link" not in text
    assert "Dispersion: x" in text
    frame = table.to_frame()
    cells = frame.loc[("coefficients", "Dispersion: x")]
    assert cells[("b", "estimate")] == spread().fixef_dispersion["x"]
    assert np.isnan(cells[("a", "estimate")])
    assert "not comparable" not in text  # same rows, both of probabilities
    assert "Family" not in str(rn.compare(poisson, poisson))


def test_a_table_with_ratios_names_them() -> None:
    fit = zeros()
    table = rn.compare(fit, exponentiate=True)
    cells = table.to_frame().loc["coefficients"]
    assert cells.loc["x", ("Model 1", "estimate")] == pytest.approx(np.exp(fit.fixef["x"]))
    error = np.exp(fit.fixef["x"]) * np.sqrt(fit.vcov.loc["x", "x"])
    assert cells.loc["x", ("Model 1", "std_error")] == pytest.approx(error)
    assert cells.loc["Zero: z[T.b]", ("Model 1", "estimate")] == pytest.approx(
        np.exp(fit.fixef_zero["z[T.b]"])
    )
    assert table.to_frame().loc[("variances", "Dispersion: size"), ("Model 1", "estimate")] == (
        fit.dispersion
    )
    words = " ".join(str(table).split())
    assert "shown as rate ratios, those of the zero part as odds ratios" in words
    ordered = str(rn.compare(fits.answers(), exponentiate=True))
    assert "odds ratios; threshold coefficients are as estimated" in " ".join(ordered.split())
    both = " ".join(str(rn.compare(fits.answers(), zeros(), exponentiate=True)).split())
    assert "odds ratios (Model 1); rate ratios (Model 2)" in both
    with pytest.raises(rn.OptionError, match="logarithms of ratios"):
        rn.compare(fits.cbpp(), fits.cbpp(family="binomial(probit)"), exponentiate=True)


def test_linear_and_generalised_models_stand_side_by_side() -> None:
    data = fits.grouped()
    linear = rn.lmm("count ~ x + (1 | g)", data)
    text = " ".join(str(rn.compare(linear, fits.of_groups("count", "poisson", "1"))).split())
    assert "Family gaussian poisson" in text
    assert "Link identity log" in text
    assert "do not compare between the two" in text
    assert "exact: Model 1; Laplace approximation: Model 2" in text


def test_augment_has_all_columns() -> None:
    frame = fits.cbpp().augment()
    assert list(frame)[-4:] == [".fitted", ".resid", ".fixed", ".hat"]
    assert np.isfinite(frame[[".fitted", ".resid", ".fixed", ".hat"]].to_numpy()).all()
