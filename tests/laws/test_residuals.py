"""Residuals of groups and rows against dense matrices, and tests of their distributions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, special, stats

import ranef as rn
from ranef.errors import OptionError

KINDS = ["slope", "diagonal", "two slopes", "nested", "nested slope", "crossed slope"]


@pytest.fixture(scope="module")
def sleep() -> rn.Fit:
    return rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))


class Dense:
    """A fit with its marginal covariance matrix and the projection that takes X out."""

    def __init__(self, example: Any) -> None:
        self.fit = rn.lmm(example.formula, example.data, **example.options)
        self.weights = example.options["weights"]
        self.left = example.data["y"].to_numpy() - example.options["offset"]
        self.left = self.left - example.X @ self.fit.fixef.to_numpy()
        self.covariance = example.covariance(self.fit)
        inverse = np.linalg.inv(self.covariance)
        x = example.X
        self.projection = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)


@pytest.fixture(params=KINDS)
def dense(request: pytest.FixtureRequest, make: Callable[..., Any]) -> Dense:
    return Dense(make(request.param, 5, weighted=True, offset=True))


def test_marginal_and_standardized_residuals(dense: Dense) -> None:
    fit = dense.fit
    np.testing.assert_allclose(fit.residuals("marginal"), dense.left, atol=1e-9)
    # sigma^2 P y / w are the conditional residuals; their covariance is sigma^4 P / (w w).
    residual = fit.residuals("response").to_numpy()
    spread = fit.sigma**2 * np.sqrt(np.diag(dense.projection)) / dense.weights
    np.testing.assert_allclose(fit.residuals("standardized"), residual / spread, atol=1e-8)
    expected = special.ndtr(residual / spread)
    np.testing.assert_allclose(fit.quantile_residuals(), expected, atol=1e-8)
    marginal = special.ndtr(dense.left / np.sqrt(np.diag(dense.covariance)))
    np.testing.assert_allclose(fit.quantile_residuals("marginal"), marginal, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_whitened_residuals_have_the_identity_as_covariance(
    make: Callable[..., Any], kind: str
) -> None:
    example = make(kind, 5, weighted=True, offset=True)
    outer = np.array([-4.0, 0.0, 5.0])[example.data["h"]]  # so that the outer factor has a variance
    dense = Dense(replace(example, data=example.data.assign(y=lambda d: d["y"] + outer)))
    fit, root = dense.fit, np.sqrt(dense.weights)
    relative = dense.covariance / fit.sigma**2 * np.outer(root, root)
    values, vectors = linalg.eigh(relative)
    expected = vectors @ ((vectors.T @ (root * dense.left / fit.sigma)) / np.sqrt(values))
    np.testing.assert_allclose(fit.residuals("whitened"), expected, atol=1e-9)
    np.testing.assert_allclose(
        fit.quantile_residuals("whitened"), special.ndtr(expected), atol=1e-9
    )


def test_standardized_effects_have_variance_one(make: Callable[..., Any]) -> None:
    """Var(b) = D Z'P Z D over data from the model, dense."""
    for kind in KINDS:
        example = make(kind, 5, weighted=True, offset=True)
        dense = Dense(example)
        for label, (codes, z) in example.terms.items():
            table = dense.fit.varcorr().query("group == @label and term2.isna()")
            covariance = dense.fit._estimates.covariances[
                [t.label for t in dense.fit._design.terms].index(label)
            ]
            factor = label.removesuffix(".1")
            found = dense.fit.group_residuals(factor)
            for level in range(2):
                design = dense.fit._design.terms
                own = next(t for t in design if t.label == label)
                block = np.where((own.codes == level)[:, None], z, 0.0)
                spread = np.diag(covariance @ block.T @ dense.projection @ block @ covariance)
                for i, name in enumerate(table["term1"]):
                    key = name if name in found else f"{name}.{label}"
                    value = found[f"{key}_standardized"].iloc[level]
                    if spread[i] > 1e-8 * covariance[i, i]:
                        expected = found[key].iloc[level] / np.sqrt(spread[i])
                        assert value == pytest.approx(expected, rel=1e-7)
                    else:
                        assert np.isnan(value)
            assert codes.size == len(example.data)


def test_least_squares_of_a_group_beside_the_mode(sleep: rn.Fit) -> None:
    data = rn.datasets.load("sleepstudy")
    found = sleep.group_residuals("Subject")
    for level in ("308", "372"):
        rows = data[data["Subject"].astype(str) == level]
        slope, intercept = np.polyfit(rows["Days"], rows["Reaction"], 1)
        ours = found.loc[level, ["Intercept_ols", "Days_ols"]] + sleep.fixef.to_numpy()
        np.testing.assert_allclose(ours, [intercept, slope], rtol=1e-8)
    np.testing.assert_allclose(
        found[["Intercept", "Days"]], sleep.ranef(condvar=False)["Subject"], rtol=1e-10
    )
    assert (found["rows"] == 10).all()
    few = data.drop(data.index[1:10])  # the first subject keeps one row: no slope of its own
    one = rn.lmm("Reaction ~ Days + (Days | Subject)", few).group_residuals()
    assert one.iloc[0][["Intercept_ols", "Days_ols"]].isna().all()
    assert one.iloc[1:].notna().all().all()


def test_a_shrunken_residual_is_the_reliability_times_that_of_least_squares() -> None:
    """One-way, balanced: b = n t / (n t + s) times the deviation of the group's mean."""
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    found = fit.group_residuals()
    variance, residual = fit.varcorr()["variance"]
    reliability = 5 * variance / (5 * variance + residual)
    np.testing.assert_allclose(found["Intercept"], reliability * found["Intercept_ols"])
    assert np.mean(found["Intercept_standardized"] ** 2) == pytest.approx(1.0)  # REML of J - 1


def test_names_of_columns_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"rows": rng.normal(size=60), "g": np.arange(60) % 10})
    data["y"] = rng.normal(size=60) + rng.normal(size=10)[data["g"]]
    fit = rn.lmm("y ~ rows + (1 | g) + (0 + rows | g)", data)
    assert "`rows`" in fit.group_residuals()
    assert "`rows`" in fit.influence().frame
    assert fit.influence()["rows"].dtype.kind == "i"


def test_rows_that_were_left_out_are_missing(sleep: rn.Fit) -> None:
    data = rn.datasets.load("sleepstudy").copy()
    data.loc[3, "Reaction"] = np.nan
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    for values in (
        fit.residuals("whitened", rows="all"),
        fit.residuals("standardized", rows="all"),
        fit.quantile_residuals(rows="all"),
    ):
        assert list(values.index[values.isna()]) == [3]
    assert 3 not in fit.quantile_residuals().index


def test_a_row_with_a_leverage_of_one_has_no_standardized_residual(sleep: rn.Fit) -> None:
    data = rn.datasets.load("sleepstudy").assign(only=lambda d: (d.index == 5) * 1.0)
    fit = rn.lmm("Reaction ~ Days + only + (1 | Subject)", data)
    assert list(np.flatnonzero(fit.residuals("standardized").isna())) == [5]
    assert np.isfinite(fit.check_residuals(19, seed=1).frame["p_value"]).all()


# -- tests ---------------------------------------------------------------------------------------
def test_textbook_p_values_are_scipys(sleep: rn.Fit) -> None:
    check = sleep.check_residuals(calibrate=False)
    z = sleep.residuals("standardized").to_numpy()
    size, codes = np.abs(z), sleep.model_frame()["Subject"].to_numpy()
    by_level = stats.f_oneway(*(size[codes == level] for level in np.unique(codes)))
    effects = sleep.group_residuals()
    expected = {
        "uniformity": tuple(stats.kstest(z, "norm")),
        "spread by Subject": tuple(by_level),
        "Days by Subject": tuple(stats.kstest(effects["Days_standardized"], "norm")),
        "outliers": (size.max(), 1.0 - (2.0 * stats.norm.cdf(size.max()) - 1.0) ** z.size),
    }
    for name, (statistic, p) in expected.items():
        row = check.frame.loc[name]
        assert row["statistic"] == pytest.approx(statistic, rel=1e-9), name
        assert row["p_value"] == pytest.approx(p, rel=1e-6, abs=1e-12), name
    r = np.corrcoef(size, sleep.fitted)[0, 1]
    assert check.frame.loc["spread by fitted value", "statistic"] == pytest.approx(r)
    assert check.frame.loc["uniformity", "method"] == "textbook, conservative"
    for name in ("outliers", "spread by Subject", "spread by fitted value"):
        assert check.frame.loc[name, "method"] == "textbook, approximate"
    assert (check.n, check.seed) == (0, None)


def test_p_values_are_counted_from_refits(sleep: rn.Fit) -> None:
    """The same refits by hand, through the public methods."""
    check = sleep.check_residuals(19, seed=3)
    drawn = []
    for k in range(19):
        again = sleep.refit(sleep.simulate(19, seed=3)[k])
        z = again.residuals("standardized").to_numpy()
        drawn.append((stats.kstest(z, "norm").statistic, np.abs(z).max()))
    own = check.frame.loc[["uniformity", "outliers"]]
    above = 1 + np.sum(np.array(drawn) >= own["statistic"].to_numpy(), axis=0)
    np.testing.assert_allclose(own["p_value"], above / 20)
    assert check.frame["method"].unique().tolist() == ["19 refits"]
    assert (check.n, check.n_failed, check.seed) == (19, 0, 3)


def test_a_seed_gives_the_same_p_values_and_weights_and_offsets_count(
    make: Callable[..., Any],
) -> None:
    example = make("crossed slope", 5, weighted=True, offset=True)
    fit = rn.lmm(example.formula, example.data, **example.options)
    one, two = (fit.check_residuals(30, seed=1).frame for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    shifted = rn.lmm(
        example.formula,
        example.data.assign(y=lambda d: 100.0 + d["y"]),
        **example.options,
    )
    np.testing.assert_allclose(
        shifted.check_residuals(30, seed=1).frame["p_value"], one["p_value"], atol=1e-12
    )


def test_what_does_not_follow_the_model_is_found() -> None:
    """One long tail, one group that spreads more, one skewed effect: each by its own test."""
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(60), 8)
    plain = rng.normal(size=g.size) + rng.normal(size=60)[g]
    cases = {
        "uniformity": plain + rng.standard_t(2, size=g.size),
        "spread by g": plain * np.where(g % 5 == 0, 3.0, 1.0),
        "Intercept by g": rng.normal(size=g.size) + 2.0 * (rng.exponential(size=60) ** 2)[g],
    }
    for name, y in cases.items():
        fit = rn.lmm("y ~ 1 + (1 | g)", pd.DataFrame({"y": y, "g": g}))
        assert fit.check_residuals(99, seed=1).frame.loc[name, "p_value"] <= 0.02, name
    fit = rn.lmm("y ~ 1 + (1 | g)", pd.DataFrame({"y": plain, "g": g}))
    assert fit.check_residuals(99, seed=1).frame["p_value"].min() > 0.02


def test_an_effect_without_a_variance_is_not_tested() -> None:
    noise = np.random.default_rng(1).normal(size=48)
    fit = rn.lmm("y ~ 1 + (1 | g)", pd.DataFrame({"y": noise, "g": np.arange(48) % 8}))
    assert list(fit.check_residuals(19, seed=1).frame.index) == [
        *("uniformity", "outliers", "spread by fitted value", "spread by g")
    ]
    assert fit.group_residuals()["Intercept_standardized"].isna().all()


def test_the_page_says_how(sleep: rn.Fit) -> None:
    page = str(sleep.check_residuals(19, seed=1))
    assert "19 refits, seed 1" in page
    assert "conservative" in str(sleep.check_residuals(calibrate=False))
    assert "<table" in sleep.check_residuals(calibrate=False)._repr_html_()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda fit: fit.quantile_residuals("pearson"), "unknown kind of quantile residuals"),
        (lambda fit: fit.residuals("scaled"), "unknown kind of residuals"),
        (lambda fit: fit.group_residuals("Days"), "unknown grouping factor 'Days'"),
        (lambda fit: fit.check_residuals(0), "number of refits"),
        (lambda fit: fit.check_residuals(seed=-1), "seed is a whole number"),
        (lambda fit: fit.check_residuals(calibrate="no"), "calibrate is True or False"),
        (lambda fit: fit.influence(exact=1), "exact is True or False"),
    ],
)
def test_each_wrong_option_is_answered(
    sleep: rn.Fit, call: Callable[[rn.Fit], Any], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        call(sleep)
