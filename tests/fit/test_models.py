"""Tests between models, as a user sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ranef as rn

COLUMNS = ["npar", "aic", "bic", "loglik", "deviance", "statistic", "df", "p_value", "law"]


def data() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    n = 120
    g, f = np.arange(n) % 12, (np.arange(n) // 12) % 3
    x, z = rng.normal(size=(2, n))
    y = x + rng.normal(size=12)[g] + 0.7 * rng.normal(size=12)[g] * x + rng.normal(size=n)
    return pd.DataFrame(
        {"y": y, "x": x, "z": z, "g": g, "f": np.array(["a", "b", "c"])[f], "w": 1.0 + x**2}
    )


def fit(formula: str, frame: pd.DataFrame | None = None, **options: Any) -> rn.Fit:
    return rn.lmm(formula, data() if frame is None else frame, **options)


def three(reml: bool = True, **options: Any) -> list[rn.Fit]:
    return [fit(f"y ~ x + {part}", reml=reml, **options) for part in ("(1|g)", "(x||g)", "(x|g)")]


def test_one_row_a_model_each_against_the_one_before() -> None:
    models = three()
    table = rn.anova(*models)
    assert table.columns.tolist() == COLUMNS
    assert table.index.tolist() == [m.formula for m in models]
    assert table["npar"].tolist() == [m.df_model for m in models]
    for column in ("aic", "bic", "loglik"):
        assert table[column].tolist() == [getattr(m, column) for m in models]
    np.testing.assert_allclose(table["deviance"], -2.0 * table["loglik"])
    np.testing.assert_allclose(table["statistic"][1:], -np.diff(table["deviance"]), atol=1e-9)
    assert table["df"].tolist() == [pd.NA, 1, 1]
    assert table["law"].tolist() == ["", "half 0, half chi2(1)", "chi2(1)"]
    p = [
        stats.chi2.sf(table["statistic"].iloc[1], 1) / 2,
        stats.chi2.sf(table["statistic"].iloc[2], 1),
    ]
    np.testing.assert_allclose(table["p_value"][1:], p, rtol=1e-9)


def test_the_order_does_not_matter_nor_a_list() -> None:
    models = three()
    for given in (models[::-1], [models[1], models[2], models[0]]):
        pd.testing.assert_frame_equal(rn.anova(*given), rn.anova(*models))
    pd.testing.assert_frame_equal(rn.anova(models), rn.anova(*models))
    pd.testing.assert_frame_equal(rn.anova(tuple(models)), rn.anova(*models))


@pytest.mark.parametrize("other", ["lmm", "mixed"])
def test_reml_with_other_fixed_parts_is_fitted_by_ml_and_says_so(other: str) -> None:
    small = fit("y ~ 1 + (1 | g)", reml=other == "lmm")
    large = fit("y ~ x + z + (x | g)")
    with pytest.warns(UserWarning, match="the models were fitted again by ML"):
        table = rn.anova(small, large)
    by_ml = [m.with_reml(False) for m in (small, large)]
    pd.testing.assert_frame_equal(table, rn.anova(*by_ml))
    assert table["law"].iloc[1] == "half chi2(3), half chi2(4)"


def test_reml_and_ml_of_one_fixed_part() -> None:
    models = three()
    with pytest.warns(UserWarning, match="some of the models were fitted by REML and some by ML"):
        table = rn.anova(models[0], models[2].with_reml(False))
    assert table["loglik"].iloc[0] == pytest.approx(models[0].with_reml(False).loglik)


def test_reml_with_the_same_span_coded_in_two_ways() -> None:
    """The criteria differ by a constant, the ratio does not."""
    small = fit("y ~ x + f + (1 | g)")
    same = rn.anova(small, fit("y ~ x + f + (x | g)"))
    for formula, contrasts in (
        ("y ~ 0 + f + I(5 * x) + (x | g)", {}),
        ("y ~ f + x + (x | g)", {"f": "sum"}),
    ):
        other = rn.anova(small, fit(formula, contrasts=contrasts))
        assert other["statistic"].iloc[1] == pytest.approx(same["statistic"].iloc[1], abs=1e-6)
        assert other["p_value"].iloc[1] == pytest.approx(same["p_value"].iloc[1], rel=1e-5)


def test_fixed_effects_alone_have_plain_chi_square() -> None:
    models = [
        fit(f, reml=False) for f in ("y ~ 1 + (x | g)", "y ~ x + (x | g)", "y ~ x * f + (x | g)")
    ]
    table = rn.anova(*models)
    assert table["law"].tolist() == ["", "chi2(1)", "chi2(4)"]
    np.testing.assert_allclose(
        table["p_value"][1:], stats.chi2.sf(table["statistic"][1:], table["df"][1:].astype(int))
    )
    dropped = fit("y ~ x + (1 | g)").drop1("chisq")
    pair = rn.anova(*(fit(f, reml=False) for f in ("y ~ 1 + (1 | g)", "y ~ x + (1 | g)")))
    assert pair["statistic"].iloc[1] == pytest.approx(dropped.loc["x", "statistic"], abs=1e-7)


def test_weights_offsets_and_columns_left_out() -> None:
    frame = data().assign(twice=lambda d: 2.0 * d["x"])
    small, large = (
        fit(f"y ~ x + twice + {part}", frame, weights="w", offset="z")
        for part in ("(1|g)", "(x|g)")
    )
    assert large.dropped == ("twice",)
    table = rn.anova(small, large)
    assert table["statistic"].iloc[1] == pytest.approx(2 * (large.loglik - small.loglik), abs=1e-9)
    row = large.ranova().iloc[0]
    assert row["statistic"] == pytest.approx(table["statistic"].iloc[1], abs=1e-6)


def test_a_singular_smaller_model_has_bounds_and_advice() -> None:
    frame = data().assign(y=lambda d: d["z"] + np.sin(7.0 * np.arange(len(d))))
    small, large = (fit(f"y ~ x + {part}", frame) for part in ("(1 | g)", "(x | g)"))
    assert small.certificate.verdict == "boundary optimum"
    with pytest.warns(UserWarning, match="the smaller model is singular") as caught:
        row = rn.anova(small, large).iloc[1]
    assert 'method="bootstrap"' in str(caught[0].message)
    low, high = (stats.chi2.sf(row["statistic"], k) for k in (2, 3))
    assert row["p_value"] == pytest.approx((low + high) / 2, rel=1e-9)
    assert row["law"].startswith("between half 0, half chi2(1) (p = ")
    more = fit("y ~ x + z + (1 | g)", frame, reml=False)
    assert rn.anova(small.with_reml(False), more)["law"].iloc[1] == "chi2(1)"


def test_a_larger_model_that_fits_worse_is_told() -> None:
    start = rn.Control(max_evaluations=1)
    worse = fit("y ~ x + (x | g)", control=start, start=[0.01, 0.0, 3.0])
    small = fit("y ~ x + (1 | g)")
    assert worse.loglik < small.loglik
    with pytest.warns(UserWarning, match="a larger model fits worse than one nested in it"):
        row = rn.anova(small, worse).iloc[1]
    assert np.isnan(row["statistic"])
    assert np.isnan(row["p_value"])


@pytest.mark.parametrize(
    ("formulas", "what", "found"),
    [
        (["y ~ x + (1 | g)"], "rn.anova compares two models or more", "1 model"),
        ([], "rn.anova compares two models or more", "0 models"),
        (
            ["y ~ z + (1 | g)", "y ~ x + (x | g)"],
            "the models are not nested",
            "the fixed effect z of the smaller model is not in the larger one",
        ),
        (
            ["y ~ x + (1 | f)", "y ~ x + (x | g)"],
            "the models are not nested",
            "the random part (1 | f) of the smaller model",
        ),
        (
            ["y ~ x + (1 | g)", "y ~ x + (1 | f)"],
            "the models are not nested",
            "the random part (1 | g) of the smaller model",
        ),
        (
            ["y ~ x + (1 | g)", "y ~ I(2 * x) + (1 | g)"],
            "two of the models are the same model",
            "4 parameters in both",
        ),
    ],
)
def test_what_cannot_be_compared(formulas: list[str], what: str, found: str) -> None:
    with pytest.raises(rn.OptionError) as caught:
        rn.anova([fit(formula) for formula in formulas])
    assert str(caught.value).startswith(what)
    assert found in caught.value.found
    assert caught.value.fix


def test_priors_are_refused() -> None:
    models = [fit("y ~ x + (1 | g)"), fit("y ~ x + (x | g)", prior=rn.priors.Wishart())]
    refused = "a likelihood ratio test is for fits without priors"
    for call in (lambda: rn.anova(*models), models[1].ranova):
        with pytest.raises(rn.OptionError, match=refused):
            call()


def test_models_without_random_effects() -> None:
    large = fit("y ~ x + (1 | g)", weights="w")
    none = large.update("~ . - (1 | g)")
    row, reduced = rn.anova(none, large).iloc[1], large.ranova().iloc[0]
    for column in ("statistic", "df", "p_value"):
        assert row[column] == pytest.approx(reduced[column], rel=1e-7)
    assert row["law"] == reduced["law"] == "half 0, half chi2(1)"
    by_ml = [
        fit(f, reml=False).update("~ . - (1 | g)") for f in ("y ~ 1 + (1 | g)", "y ~ x + (1 | g)")
    ]
    assert rn.anova(*by_ml)["law"].iloc[1] == "chi2(1)"
    assert none.ranova().empty
    assert by_ml[1].caic() == pytest.approx(by_ml[1].aic, abs=1e-7)


REDUCTIONS = {
    "(x | g)": {"x in (x | g)": "(1 | g)"},
    "(x || g)": {"(1 | g)": "(0 + x | g)", "x in (x || g)": "(1 | g)"},
    "(x + z | g)": {"x in (x + z | g)": "(z | g)", "z in (x + z | g)": "(x | g)"},
    "(0 + x | g) + (1 | f)": {"x in (0 + x | g)": "(1 | f)", "(1 | f)": "(0 + x | g)"},
    "(0 + f | g)": {"f in (0 + f | g)": "(1 | g)"},
    "(1 | g/f)": {"(1 | g)": "(1 | g:f)", "(1 | f:g)": "(1 | g)"},
    "(x * z | g)": {"x:z in (x * z | g)": "(x + z | g)"},
}


@pytest.mark.parametrize("part", REDUCTIONS)
def test_each_random_effect_is_left_out_in_turn(part: str) -> None:
    full, rows = fit(f"y ~ x + {part}"), REDUCTIONS[part]
    table = full.ranova()
    assert table.columns.tolist() == ["npar", "loglik", "aic", "statistic", "df", "p_value", "law"]
    assert table.index.name == "term"
    assert set(table.index) == set(rows)
    for name, smaller in rows.items():
        other = fit(f"y ~ x + {smaller}")
        row = table.loc[name]
        assert row["loglik"] == pytest.approx(other.loglik, abs=1e-6)
        assert row["aic"] == pytest.approx(other.aic, abs=1e-5)
        assert row["npar"] == other.df_model
        assert row["df"] == full.df_model - other.df_model
        assert row["statistic"] == pytest.approx(2 * (full.loglik - other.loglik), abs=1e-5)
        assert 0.0 <= row["p_value"] <= 1.0


def test_nothing_left() -> None:
    """The last variance, or the last covariance matrix, against least squares."""
    for part, law in (("(1 | g)", "half 0, half chi2(1)"), ("(0 + x | g)", "half 0, half chi2(1)")):
        full = fit(f"y ~ x + {part}", reml=False, weights="w", offset="z")
        row = full.ranova().iloc[0]
        assert row["loglik"] == pytest.approx(full.update(f"~ . - {part}").loglik, abs=1e-7)
        assert (row["npar"], row["df"], row["law"]) == (3, 1, law)
