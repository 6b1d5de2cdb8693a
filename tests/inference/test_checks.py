"""Checks by simulation: the looks at simulated responses, their bands, and planted misfit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.errors import OptionError
from ranef.inference.checks.bands import band_of, bins_of, fewest, number_of_simulations
from ranef.inference.checks.record import ModelCheck, Ordered, Trend
from ranef.inference.checks.statistics import STATISTICS, groups_of, of_groups
from ranef.inference.density import densities, spread_of
from ranef.inference.other_responses import at_same_variances, most_together
from ranef.problem.left import left_of_response, weighted
from ranef.problem.parameters import group_lambdas
from ranef.solve.solution import at_solution

from .conftest import data, fitted


def outside(shown: Trend | Ordered) -> np.ndarray:
    return shown.band.outside(shown.value)


def lefts(fit: rn.Fit, count: int):
    """Rows of simulated responses and what is left of them, at the variances of the fit."""
    problem, solution = fit._problem, fit._solution
    y = fit._draws(count, 1, "new")
    with at_solution(problem, solution) as kernel:
        rows = problem.rows_of(fit._design, fit._data.y, fit._weights)
        of = [problem.rows_of(fit._design, np.ascontiguousarray(c), fit._weights) for c in y.T]
        left_of = at_same_variances(problem, solution, kernel, rows, of)
    return y, [left_of(k) for k in range(count)]


@pytest.mark.parametrize("which", ["one factor", "nested", "crossed", "two terms", "in time"])
def test_what_is_left_is_that_of_a_fit_at_the_same_variances(which: str) -> None:
    if which == "in time":
        frame = data().assign(t=lambda d: d.groupby("g").cumcount())
        fit = rn.lmm("y ~ x + (1 | g)", frame, weights="w", residual="ar1(t | g)")
    else:
        fit = fitted(which)
    y, found = lefts(fit, 3)
    problem, scale = fit._problem, fit._problem.scaling.y_scale
    for k, left in enumerate(found):
        other = problem.with_response(fit._design, np.ascontiguousarray(y[:, k]), fit._weights)
        kernel = other.kernel()
        kernel.evaluate(group_lambdas(problem, fit._solution.inner))
        rows = other.rows_of(fit._design, np.ascontiguousarray(y[:, k]), fit._weights)
        own = weighted(left_of_response(rows, kernel.beta, kernel.modes()), rows.weights)
        ratio = other.scaling.y_scale / scale
        np.testing.assert_allclose(left.residuals, ratio * own, atol=1e-9)
        assert left.squares == pytest.approx(ratio**2 * kernel.r2, rel=1e-9)
        for a, b in zip(left.modes, kernel.modes(), strict=True):
            np.testing.assert_allclose(a, ratio * b, atol=1e-9)


def test_fixed_priors_stay_where_they_are() -> None:
    fit = rn.lmm("y ~ x + (1 | g)", data(), prior={"fixed": rn.priors.Normal(0.5)})
    y, found = lefts(fit, 2)
    problem = fit._problem
    other = problem.with_response(fit._design, np.ascontiguousarray(y[:, 1]), None)
    kernel = other.kernel()
    kernel.evaluate(group_lambdas(problem, fit._solution.inner))
    mine = problem.scaling.beta(found[1].beta)
    np.testing.assert_allclose(mine, other.scaling.beta(kernel.beta), atol=1e-9)


def test_few_rows_are_solved_for_few_at_a_time() -> None:
    assert most_together(fitted("one factor")._problem) == (90 - 2) // 4


@pytest.mark.parametrize("layout", ["one factor", "nested"])
def test_distances_of_groups_are_those_without_their_rows(layout: str) -> None:
    fit = fitted(layout)
    check = fit._check(39, 0.95, 1)
    assert check.influence is not None
    by = check.influence.by
    design, w, s2 = fit._design, fit._weights, fit.sigma**2
    v = np.diag(s2 / w)
    for term, covariance in zip(design.terms, fit._estimates.covariances, strict=True):
        z = term.Z @ np.linalg.cholesky(covariance + 1e-300 * np.eye(len(covariance)))
        same = term.codes[:, None] == term.codes[None, :]
        v += (z @ z.T) * same
    codes = next(t.codes for t in design.terms if t.factor == by)

    def gls(kept: np.ndarray) -> np.ndarray:
        x, inverse = design.X[kept], np.linalg.inv(v[np.ix_(kept, kept)])
        return np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ fit._data.y[kept])

    information = np.linalg.inv(fit.vcov.to_numpy())
    values = check.influence.values
    for place, found in zip(values.place, values.value, strict=True):
        change = fit.fixef.to_numpy() - gls(np.flatnonzero(codes != place))
        assert found == pytest.approx(change @ information @ change / 2, rel=1e-6)


def test_distances_of_rows_are_those_of_the_influence() -> None:
    fit = fitted("crossed")
    check = fit._check(39, 0.95, 1)
    assert check.influence is not None
    assert check.influence.by == "rows"
    own = fit.influence("rows")["cooks_distance"].to_numpy()
    np.testing.assert_allclose(check.influence.values.value, np.sort(own), rtol=1e-9)


def test_distances_of_a_generalised_model_are_near_those_of_refits() -> None:
    frame = rn.datasets.load("cbpp")
    fit = rn.glmm("incidence / size ~ period + (1 | herd)", frame, weights="size")
    values = fit._check(39, 0.95, 1).influence.values
    exact = fit.influence("herd")["cooks_distance"].to_numpy()[values.place]
    assert np.corrcoef(values.value, exact)[0, 1] > 0.95
    assert 0.7 < values.value[-1] / exact[-1] < 1.4


def test_the_same_seed_gives_the_same_bands_on_any_number_of_threads() -> None:
    formula, frame = "y ~ x + (1 | g)", data()
    one, two, other = (
        rn.lmm(formula, frame, control=rn.Control(threads=threads))._check(39, 0.95, seed)
        for threads, seed in ((1, 3), (2, 3), (2, 4))
    )
    np.testing.assert_array_equal(one.normal.band.low, two.normal.band.low)
    assert not np.array_equal(one.normal.band.low, other.normal.band.low)
    assert (one.n, one.seed) == (39, 3)


def shares_outside(fit: rn.Fit, sets: int) -> dict[str, float]:
    """The mean share of points outside of 95% bands, over data drawn from the model."""
    found: dict[str, list[float]] = {}
    y = fit._draws(sets, 11, "new")
    for k in range(sets):
        again = fit._refitted(y[:, k]) if fit._distribution is not None else fit.refit(y[:, k])
        check = again._check(39, 0.95, k)
        shown = {"mean": check.mean, "scale": check.scale, "normal": check.normal}
        shown |= {f"effect {e.effect}": e.values for e in check.effects}
        shown["influence"] = check.influence.values
        for name, one in shown.items():
            found.setdefault(name, []).append(float(outside(one).mean()))
    return {name: float(np.mean(values)) for name, values in found.items()}


def test_bands_hold_about_their_level_if_the_model_is_true() -> None:
    sleep = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", sleep)
    shares = shares_outside(fit, 16)
    assert set(shares) == {
        "mean",
        "scale",
        "normal",
        "effect Intercept",
        "effect Days",
        "influence",
    }
    assert all(0.0 <= share < 0.11 for share in shares.values())
    assert 0.025 < np.mean(list(shares.values())) < 0.075


def test_bands_of_a_generalised_model_hold_about_their_level() -> None:
    frame = rn.datasets.load("cbpp")
    fit = rn.glmm("incidence / size ~ period + (1 | herd)", frame, weights="size")
    shares = shares_outside(fit, 12)
    assert all(share < 0.12 for share in shares.values())
    assert 0.015 < np.mean(list(shares.values())) < 0.08


def grouped(seed: int, groups: int = 40, size: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    x = rng.uniform(-2.0, 2.0, g.size)
    b, e = rng.normal(size=groups), rng.normal(size=g.size)
    return pd.DataFrame({"g": g, "x": x, "b": b[g], "e": e, "y": 1.0 + x + b[g] + e})


def check_of(frame: pd.DataFrame, formula: str = "y ~ x + (1 | g)", **options) -> ModelCheck:
    return rn.lmm(formula, frame, **options)._check(99, 0.95, 1)


def test_shrinkage_slopes_the_band_and_not_what_is_outside_of_it() -> None:
    """With 6 rows a group the mean of the residuals rises with the fitted values: so it should."""
    check = check_of(
        grouped(1, groups=150, size=6).assign(y=lambda d: 1.0 + d.b + d.e), "y ~ 1 + (1 | g)"
    )
    middle = check.mean.band.middle
    assert middle[0] < -0.15 < 0.15 < middle[-1]
    assert check.mean.value[0] < -0.15
    assert outside(check.mean).mean() < 0.2


def test_spread_that_grows_with_the_mean_leaves_the_band() -> None:
    frame = grouped(2).assign(y=lambda d: 1.0 + d.x + d.b + d.e * np.exp(0.4 * d.x))
    check = check_of(frame)
    assert outside(check.scale).mean() > 0.3
    assert outside(check_of(grouped(2)).scale).mean() < 0.2


def test_heavy_tails_leave_the_band() -> None:
    rng = np.random.default_rng(3)
    frame = grouped(3).assign(y=lambda d: 1.0 + d.x + d.b + rng.standard_t(2.0, len(d)))
    normal = check_of(frame).normal
    assert outside(normal)[[0, 1, -2, -1]].all()


def test_a_bend_that_the_model_lacks_leaves_the_band() -> None:
    frame = grouped(4).assign(y=lambda d: 1.0 + d.x + 0.6 * d.x**2 + d.b + d.e)
    assert outside(check_of(frame).mean).mean() > 0.3
    assert outside(check_of(frame, "y ~ poly(x, 2) + (1 | g)").mean).mean() < 0.2


def test_two_kinds_of_groups_leave_the_band() -> None:
    frame = grouped(5).assign(y=lambda d: 1.0 + d.x + np.where(d.g % 2, 2.0, -2.0) + 0.3 * d.e)
    (effect,) = check_of(frame).effects
    assert (effect.label, effect.effect, len(effect.levels)) == ("g", "Intercept", 40)
    assert outside(effect.values).mean() > 0.5


def test_a_group_that_moves_the_line_is_above_the_band() -> None:
    frame = grouped(6)
    frame.loc[frame["g"] == 7, "y"] += 8.0 * frame.loc[frame["g"] == 7, "x"]
    check = check_of(frame)
    last = check.influence.values
    assert check.influence.levels[last.place[-1]] == "7"
    assert last.value[-1] > last.band.high[-1]


def test_a_wrong_family_leaves_the_band() -> None:
    """Counts with more variance than Poisson's, and one with the random effect that explains it."""
    rng = np.random.default_rng(7)
    frame = grouped(7).assign(row=lambda d: np.arange(len(d)))
    extra = rng.normal(scale=0.8, size=len(frame))
    frame["count"] = rng.poisson(np.exp(0.5 + 0.4 * frame["x"] + 0.5 * frame["b"] + extra))
    plain = rn.glmm("count ~ x + (1 | g)", frame, family="poisson")._check(59, 0.95, 1)
    assert outside(plain.normal).mean() > 0.5
    fuller = rn.glmm("count ~ x + (1 | g) + (1 | row)", frame, family="poisson")
    assert outside(fuller._check(59, 0.95, 1).normal).mean() < 0.2


def test_models_without_random_effects_or_coefficients_are_checked_too() -> None:
    plain = rn.lm("y ~ x", grouped(8))._check(39, 0.95, 1)
    assert plain.effects == ()
    assert plain.influence.by == "rows"
    empty = rn.lmm("y ~ 0 + (1 | g)", grouped(8))._check(39, 0.95, 1)
    assert empty.influence is None


def test_an_effect_without_a_variance_and_few_levels_are_not_shown() -> None:
    frame = grouped(9).assign(h=lambda d: d.g % 4)
    frame["y"] = frame["e"] - frame.groupby("g")["e"].transform("mean") + frame["h"]
    fit = rn.lmm("y ~ x + (1 | g) + (1 | h)", frame)
    assert fit.ranef(condvar=False)["g"]["Intercept"].abs().max() == 0.0
    assert fit._check(39, 0.95, 1).effects == ()


# -- bands and summaries ------------------------------------------------------------------------
def test_the_fewest_simulations_are_those_whose_ends_are_limits() -> None:
    drawn = np.random.default_rng(1).normal(size=(39, 1))
    band = band_of(drawn, 0.95)
    assert (band.low[0], band.high[0]) == pytest.approx((drawn.min(), drawn.max()), rel=1e-12)
    assert fewest(0.95) == 39
    assert number_of_simulations(None, 0.95, 100) == 199
    assert number_of_simulations(None, 0.95, 10_000_000) == 39
    with pytest.raises(OptionError, match="at least 39 simulations") as caught:
        number_of_simulations(20, 0.95, 100)
    assert "n=39" in caught.value.fix


def test_bins_are_of_rows_in_order() -> None:
    x = np.random.default_rng(1).normal(size=1003)
    bins = bins_of(x)
    assert len(bins) == 20
    assert sorted(np.concatenate(bins)) == list(range(1003))
    ends = [x[rows].max() for rows in bins]
    assert all(x[after].min() >= end for after, end in zip(bins[1:], ends[:-1], strict=True))


@pytest.mark.parametrize("name", list(STATISTICS))
def test_statistics_of_groups_are_those_of_each(name: str) -> None:
    rng = np.random.default_rng(1)
    codes = np.array([0, 2, 1, 2, 0, 2, 1, 0, 3, 2], dtype=np.int32)
    y = rng.integers(0, 3, codes.size).astype(float)
    statistic = STATISTICS[name]
    found = of_groups(statistic, y, groups_of(codes, 4))
    for k in range(4):
        assert found[k] == pytest.approx(float(statistic.of(y[codes == k])), nan_ok=True)
    alone = of_groups(statistic._replace(by_group=None), y, groups_of(codes, 4))
    np.testing.assert_allclose(found, alone, rtol=1e-12)


def test_densities_are_of_one_and_stay_within_bounds() -> None:
    rng = np.random.default_rng(1)
    samples = [rng.exponential(size=500), rng.exponential(size=300)]
    x, made = densities(samples, 0.2, (0.0, np.inf))
    assert x.min() >= 0.0
    np.testing.assert_allclose(made.sum(axis=1) * (x[1] - x[0]), 1.0, atol=2e-3)
    assert made[0, 0] > 0.75 * np.exp(-0.2)  # what the kernel puts below zero comes back


def test_replicates_at_a_bound_are_no_part_of_the_density() -> None:
    values = np.concatenate([np.zeros(30), np.random.default_rng(1).uniform(1.0, 2.0, 70)])
    spread = spread_of(values, (0.0, np.inf))
    assert spread.at == ((0.0, 0.3),)
    mass = spread.density.sum() * (spread.x[1] - spread.x[0])
    assert mass == pytest.approx(0.7, abs=5e-3)
    assert spread_of(np.zeros(5), (0.0, np.inf)).x.size == 0


def test_a_check_does_not_change_the_fit() -> None:
    fit = fitted("one factor")
    before = fit.fitted.copy(), fit.criterion
    fit._check(39, 0.95, 1)
    pd.testing.assert_series_equal(fit.fitted, before[0])
    assert fit.criterion == before[1]
