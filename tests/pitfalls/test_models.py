"""Models that have made other implementations answer wrongly or in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy")


def variances(fit: Any) -> dict[tuple[str, str], float]:
    table = fit.varcorr()
    rows = table[table["term2"].isna() & (table["group"] != "Residual")]
    return {(row.group, row.term1): row.variance for row in rows.itertuples()}


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(("a", "b"), [(1e6, 3e6), (1e-6, 0.0), (1.0, 1e5), (-1e4, 2e8)])
def test_units_of_a_slope_do_not_matter(
    sleep: pd.DataFrame, a: float, b: float, reml: bool
) -> None:
    plain = rn.lmm("Reaction ~ Days + (Days | Subject)", sleep, reml=reml)
    moved = sleep.assign(Days=sleep["Days"] * a + b)
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", moved, reml=reml)
    jacobian = 2 * np.log(abs(a)) if reml else 0.0
    assert fit.criterion == pytest.approx(plain.criterion + jacobian, abs=1e-6)
    assert fit.fixef["Days"] * a == pytest.approx(plain.fixef["Days"], rel=1e-6)
    slope = variances(fit)["Subject", "Days"] * a**2
    assert slope == pytest.approx(variances(plain)["Subject", "Days"], rel=1e-5)
    assert fit.certificate.verdict == "interior optimum"


def profile(y: np.ndarray, codes: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """ML criterion of ``y ~ 1 + (1 | g)`` at each theta, group by group."""
    n = np.bincount(codes)
    mean = np.bincount(codes, y) / n
    within = ((y - mean[codes]) ** 2).sum()
    inflation = 1 + n * theta[:, None] ** 2
    weight = n / inflation
    grand = (weight * mean).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
    rss = within + (weight * (mean - grand) ** 2).sum(axis=1)
    return np.log(inflation).sum(axis=1) + y.size * (1 + np.log(2 * np.pi * rss / y.size))


def test_noise_by_groups_has_no_false_zero_variance() -> None:
    """A small variance is zero where the criterion says so, not below some threshold."""
    codes = np.repeat(np.arange(18), np.r_[[10] * 12, [7] * 6])
    theta = np.r_[0.0, np.geomspace(1e-4, 2.0, 4000)]
    interior = 0
    for seed in range(60):
        y = np.random.default_rng(seed).normal(300.0, 50.0, codes.size)
        fit = rn.lmm("y ~ 1 + (1 | g)", {"y": y, "g": codes}, reml=False)
        curve = profile(y, codes, theta)
        best = int(curve.argmin())
        assert fit.criterion <= curve[best] + 1e-7
        assert fit.criterion == pytest.approx(curve[best], abs=1e-3)
        is_zero = best == 0
        assert bool(fit.theta[0] == 0.0) is is_zero
        wanted = "boundary optimum" if is_zero else "interior optimum"
        assert fit.certificate.verdict == wanted
        assert fit.certificate.certified
        interior += not is_zero
    assert 10 < interior < 50


@pytest.mark.parametrize("excess", [-0.5, -1e-2, -1e-4, 1e-4, 1e-3, 1e-2, 0.1])
def test_a_tiny_variance_is_told_from_none(excess: float) -> None:
    """Group means are stretched to where the slope of the criterion at zero changes its sign."""
    codes = np.repeat(np.arange(18), np.r_[[10] * 12, [7] * 6])
    y = np.random.default_rng(5).normal(300.0, 50.0, codes.size)
    n = np.bincount(codes)
    mean = np.bincount(codes, y) / n
    deviation = mean - y.mean()
    within = y - mean[codes]
    # d/d(theta^2) at 0 is sum n - N sum(n^2 dev^2) / (within + between); dev times s makes it 0.
    between = n @ deviation**2
    s = np.sqrt(within @ within / (n**2 @ deviation**2 - between))
    stretched = 300 + within + (1 + excess) * s * deviation[codes]
    fit = rn.lmm("y ~ 1 + (1 | g)", {"y": stretched, "g": codes}, reml=False)
    assert fit.certificate.certified
    if excess < 0:
        assert fit.theta[0] == 0.0
        assert fit.certificate.verdict == "boundary optimum"
        return
    assert fit.theta[0] > 0.0
    assert fit.certificate.verdict == "interior optimum"
    curve = profile(stretched, codes, fit.theta[0] * np.array([0.9, 1.0, 1.1]))
    assert curve.argmin() == 1
    assert fit.criterion == pytest.approx(curve[1], abs=1e-9)


def test_simulated_responses_have_new_random_effects() -> None:
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    responses = np.asarray(fit.simulate(2000, seed=1))
    responses = responses if responses.shape[0] == 30 else responses.T
    of_batch = responses.reshape(6, 5, -1).mean(axis=1)
    expected = np.sqrt(variances(fit)["Batch", "Intercept"] + fit.sigma**2 / 5)
    np.testing.assert_allclose(of_batch.std(axis=1), expected, rtol=0.1)
    np.testing.assert_allclose(of_batch.mean(axis=1), fit.fixef["Intercept"], atol=6)


def test_of_dependent_columns_the_later_one_goes_and_is_named(sleep: pd.DataFrame) -> None:
    data = sleep.assign(hours=sleep["Days"] * 24 + 7)
    fit = rn.lmm("Reaction ~ Days + hours + (1 | Subject)", data)
    plain = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    assert fit.dropped == ("hours",)
    assert np.isnan(fit.fixef["hours"])
    assert fit.fixef["Days"] == pytest.approx(plain.fixef["Days"], rel=1e-9)
    assert fit.criterion == pytest.approx(plain.criterion, abs=1e-9)
    assert fit.df_model == plain.df_model
    np.testing.assert_allclose(fit.predict(data), plain.predict(data), rtol=1e-9)
    reverse = rn.lmm("Reaction ~ hours + Days + (1 | Subject)", data)
    assert reverse.dropped == ("Days",)


def test_an_empty_cell_of_two_factors_is_named(sleep: pd.DataFrame) -> None:
    data = sleep.assign(
        a=np.where(sleep["Days"] < 5, "u", "v"), b=np.where(sleep["Days"] % 2, "p", "q")
    )
    data = data[(data["a"] == "u") | (data["b"] == "p")]
    fit = rn.lmm("Reaction ~ a * b + (1 | Subject)", data)
    assert fit.dropped == ("a[T.v]:b[T.q]",)
    assert fit.certificate.certified


def test_one_level_is_an_error(sleep: pd.DataFrame) -> None:
    with pytest.raises(rn.errors.DesignError, match="'one' has one level"):
        rn.lmm("Reaction ~ Days + (1 | one)", sleep.assign(one="a"))


def test_as_many_levels_as_rows_is_an_error(sleep: pd.DataFrame) -> None:
    data = sleep.assign(row=np.arange(180))
    with pytest.raises(rn.errors.DesignError, match="as many levels as there are rows"):
        rn.lmm("Reaction ~ Days + (1 | row)", data)
    two = data[data["Days"].isin([1, 9])]
    with pytest.raises(rn.errors.DesignError, match="too many random effects"):
        rn.lmm("Reaction ~ Days + (Days | Subject)", two)


def test_two_rows_in_a_level_are_fitted_where_their_spacing_identifies_it(
    sleep: pd.DataFrame,
) -> None:
    fit = rn.lmm("Reaction ~ Days + (Days | pair)", sleep.assign(pair=np.arange(180) // 2))
    assert fit.certificate.certified


def test_as_many_levels_as_rows_is_fitted_where_weights_identify_it(sleep: pd.DataFrame) -> None:
    data = sleep.assign(row=np.arange(180), w=1.0 + sleep["Days"] ** 2)
    fit = rn.lmm("Reaction ~ 1 + (1 | row)", data, weights="w")
    assert fit.nobs == 180


def test_two_terms_on_one_group_are_both_kept(sleep: pd.DataFrame) -> None:
    fit = rn.lmm("Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)", sleep)
    bars = rn.lmm("Reaction ~ Days + (Days || Subject)", sleep)
    found = variances(fit)
    assert list(found) == [("Subject", "Intercept"), ("Subject.1", "Days")]
    assert found["Subject", "Intercept"] == pytest.approx(627.569, abs=2e-3)
    assert found["Subject.1", "Days"] == pytest.approx(35.8582, abs=2e-4)
    assert bars.criterion == pytest.approx(fit.criterion, abs=1e-9)


def test_double_bar_takes_a_factor_apart() -> None:
    data = rn.datasets.load("machines")
    letters = data["Machine"].astype(str)
    numeric = data.assign(b=(letters == "B") * 1.0, c=(letters == "C") * 1.0)
    fit = rn.lmm("score ~ Machine + (Machine || Worker)", data)
    by_hand = rn.lmm(
        "score ~ Machine + (1 | Worker) + (0 + b | Worker) + (0 + c | Worker)", numeric
    )
    assert fit.criterion == pytest.approx(by_hand.criterion, abs=1e-8)
    assert len(variances(fit)) == fit.theta.size == 3
    assert fit.varcorr()["term2"].isna().all()


def test_weights_are_precisions(sleep: pd.DataFrame) -> None:
    """A row of weight w counts as the mean of w rows; it is not w rows."""
    means = sleep.groupby(["Subject", sleep["Days"] // 5], observed=True)["Reaction"]
    thin = means.agg(["mean", "size"]).reset_index()
    thin.loc[::3, "size"] = 2
    fit = rn.lmm("mean ~ Days + (1 | Subject)", thin, weights="size", reml=False)
    V = fit.sigma**2 * np.diag(1 / thin["size"].to_numpy(float))
    codes = thin["Subject"].cat.codes.to_numpy()
    V += variances(fit)["Subject", "Intercept"] * (codes[:, None] == codes[None, :])
    X = np.column_stack([np.ones(len(thin)), thin["Days"]])
    rest = thin["mean"].to_numpy() - X @ fit.fixef.to_numpy()
    density = np.linalg.slogdet(2 * np.pi * V)[1] + rest @ np.linalg.solve(V, rest)
    assert fit.criterion == pytest.approx(density, abs=1e-8)
    assert fit.nobs == len(thin)


def test_a_column_name_with_a_dot_needs_no_quotes() -> None:
    data = rn.datasets.load("hsb").query("`sch.id` < 2000")
    fit = rn.lmm("math ~ ses + (1 | sch.id)", data)
    assert list(fit.ngroups) == ["sch.id"]
    same = rn.lmm("math ~ ses + (1 | school)", data.rename(columns={"sch.id": "school"}))
    assert fit.criterion == same.criterion
