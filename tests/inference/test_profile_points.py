"""Points of profiles: minima by closed forms and by an independent search, saddles left."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

import ranef as rn
from ranef.inference import profile_search
from ranef.inference.profile_search import Lowest, lowest
from ranef.types import Array

from .conftest import fitted


class OneWay:
    """Balanced y ~ 1 + (1 | a): -2 loglik with everything but what is held at its best.

    v is s2 + m (variance between levels), the expected mean square between levels, v >= s2.
    """

    def __init__(self, seed: int, between: float) -> None:
        rng = np.random.default_rng([5, seed])
        self.levels, self.rows = int(rng.integers(4, 12)), int(rng.integers(2, 5))
        self.n = self.levels * self.rows
        a = np.repeat(np.arange(self.levels), self.rows)
        y = rng.normal(size=self.n) + between * rng.normal(size=self.levels)[a]
        self.data = pd.DataFrame({"y": y, "a": a})
        means = y.reshape(self.levels, self.rows).mean(axis=1)
        self.mean = float(means.mean())
        self.within = float(np.sum((y.reshape(self.levels, self.rows) - means[:, None]) ** 2))
        self.between = float(self.rows * np.sum((means - self.mean) ** 2))

    def deviance(self, s2: float, v: float, mean: float) -> float:
        between = self.between + self.n * (mean - self.mean) ** 2
        return (
            self.n * np.log(2 * np.pi)
            + (self.n - self.levels) * np.log(s2)
            + self.levels * np.log(v)
            + self.within / s2
            + between / v
        )

    def of_sigma(self, sigma: float) -> float:
        s2 = sigma**2
        return self.deviance(s2, max(s2, self.between / self.levels), self.mean)

    def of_mean(self, mean: float) -> float:
        between = self.between + self.n * (mean - self.mean) ** 2
        s2, v = self.within / (self.n - self.levels), between / self.levels
        if v < s2:
            s2 = v = (self.within + between) / self.n
        return self.deviance(s2, v, mean)

    def of_sd(self, sd: float) -> float:
        def held(log_s2: float) -> float:
            s2 = float(np.exp(log_s2))
            return self.deviance(s2, s2 + self.rows * sd**2, self.mean)

        around = np.log(self.within / self.n)
        return float(
            optimize.minimize_scalar(
                held, bounds=(around - 4, around + 4), method="bounded", options={"xatol": 1e-10}
            ).fun
        )

    def right(self, name: str) -> Callable[[float], float]:
        return {"Intercept": self.of_mean, "sigma": self.of_sigma}.get(name, self.of_sd)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("between", [0.0, 0.4])
def test_every_point_of_balanced_data_is_the_minimum(seed: int, between: float) -> None:
    """Many of these fits have no variance between levels; a smaller sigma then needs some."""
    one = OneWay(seed, between)
    fit = rn.lmm("y ~ 1 + (1 | a)", one.data, reml=False)
    profile = fit.profile()
    assert profile.certified
    for row in profile.frame.itertuples():
        assert row.deviance == pytest.approx(one.right(row.parameter)(row.value), abs=1e-6)
    ends = profile.confint()
    top = fit.deviance + 1.959963984540054**2
    for end in ends.loc["sigma"]:
        assert one.of_sigma(float(end)) == pytest.approx(top, abs=1e-5)


def test_the_boundary_is_met_and_left() -> None:
    """Among the data above there are fits on the boundary whose profiles leave it."""
    left = 0
    for seed in range(40):
        one = OneWay(seed, 0.0)
        if rn.lmm("y ~ 1 + (1 | a)", one.data, reml=False).theta[0] == 0.0:
            low = np.sqrt(one.between / one.levels)
            frame = rn.lmm("y ~ 1 + (1 | a)", one.data).profile().frame
            left += bool((frame.query("parameter == 'sigma'")["value"] < low).any())
    assert left >= 3


def dense(data: pd.DataFrame) -> Callable[[Array, float], float]:
    """-2 loglik of y ~ x + (x | g) by the density itself, beta at its best."""
    same = data["g"].to_numpy()[:, None] == data["g"].to_numpy()
    X = np.column_stack([np.ones(len(data)), data["x"]])
    y = data["y"].to_numpy()

    def of(t: Array, sigma: float) -> float:
        root = X @ np.array([[t[0], 0.0], [t[1], t[2]]])
        V = sigma**2 * np.eye(len(y)) + (root @ root.T) * same
        factor = np.linalg.cholesky(V)
        a, b = np.linalg.solve(factor, X), np.linalg.solve(factor, y)
        rest = b - a @ np.linalg.lstsq(a, b)[0]
        return float(len(y) * np.log(2 * np.pi) + 2 * np.log(np.diag(factor)).sum() + rest @ rest)

    return of


@pytest.mark.parametrize("seed", range(6))
def test_singular_slopes_against_the_density_itself(seed: int) -> None:
    """Rank 0 and rank 1: sigma held, against a search by other means from many starts."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(7), 4)
    x = rng.normal(size=28)
    y = 1.0 + x + (0.6 * rng.normal(size=7) * (seed % 2))[g] + rng.normal(size=28)
    data = pd.DataFrame({"y": y, "x": x, "g": g})
    fit = rn.lmm("y ~ x + (x | g)", data, reml=False)
    assert fit.certificate.verdict == "boundary optimum"
    profile = fit.profile()
    assert profile.certified
    oracle = dense(data)
    points = profile.frame.query("parameter == 'sigma'")
    for row in points.iloc[[0, 2, len(points) // 2, -1]].itertuples():
        starts = [rng.normal(scale=0.5, size=3) for _ in range(6)]
        best = min(
            optimize.minimize(
                lambda t, s=row.value: oracle(t, s), start, method="BFGS", options={"gtol": 1e-7}
            ).fun
            for start in starts
        )
        assert row.deviance == pytest.approx(best, abs=1e-5)


def test_a_correlation_of_effects_of_which_one_vanishes() -> None:
    """Held far from its estimate a correlation costs a standard deviation, which ends at zero.

    The deviance is then that of the model without the effect, whatever the correlation.
    """
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(12), 6)
    x = rng.normal(size=72)
    b = rng.normal(size=(12, 2))
    y = b[g, 0] + 0.25 * (b[g, 0] + 0.3 * b[g, 1]) * x + rng.normal(size=72)
    data = pd.DataFrame({"y": y, "x": x, "g": g})
    fit = rn.lmm("y ~ x + (x | g)", data, reml=False)
    profile = fit.profile(0.999)
    points = profile.frame.query("parameter == 'cor__Intercept.x|g'")
    without = rn.lmm("y ~ x + (1 | g)", data, reml=False).deviance
    assert profile.certified
    assert points["deviance"].max() <= without + 1e-6
    assert points["deviance"].iloc[0] == pytest.approx(without, abs=1e-6)


def test_every_point_is_certified(layout: str) -> None:
    profile = fitted(layout).profile()
    assert profile.certified
    assert profile.frame["certified"].all()
    assert "Not certified" not in str(profile)


def test_points_that_are_no_minimum_are_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_search, "MOST_STEPS", 0)
    profile = fitted("crossed").profile()
    assert not profile.certified
    assert not profile.frame.query("parameter == 'sigma'")["certified"].all()
    assert "points of sigma" in str(profile)
    assert "points of sigma" in profile._repr_html_()
    assert "x: " not in str(profile)


# -- the search itself, on functions whose minima are known ---------------------------------------
def search(
    f: Callable[[Array], float],
    g: Callable[[Array], Array],
    h: Callable[[Array], Array],
    start: list[float],
    bounded: tuple[int, ...] = (),
) -> Lowest:
    last: list[Array] = []

    def deviance(x: Array) -> float:
        last[:] = [x.copy()]
        return f(x)

    def derivatives(x: Array) -> tuple[Array, Array]:
        np.testing.assert_array_equal(x, last[0])  # where the deviance was computed last
        return g(x), h(x)

    return lowest(deviance, derivatives, np.ones_like, np.array(start), bounded)


def test_a_saddle_is_left_on_either_side() -> None:
    def f(x: Array) -> float:
        return float((x[0] ** 2 - 1.0) ** 2 + (x[1] - 2.0) ** 2)

    found = search(
        f,
        lambda x: np.array([4.0 * x[0] * (x[0] ** 2 - 1.0), 2.0 * (x[1] - 2.0)]),
        lambda x: np.diag([12.0 * x[0] ** 2 - 4.0, 2.0]),
        [0.0, 5.0],
    )
    assert found.certified
    assert np.abs(found.x) == pytest.approx([1.0, 2.0], abs=1e-4)


@pytest.mark.parametrize(("centre", "right"), [(-1.0, 0.0), (1.0, 1.0)])
def test_a_bound_is_met_exactly(centre: float, right: float) -> None:
    found = search(
        lambda x: float((x[0] - centre) ** 2 + x[0] * x[1] + x[1] ** 2),
        lambda x: np.array([2 * (x[0] - centre) + x[1], x[0] + 2 * x[1]]),
        lambda x: np.array([[2.0, 1.0], [1.0, 2.0]]),
        [3.0, 1.0],
        bounded=(0, 1),
    )
    assert found.certified
    assert found.x == pytest.approx([right, 0.0], abs=1e-6)
    assert found.x[1] == 0.0


def test_a_minimum_that_is_not_reached_is_not_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_search, "MOST_STEPS", 2)
    found = search(
        lambda x: float(np.cosh(x[0])), lambda x: np.sinh(x), lambda x: np.diag(np.cosh(x)), [9.0]
    )
    assert not found.certified


def test_a_promise_that_is_not_kept_is_not_certified() -> None:
    """A wrong gradient leads nowhere lower, and what it promises is no rounding error."""
    found = search(
        lambda x: float(x[0] ** 2), lambda x: -2.0 * x, lambda x: np.array([[2.0]]), [1.0]
    )
    assert not found.certified
    assert found.x.tolist() == [1.0]


@pytest.mark.parametrize("ratio", [1e5, 1e6])
def test_intervals_end_where_rounding_begins(ratio: float) -> None:
    """The deviance of such a fit is known to 1e-6 and 1e-4, so zeta comes no closer to its goal."""
    rng = np.random.default_rng(3)
    x, g = rng.normal(size=200), np.repeat(np.arange(20), 10)
    y = x + rng.normal(size=200) + ratio * rng.normal(size=20)[g]
    fit = rn.lmm("y ~ x + (1 | g)", {"y": y, "x": x, "g": g})
    wald, found = fit.confint().loc["x"], fit.confint("profile").loc["x"]
    # Wald's is of t with 179 degrees of freedom and REML, the profile's of z and ML.
    width = wald["conf_high"] - wald["conf_low"]
    np.testing.assert_allclose(found, wald, atol=0.01 * width)
