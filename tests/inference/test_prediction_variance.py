"""Degrees of freedom of predictions against dense matrices and plain differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import block_diag
from scipy.stats import norm
from scipy.stats import t as student

import ranef as rn


@pytest.fixture(scope="module")
def example():
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(9), [4, 5, 6, 7, 8, 4, 5, 6, 9])
    x = rng.normal(size=g.size)
    b = rng.normal(size=(9, 2)) @ np.array([[1.5, 0.0], [0.4, 0.8]]).T
    data = pd.DataFrame({"x": x, "g": g})
    data["y"] = 1 + x + b[g, 0] + b[g, 1] * x + rng.normal(size=g.size)
    fit = rn.lmm("y ~ x + (x | g)", data)
    assert fit.certificate.verdict == "interior optimum"
    return data, fit


class Dense:
    """Everything as a function of (theta, log sigma), from the definitions."""

    def __init__(self, data: pd.DataFrame) -> None:
        self.X = np.column_stack([np.ones(len(data)), data.x])
        levels = sorted(data.g.unique())
        self.Z = np.hstack([(data.g == i).to_numpy()[:, None] * self.X for i in levels])
        self.y = data.y.to_numpy()
        self.levels = levels

    def parts(self, at):
        t = np.array([[at[0], 0.0], [at[1], at[2]]])
        variance = np.exp(2.0 * at[3])
        sigma = variance * t @ t.T
        D = block_diag(*[sigma] * len(self.levels))
        V = self.Z @ D @ self.Z.T + variance * np.eye(len(self.y))
        return sigma, D, V, variance

    def reml(self, at):
        _, _, V, _ = self.parts(at)
        W = np.linalg.solve(V, self.X)
        r = self.y - self.X @ np.linalg.solve(self.X.T @ W, W.T @ self.y)
        logs = np.linalg.slogdet(V)[1] + np.linalg.slogdet(self.X.T @ W)[1]
        return logs + r @ np.linalg.solve(V, r)

    def variance(self, at, x, level, group, interval):
        sigma, D, V, residual = self.parts(at)
        row = np.array([1.0, x])
        C = np.linalg.inv(self.X.T @ np.linalg.solve(V, self.X))
        if level == "population":
            v = row @ C @ row
            if interval == "prediction":
                v += row @ sigma @ row
        else:
            z = np.zeros(self.Z.shape[1])
            if group in self.levels:
                i = self.levels.index(group)
                z[2 * i : 2 * i + 2] = row
            k = np.linalg.solve(V, self.Z @ D @ z)
            a = row - self.X.T @ k
            v = a @ C @ a + z @ D @ z - k @ self.Z @ D @ z
            if group not in self.levels:
                v += row @ sigma @ row
        return v + residual if interval == "prediction" else v


def gradient(f, at, h=1e-5):
    steps = h * np.eye(at.size)
    return np.array([(f(at + s) - f(at - s)) / (2 * h) for s in steps])


@pytest.mark.parametrize("interval", ["confidence", "prediction"])
@pytest.mark.parametrize(
    ("level", "group"), [("population", 1), ("conditional", 3), ("conditional", 77)]
)
def test_satterthwaites_degrees_of_freedom(example, level, group, interval):
    data, fit = example
    dense = Dense(data)
    at = np.append(fit.theta, np.log(fit.sigma))
    information = np.array(
        [gradient(lambda a, i=i: gradient(dense.reml, a, 1e-4)[i], at, 1e-4) for i in range(4)]
    )
    covariance = 2.0 * np.linalg.inv(0.5 * (information + information.T))
    for x in (0.0, 1.5):
        v = dense.variance(at, x, level, group, interval)
        slope = gradient(lambda a, x=x: dense.variance(a, x, level, group, interval), at)
        df = 2.0 * v**2 / (slope @ covariance @ slope)
        new = pd.DataFrame({"x": [x], "g": [group]})
        options = {"interval": interval, "uncertainty": "known variances"}
        got = fit.predict(new, level, new_levels="population", **options).iloc[0]
        half = student.ppf(0.975, df) * np.sqrt(v)
        assert (got.conf_high - got.conf_low) / 2 == pytest.approx(half, rel=2e-4)


def test_intervals_of_coefficients_are_those_of_predictions(example):
    """One coefficient has one default interval, whoever is asked."""
    _, fit = example
    row = {"x": [0.0]}
    for ddf in ("satterthwaite", "residual", "asymptotic"):
        table = fit.coefficients(ddf=ddf).loc["Intercept"]
        got = fit.predict(row, "population", interval="confidence", se=True, ddf=ddf).iloc[0]
        assert got.estimate == pytest.approx(table.estimate)
        assert got.std_error == pytest.approx(table.std_error)
        assert got.conf_low == pytest.approx(table.conf_low)
        limits = fit.confint(ddf=ddf).loc["Intercept"]
        assert limits.conf_high == pytest.approx(table.conf_high)
    columns = ["conf_low", "conf_high"]
    pd.testing.assert_frame_equal(fit.confint(), fit.coefficients()[columns])
    pd.testing.assert_frame_equal(fit.confint(level=0.8), fit.coefficients(level=0.8)[columns])


def test_degrees_of_freedom_of_constant_methods(example):
    data, fit = example
    new = data.head(3)
    for ddf, df in (("residual", len(data) - 2), ("asymptotic", np.inf)):
        for options in ({}, {"interval": "prediction"}, {"level": "population"}):
            options = {"interval": "confidence", **options}
            got = fit.predict(new, ddf=ddf, confidence=0.9, **options)
            base = fit.predict(new, ddf="asymptotic", confidence=0.9, **options)
            ratio = (got.conf_high - got.conf_low) / (base.conf_high - base.conf_low)
            np.testing.assert_allclose(ratio, student.ppf(0.95, df) / student.ppf(0.95, np.inf))


def test_at_the_boundary_only_sigma_varies():
    """With the variance between groups at zero the model is one of independent rows: n - p."""
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(np.arange(6), 5), "y": rng.normal(size=30)})
    data["y"] -= data.groupby("g").y.transform("mean")
    fit = rn.lmm("y ~ 1 + (1 | g)", data)
    assert fit.certificate.verdict == "boundary optimum"
    for interval, factor in (("confidence", 1 / 30), ("prediction", 31 / 30)):
        options = {"interval": interval, "uncertainty": "known variances"}
        got = fit.predict(data.head(1), **options).iloc[0]
        half = student.ppf(0.975, 29) * fit.sigma * np.sqrt(factor)
        assert (got.conf_high - got.conf_low) / 2 == pytest.approx(half, rel=1e-6)


def test_a_row_of_zeros_is_known():
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ 0 + Days + (0 + Days | Subject)", data)
    got = fit.predict({"Days": [0.0]}, "population", interval="confidence", se=True).iloc[0]
    assert got.tolist() == [0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(("groups", "rows", "sd"), [(10, 4, 3.0), (20, 5, 1.0)])
def test_an_interval_of_a_drawn_level_covers_what_it_says(groups, rows, sd):
    """The chance that it holds a new observation of a new group, averaged over data sets."""
    rng = np.random.default_rng(12)
    g = np.repeat(np.arange(groups), rows)
    base = rn.lmm("y ~ 1 + (1 | g)", pd.DataFrame({"g": g, "y": rng.normal(size=g.size) + g % 3}))
    law = norm(scale=np.hypot(sd, 1.0))
    chance = np.empty(100)
    for k in range(chance.size):
        fit = base.refit(sd * rng.normal(size=groups)[g] + rng.normal(size=g.size))
        got = fit.predict({"g": [99]}, new_levels="sample", seed=k, interval="prediction")
        chance[k] = law.cdf(got.conf_high[0]) - law.cdf(got.conf_low[0])
    assert abs(chance.mean() - 0.95) < 4 * chance.std() / np.sqrt(chance.size)
    assert chance.std() < 0.1
