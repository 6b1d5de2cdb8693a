"""Laws that the tests of terms obey."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn

CODINGS: list[dict[str, Any]] = [
    {},
    {"a": "sum", "b": "helmert"},
    {"a": "poly", "b": "sum"},
    {"a": pd.DataFrame({"u": [1, 0, 2], "v": [0, 3, 1]}, index=["a0", "a1", "a2"])},
]


def unbalanced(seed: int = 2, n: int = 150) -> pd.DataFrame:
    """Two categories of 3 and 2 levels, a number, 25 groups; every combination has rows."""
    rng = np.random.default_rng(seed)
    a, b, g = rng.integers(0, 3, n), (rng.random(n) < 0.3).astype(int), rng.integers(0, 25, n)
    x = rng.normal(size=n) + 0.5 * a
    y = a + 0.5 * a * b + 0.3 * x * (1 + b) + rng.normal(size=25)[g] + rng.normal(size=n)
    return pd.DataFrame(
        {"y": y, "x": x, "g": g, "a": [f"a{k}" for k in a], "b": [f"b{k}" for k in b]}
    )


@pytest.mark.parametrize("formula", ["y ~ a * b + (1 | g)", "y ~ a * b * x + (1 | g)"])
@pytest.mark.parametrize("type", [1, 2, 3])
def test_no_type_depends_on_the_coding(formula: str, type: int) -> None:
    """In models that hold every margin, with Kenward-Roger, whose F does not mind the basis."""
    plain = rn.lmm(formula, unbalanced()).anova(type, ddf="kenward-roger")
    for contrasts in CODINGS[1:]:
        fit = rn.lmm(formula, unbalanced(), contrasts=contrasts)
        table = fit.anova(type, ddf="kenward-roger")
        columns = ["num_df", "statistic", "sum_sq"]
        np.testing.assert_allclose(table[columns], plain[columns], rtol=1e-5)
        np.testing.assert_allclose(table["den_df"], plain["den_df"], rtol=1e-4)


@pytest.mark.parametrize("formula", ["y ~ a * b + (1 | g)", "y ~ a * b * x + (1 | g)"])
def test_type_three_is_about_coefficients_that_add_up_to_zero(formula: str) -> None:
    """With contrasts of sum zero each term's own coefficients are zero if its means are equal."""
    coded = rn.lmm(formula, unbalanced(), contrasts={"a": "sum", "b": "sum"})
    table = rn.lmm(formula, unbalanced()).anova(3, ddf="kenward-roger")
    for term, columns in coded._design.encoding.fixed_terms.items():
        rows = np.eye(len(coded.fixef))[list(columns)]
        own = coded.test(rows, ddf="kenward-roger")
        assert table.loc[term, "statistic"] == pytest.approx(own.statistic, rel=1e-5)
        assert table.loc[term, "den_df"] == pytest.approx(own.den_df, rel=1e-4)


def test_without_interactions_types_two_and_three_are_the_same() -> None:
    fit = rn.lmm("y ~ a + b + x + (1 | g)", unbalanced())
    two, three = fit.anova(2), fit.anova(3)
    np.testing.assert_allclose(three["statistic"], two["statistic"], rtol=1e-8)
    own = fit.test("a[T.a1] = 0, a[T.a2] = 0")
    assert three.loc["a", "statistic"] == pytest.approx(own.statistic, rel=1e-8)


def test_the_last_term_is_the_same_in_every_type() -> None:
    """With Kenward-Roger; Satterthwaite's df of several rows depend on how these are written."""
    fit = rn.lmm("y ~ a * b + (1 | g)", unbalanced())
    one, two, three = (fit.anova(k, "kenward-roger").loc["a:b"].to_numpy() for k in (1, 2, 3))
    np.testing.assert_allclose(two, one, rtol=1e-7)
    np.testing.assert_allclose(three, one, rtol=1e-7)


def test_type_one_minds_the_order() -> None:
    first = rn.lmm("y ~ a + x + (1 | g)", unbalanced()).anova(1)
    last = rn.lmm("y ~ x + a + (1 | g)", unbalanced()).anova(1)
    assert first.loc["a", "statistic"] > 1.2 * last.loc["a", "statistic"]
    again = rn.lmm("y ~ x + a + (1 | g)", unbalanced()).anova(2)
    assert last.loc["a", "statistic"] == pytest.approx(again.loc["a", "statistic"], rel=1e-8)


def test_a_number_alone_is_its_t_test() -> None:
    fit = rn.lmm("y ~ a + x + (1 | g)", unbalanced())
    table, x = fit.anova(), fit.coefficients().loc["x"]
    assert table.loc["x", "statistic"] == pytest.approx(x["statistic"] ** 2, rel=1e-9)
    assert table.loc["x", "den_df"] == pytest.approx(x["df"], rel=1e-9)
    assert table.loc["x", "p_value"] == pytest.approx(x["p_value"], rel=1e-6)
    assert table.loc["x", "sum_sq"] == pytest.approx(x["statistic"] ** 2 * fit.sigma**2, rel=1e-9)


def test_units_of_a_number_do_not_matter() -> None:
    plain = rn.lmm("y ~ a * x + (1 | g)", unbalanced())
    tiny = rn.lmm("y ~ a * x + (1 | g)", unbalanced().assign(x=lambda d: 1e-9 * d["x"]))
    for type in (1, 2, 3):
        right = plain.anova(type)["statistic"]
        np.testing.assert_allclose(tiny.anova(type)["statistic"], right, rtol=1e-6)


def test_empty_combinations_are_named() -> None:
    frame = unbalanced().query("not (a == 'a2' and b == 'b1')")
    fit = rn.lmm("y ~ a * b + (1 | g)", frame)
    with pytest.warns(UserWarning, match="no data") as caught:
        table = fit.anova(3)
    assert "a[a2]:b[b1]" in str(caught[0].message)
    assert table["num_df"].tolist() == [2, 1, 1]
    fit.anova(2)  # without a warning


def test_a_term_without_columns_has_no_test() -> None:
    frame = unbalanced().assign(twice=lambda d: 2.0 * d["x"])
    table = rn.lmm("y ~ x + twice + (1 | g)", frame).anova()
    assert table.loc["twice", "num_df"] == 0
    assert np.isnan(table.loc["twice", "statistic"])
    assert table.loc["x", "statistic"] > 0.0


@pytest.mark.parametrize("type", [0, 4, "III", None])
def test_another_type_is_refused(type: Any) -> None:
    with pytest.raises(rn.OptionError, match="is 1, 2 or 3"):
        rn.lmm("y ~ a + (1 | g)", unbalanced()).anova(type)


@pytest.mark.parametrize("formula", ["y ~ 1 + (1 | g)", "y ~ 0 + (1 | g)"])
def test_without_terms_there_are_no_rows(formula: str) -> None:
    table = rn.lmm(formula, unbalanced()).anova()
    assert table.shape == (0, 6)


def test_without_an_intercept_the_first_category_is_tested_against_zero() -> None:
    fit = rn.lmm("y ~ 0 + a + x + (1 | g)", unbalanced())
    all_zero = fit.test("a[a0] = 0, a[a1] = 0, a[a2] = 0", ddf="kenward-roger")
    table = fit.anova(3, ddf="kenward-roger")
    assert table.loc["a", "num_df"] == 3
    assert table.loc["a", "statistic"] == pytest.approx(all_zero.statistic, rel=1e-8)


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    data = pd.DataFrame({"g": np.repeat(np.arange(20), 6), "x": rng.normal(size=120)})
    data["a"], data["flag"] = rng.choice(list("pqr"), 120), rng.random(120) < 0.4
    data["y"] = rng.normal(size=20)[data["g"]] + data["x"] + data["flag"] + rng.normal(size=120)
    return data.assign(text=data["flag"].map({False: "no", True: "yes"}))


@pytest.mark.parametrize("type", [1, 2, 3])
@pytest.mark.parametrize(
    "formula", ["y ~ x * {0} + a * {0} + (1 | g)", "y ~ a * {0} * x + (1 | g)", "y ~ a:{0} + (1|g)"]
)
def test_truth_values_are_two_levels(answers: pd.DataFrame, formula: str, type: int) -> None:
    """As means are over both, and as in R: the same tests as of a category with these levels."""
    truth, text = (
        rn.lmm(formula.format(name), answers).anova(type=type) for name in ("flag", "text")
    )
    assert [name.replace("text", "flag") for name in text.index] == list(truth.index)
    if formula.startswith("y ~ a:"):  # five columns beside the intercept, or three: other models
        assert truth["num_df"].tolist() != text["num_df"].tolist()
    else:
        np.testing.assert_allclose(truth, text, rtol=1e-7)


def test_slopes_and_tests_of_a_number_are_over_both_truth_values(answers: pd.DataFrame) -> None:
    fit = rn.lmm("y ~ x * flag + (1 | g)", answers)
    trend, row = fit.emtrends("x").frame.iloc[0], fit.anova().loc["x"]
    assert row["statistic"] == pytest.approx(
        (trend["estimate"] / trend["std_error"]) ** 2, rel=1e-8
    )
    assert row["den_df"] == pytest.approx(trend["df"], rel=1e-8)


def test_truth_values_without_an_intercept_stay_numbers(answers: pd.DataFrame) -> None:
    fit = rn.lmm("y ~ 0 + flag + flag:x + (1 | g)", answers)
    table, rows = fit.anova(), fit.coefficients()
    np.testing.assert_allclose(table["statistic"], rows["statistic"] ** 2, rtol=1e-8)
