"""Intervals that count the estimated variances, against dense matrices and the definitions."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import t as student

import ranef as rn
from ranef.errors import TooLargeError
from ranef.frame import read_table
from ranef.inference import prediction_gradient, prediction_shift
from ranef.inference.ddf.directions import symmetric_basis
from ranef.inference.variance_draws import _drawn, _grid


def frame(n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    data = pd.DataFrame(
        {"x": rng.normal(size=n), "g": rng.integers(0, 11, n), "h": rng.integers(0, 6, n)}
    )
    data["k"] = data.g // 3
    data["w"] = rng.uniform(0.5, 2.0, n)
    data["y"] = (
        1.0
        + data.x
        + rng.normal(size=11)[data.g] * (1 + 0.7 * data.x)
        + rng.normal(size=6)[data.h]
        + 0.5 * rng.normal(size=4)[data.k]
        + rng.normal(size=n) / np.sqrt(data.w)
    )
    return data


MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "slopes": ("y ~ x + (x | g)", {}),
    "weights": ("y ~ x + (x | g)", {"weights": "w"}),
    "independent": ("y ~ x + (x || g)", {"reml": False}),
    "crossed": ("y ~ x + (x | g) + (1 | h)", {}),
    "nested and crossed": ("y ~ x + (1 | k/g) + (0 + x | h)", {"weights": "w"}),
    "no fixed part": ("y ~ 0 + (1 | g) + (1 | h)", {}),
    "singular": ("y ~ x + (1 + x + w | k)", {}),
}


class Dense:
    """V, P and the predictor from their definitions; D by term on the data's scale, absolute."""

    def __init__(self, fit: Any, data: pd.DataFrame, new: pd.DataFrame, weights: Any) -> None:
        encoding, table = fit._design.encoding, read_table(data)
        self.X, self.x0 = encoding.fixed(table), encoding.fixed(read_table(new))
        self.R = np.eye(len(data)) if weights is None else np.diag(1.0 / data[weights].to_numpy())
        old, asked = encoding.random(table), encoding.random(read_table(new))
        levels = [term.n_levels + 1 for term in fit._design.terms]  # the last one has no data
        self.Z = [spread(*block, n) for block, n in zip(old, levels, strict=True)]
        self.z0 = [spread(*block, n) for block, n in zip(asked, levels, strict=True)]
        self.levels = levels
        self.at = [*fit._estimates.covariances, np.array([[fit.sigma**2]])]

    def directions(self) -> list[tuple[int, np.ndarray]]:
        return [(k, e) for k, c in enumerate(self.at) for e in symmetric_basis(c.shape[0])]

    def moved(self, k: int, e: np.ndarray, step: float) -> list[np.ndarray]:
        return [c + step * e if i == k else c for i, c in enumerate(self.at)]

    def v(self, at: list[np.ndarray]) -> np.ndarray:
        out = at[-1][0, 0] * self.R
        for z, c, n in zip(self.Z, at, self.levels, strict=False):
            out = out + z @ np.kron(np.eye(n), c) @ z.T
        return out

    def predictor(self, at: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Weights of the data in the predictions, and the variances of their errors."""
        inverse = np.linalg.inv(self.v(at))
        together = [np.kron(np.eye(n), c) for n, c in zip(self.levels, at, strict=False)]
        between = sum(z0 @ d @ z.T for z0, d, z in zip(self.z0, together, self.Z, strict=True))
        own = sum(z0 @ d @ z0.T for z0, d in zip(self.z0, together, strict=True))
        k = between @ inverse
        if self.X.shape[1]:
            m = np.linalg.inv(self.X.T @ inverse @ self.X)
            k = k + (self.x0 - k @ self.X) @ m @ self.X.T @ inverse
        error = k @ self.v(at) @ k.T - k @ between.T - between @ k.T + own
        return k, np.diag(error)

    def gradient(self, fresh: float = 0.0) -> np.ndarray:
        """By central differences; they are exact to about 1e-8 of the largest."""
        columns = []
        for k, e in self.directions():
            step = 1e-5 * max(float(np.abs(self.at[k]).max()), 1e-2)
            above, below = (self.predictor(self.moved(k, e, s))[1] for s in (step, -step))
            columns.append((above - below) / (2.0 * step))
        columns[-1] = columns[-1] + fresh
        return np.column_stack(columns)

    def p(self) -> np.ndarray:
        inverse = np.linalg.inv(self.v(self.at))
        if not self.X.shape[1]:
            return inverse
        m = np.linalg.inv(self.X.T @ inverse @ self.X)
        return inverse - inverse @ self.X @ m @ self.X.T @ inverse

    @cached_property
    def covariance(self) -> np.ndarray:
        """Inverse expected information of REML, 1/2 tr(P V_k P V_l)."""
        p, base = self.p(), self.v(self.at)
        parts = [p @ (self.v(self.moved(k, e, 1.0)) - base) for k, e in self.directions()]
        return np.linalg.inv([[0.5 * np.sum(a * b.T) for b in parts] for a in parts])


def spread(codes: np.ndarray, z: np.ndarray, levels: int) -> np.ndarray:
    out = np.zeros((codes.size, levels * z.shape[1]))
    for i, code in enumerate(codes):
        code = levels - 1 if code < 0 else code
        out[i, code * z.shape[1] : (code + 1) * z.shape[1]] = z[i]
    return out


@pytest.fixture(scope="module", params=MODELS)
def example(request: Any) -> tuple[Any, pd.DataFrame, Dense]:
    formula, options = MODELS[request.param]
    data = frame()
    fit = rn.lmm(formula, data, **options)
    new = data.iloc[[0, 7, 30, 31, 32]].copy()
    new.loc[new.index[2], "g"] = 99
    new.loc[new.index[3], ["g", "h", "k"]] = 99
    new.loc[new.index[4], "h"] = 98
    return fit, new, Dense(fit, data, new, options.get("weights"))


@pytest.mark.parametrize("interval", ["confidence", "prediction"])
def test_the_default_interval_is_t_with_satterthwaites_degrees_of_freedom(
    example: Any, interval: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off the face: a singular covariance can grow. Central differences limit the tolerance."""
    fit, new, dense = example
    residual = fit.sigma**2 * (interval == "prediction")
    value = dense.predictor(dense.at)[1] + residual
    gradient = dense.gradient(float(interval == "prediction"))
    spread = np.einsum("nk,kl,nl->n", gradient, dense.covariance, gradient)
    df = np.maximum(2.0 * value**2 / spread, 2.0)
    half = student.ppf(0.975, df) * np.sqrt(value)
    for few in (0.0, np.inf):  # by tables, and row by row
        monkeypatch.setattr(prediction_gradient, "FEW", few)
        got = fit.predict(new, new_levels="population", interval=interval)
        np.testing.assert_allclose((got.conf_high - got.conf_low) / 2.0, half, rtol=2e-6)


def test_the_corrected_standard_error_counts_the_error_of_the_variances(example: Any) -> None:
    """PEV + 2 g3, g3 = tr(W J V J') from central differences of the predictor's weights."""
    fit, new, dense = example
    moves = []
    for k, e in dense.directions():
        step = 1e-5 * max(float(np.abs(dense.at[k]).max()), 1e-2)
        above, below = (dense.predictor(dense.moved(k, e, s))[0] for s in (step, -step))
        moves.append((above - below) / (2.0 * step))
    v, w = dense.v(dense.at), dense.covariance
    g3 = sum(
        w[i, j] * np.einsum("na,ab,nb->n", a, v, b)
        for i, a in enumerate(moves)
        for j, b in enumerate(moves)
    )
    expected = np.sqrt(dense.predictor(dense.at)[1] + 2.0 * g3)
    got = fit.predict(new, new_levels="population", se="corrected")
    np.testing.assert_allclose(got.std_error, expected, rtol=1e-6)
    plain = fit.predict(new, new_levels="population", se=True)
    np.testing.assert_array_less(plain.std_error, got.std_error * (1 + 1e-12))


def test_a_variance_of_zero_is_not_taken_as_known() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(np.arange(6), 5), "y": rng.normal(size=30)})
    data["y"] -= data.groupby("g").y.transform("mean")
    fit = rn.lmm("y ~ 1 + (1 | g)", data)
    assert fit.theta[0] == 0.0
    for new in ({"g": [0]}, {"g": [99]}):
        options = {"new_levels": "population", "interval": "confidence"}
        wide = fit.predict(new, **options).iloc[0]
        narrow = fit.predict(new, uncertainty="known variances", **options).iloc[0]
        assert wide.conf_high - wide.conf_low > 1.5 * (narrow.conf_high - narrow.conf_low)


def test_rows_do_not_depend_on_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    data = frame()
    fit = rn.lmm(*MODELS["crossed"][:1], data)
    options = {"interval": "prediction", "se": "corrected"}
    whole = fit.predict(data, **options)
    monkeypatch.setattr(prediction_gradient, "CHUNK", 7)
    monkeypatch.setattr(prediction_shift, "NUMBERS", 1)
    parts = fit.predict(data.head(20), **options)
    np.testing.assert_allclose(parts, whole.head(20), rtol=1e-9)


def test_what_is_too_large_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    data = frame()
    fit = rn.lmm("y ~ x + (x | g) + (1 | h)", data)

    def refuse(*_: Any) -> None:
        raise TooLargeError("too large")

    monkeypatch.setattr("ranef.inference.ddf.information.gram", refuse)
    with pytest.warns(rn.ApproximationWarning, match="take variances of zero as known"):
        got = fit.predict(data.head(3), interval="prediction")
    known = fit.predict(data.head(3), interval="prediction", uncertainty="known variances")
    pd.testing.assert_frame_equal(got, known)
    with pytest.raises(TooLargeError):
        fit.predict(data.head(3), se="corrected")


def test_some_random_effects() -> None:
    data = frame()
    fit = rn.lmm("y ~ x + (x | g) + (1 | h)", data)
    new = data.head(6)
    fixed = fit.predict(new, level="population")
    of = {name: fit.predict(new, random=[name], part="random", se=True) for name in ("g", "h")}
    both = fit.predict(new, part="random", interval="confidence")
    np.testing.assert_allclose(both.estimate, of["g"].estimate + of["h"].estimate)
    np.testing.assert_allclose(fixed + both.estimate, fit.predict(new))
    np.testing.assert_allclose(fixed + of["g"].estimate, fit.predict(new, random="g"))
    for name in ("g", "h"):
        effects = fit.ranef()[name].loc[new[name].astype(str)]
        if name == "h":
            np.testing.assert_allclose(of[name].estimate, effects.Intercept)
    # Neither the factor nor its levels are asked for if its effects do not count.
    options = {"interval": "prediction", "se": True}
    some = fit.predict(new, random=["g"], **options)
    pd.testing.assert_frame_equal(fit.predict(new.drop(columns="h"), random=["g"], **options), some)
    unseen = fit.predict(new.assign(h=99), new_levels="population", **options)
    limits = ["estimate", "conf_low", "conf_high"]
    np.testing.assert_allclose(some[limits], unseen[limits], rtol=1e-12)
    for none in (None, [], ()):
        pd.testing.assert_frame_equal(
            fit.predict(new, random=none, **options), fit.predict(new, "population", **options)
        )


def test_a_single_term_of_a_factor_is_named_by_its_label() -> None:
    data = frame()
    fit = rn.lmm("y ~ x + (x || g)", data)
    labels = [label.label for label in fit._problem.labels]
    parts = [fit.predict(data.head(4), random=[name], part="random") for name in labels]
    whole = fit.predict(data.head(4), random=["g"], part="random")
    if labels[0] == "g":  # also the name of the factor, and so of both terms
        np.testing.assert_allclose(parts[0], whole)
    effects = fit.ranef()["g"].loc[data.g.head(4).astype(str)]
    slope = effects["x"].to_numpy() * data.x.head(4).to_numpy()
    last = parts[1]
    assert np.allclose(last, slope) or np.allclose(last, effects["Intercept"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"random": ["nobody"]}, "no random effects of 'nobody'"),
        ({"random": 3}, "random names the grouping factors"),
        ({"random": ["g"], "level": "population"}, "population predictions have no random"),
        ({"part": "random", "level": "population"}, "the random part alone"),
        ({"part": "random", "interval": "prediction"}, "the random part alone"),
        ({"part": "fixed"}, "unknown part 'fixed'"),
        ({"uncertainty": "some"}, "unknown uncertainty 'some'"),
        ({"method": "exact"}, "unknown method 'exact'"),
        ({"n": 3}, "the number of draws"),
        ({"se": "robust"}, "or 'corrected'"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    fit = rn.lmm("y ~ x + (1 | g)", frame())
    with pytest.raises(rn.OptionError, match=message):
        fit.predict(**options)


def test_an_integrated_interval_is_the_mixtures() -> None:
    """One standard deviation: against another quadrature, with dense matrices."""
    data = frame(60)
    fit = rn.lmm("y ~ x + (1 | g)", data)
    new = data.head(1)
    dense = Dense(fit, data, new, None)
    nu = len(data) - 2
    y = data.y.to_numpy()

    def at(sd: float) -> tuple[float, float, float]:
        """Criterion, prediction and its scale with sigma profiled."""
        dense.at = [np.array([[sd**2]]), np.eye(1)]
        v = dense.v(dense.at)
        inverse = np.linalg.inv(v)
        q = dense.X.T @ inverse @ dense.X
        r2 = y @ dense.p() @ y
        f = np.linalg.slogdet(v)[1] + np.linalg.slogdet(q)[1] + nu * np.log(r2)
        k, variance = dense.predictor(dense.at)
        return f, float(k[0] @ y), float(np.sqrt(variance[0] * r2 / nu))

    # Gauss and Legendre's rule in u, sd = u / (1 - u).
    nodes, weights = np.polynomial.legendre.leggauss(80)
    u = 0.5 * (nodes + 1.0)
    f, means, scales = np.array([at(sd) for sd in u / (1.0 - u)]).T
    weights = weights * np.exp(-0.5 * (f - f.min())) / (1.0 - u) ** 2
    weights /= weights.sum()

    def below(limit: float) -> float:
        return float(weights @ student.cdf((limit - means) / scales, nu))

    got = fit.predict(new, interval="confidence", method="integrated", confidence=0.9).iloc[0]
    width = got.conf_high - got.conf_low
    expected = [
        brentq(lambda limit, p=p: below(limit) - p, x - width, x + width, xtol=1e-6)
        for p, x in ((0.05, got.conf_low), (0.95, got.conf_high))
    ]
    np.testing.assert_allclose([got.conf_low, got.conf_high], expected, atol=2e-4 * width)


def test_draws_and_the_grid_agree_where_both_serve() -> None:
    data = frame(60)
    problem = rn.lmm("y ~ x + (1 | g)", data)._problem
    kernel = problem.kernel()
    grid = _grid(problem, kernel)
    drawn = _drawn(problem, kernel, np.array([0.7]), 4000, 3)
    for power in (1, 2):  # the Monte Carlo error is about 1.5 %
        expected = grid.weights @ grid.inner[:, 0] ** power
        assert drawn.weights @ drawn.inner[:, 0] ** power == pytest.approx(expected, rel=0.06)


def test_other_methods_are_near_the_default_where_much_is_known() -> None:
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(60), 8)
    x = rng.normal(size=g.size)
    b = rng.normal(size=(60, 2)) * [1.0, 0.6]
    data = pd.DataFrame({"g": g, "x": x, "y": b[g, 0] + (1 + b[g, 1]) * x + rng.normal(size=480)})
    fit = rn.lmm("y ~ x + (x | g)", data)
    new = pd.DataFrame({"g": [3, 3, 999], "x": [0.0, 1.0, 1.0]})
    for interval in ("confidence", "prediction"):
        options = {"interval": interval, "se": True, "new_levels": "population", "seed": 1}
        wald = fit.predict(new, **options)
        for method, n, tolerance in (("integrated", 300, 0.1), ("bootstrap", 300, 0.2)):
            got = fit.predict(new, method=method, n=n, **options)
            np.testing.assert_array_equal(got.estimate, wald.estimate)
            np.testing.assert_allclose(got.std_error, wald.std_error, rtol=tolerance)
            ratio = (got.conf_high - got.conf_low) / (wald.conf_high - wald.conf_low)
            np.testing.assert_allclose(ratio, 1.0, atol=tolerance)
            again = fit.predict(new, method=method, n=n, **options)
            pd.testing.assert_frame_equal(got, again)


def test_methods_that_do_not_apply() -> None:
    data = frame()
    fit = rn.lmm("y ~ x + (1 | g)", data, prior=rn.priors.Wishart())
    for method in ("integrated", "bootstrap"):
        with pytest.raises(rn.OptionError, match="prior"):
            fit.predict(data.head(1), interval="confidence", method=method)
    few = rn.lmm("y ~ x + (1 | f)", data.assign(f=data.g % 3))
    with pytest.raises(rn.OptionError, match="at least four levels"):
        few.predict(few.model_frame(), interval="confidence", method="integrated")
    # A prior of variances narrows nothing here: the information is that of the data.
    assert fit.predict(data.head(2), interval="confidence").notna().all(axis=None)


def test_missing_and_not_estimable_rows_are_nan_by_every_method() -> None:
    data = frame()
    fit = rn.lmm("y ~ x + (1 | g)", data)
    new = pd.DataFrame({"x": [0.0, np.nan], "g": [1, 2]})
    for method in ("wald", "integrated", "bootstrap"):
        options = {"method": method, "n": 20, "se": True, "seed": 1}
        got = fit.predict(new, interval="prediction", **options)
        assert got.iloc[0].notna().all()
        assert got.iloc[1].isna().all()
