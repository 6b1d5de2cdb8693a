"""The covariance of all parameters against differences of the log-likelihood itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.types import Array


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy").iloc[:67]  # not balanced


def deviance(fit: Any, blocks: list[tuple[int, int]]) -> Callable[[Array], float]:
    """-2 log-likelihood in fixed effects, SDs, correlations and sigma, from dense matrices."""
    m = fit.matrices()
    n, p = m.X.shape
    y = m.y if m.offset is None else m.y - m.offset
    z = m.Z.toarray()
    w = np.ones(n) if m.weights is None else m.weights

    def at(values: Array) -> float:
        v = np.diag(values[-1] ** 2 / w)
        place, column = p, 0
        for levels, q in blocks:
            sd = values[place : place + q]
            place += q
            r = np.eye(q)
            for j in range(q):
                for i in range(j + 1, q):
                    r[i, j] = r[j, i] = values[place]
                    place += 1
            own = z[:, column : column + levels * q]
            column += levels * q
            v = v + own @ np.kron(np.eye(levels), r * np.outer(sd, sd)) @ own.T
        root = np.linalg.cholesky(v)
        left = np.linalg.solve(root, y - m.X @ values[:p])
        return float(2.0 * np.log(np.diag(root)).sum() + left @ left)

    return at


def hessian(function: Callable[[Array], float], x: Array, steps: Array) -> Array:
    """Central differences of two sizes, extrapolated to an error of the fourth order."""

    def second(i: int, j: int, size: float) -> float:
        a, b = np.zeros(x.size), np.zeros(x.size)
        a[i], b[j] = steps[i] * size, steps[j] * size
        total = function(x + a + b) - function(x + a - b) - function(x - a + b)
        return (total + function(x - a - b)) / (4.0 * a[i] * b[j])

    out = np.empty((x.size, x.size))
    for i in range(x.size):
        for j in range(i + 1):
            out[i, j] = out[j, i] = (4.0 * second(i, j, 1.0) - second(i, j, 2.0)) / 3.0
    return out


@pytest.mark.parametrize(
    ("formula", "blocks", "options"),
    [
        ("Reaction ~ Days + (Days | Subject)", [(7, 2)], {}),
        ("Reaction ~ Days + (Days || Subject)", [(7, 1), (7, 1)], {"offset": "Days"}),
        (
            "Reaction ~ Days + (1 | Subject) + (1 | day)",
            [(10, 1), (7, 1)],
            {"weights": np.linspace(0.5, 2.0, 67)},
        ),
    ],
)
def test_it_is_the_inverse_of_the_hessian(
    formula: str, blocks: list[tuple[int, int]], options: dict[str, Any], sleep: pd.DataFrame
) -> None:
    rng = np.random.default_rng(7)
    shift = rng.normal(size=10, scale=20.0)
    data = sleep.assign(day=sleep["Days"].astype(str))
    if "day)" in formula:
        data["Reaction"] += shift[sleep["Days"]]
    fit = rn.lmm(formula, data, reml=False, **options)
    found = fit.vcov_full
    x = fit.bootstrap(2, seed=1).estimates
    assert list(found.index) == list(x.index)
    values = x.to_numpy()
    steps = 2e-3 * np.abs(values) + np.where(x.index.str.startswith("cor"), 1e-3, 0.0)
    wanted = 2.0 * np.linalg.inv(hessian(deviance(fit, blocks), values, steps))
    sizes = np.sqrt(np.diag(found))
    # The differences have errors of 1e-8 of a correlation.
    np.testing.assert_allclose(
        found.to_numpy() / np.outer(sizes, sizes), wanted / np.outer(sizes, sizes), atol=3e-7
    )
    assert (np.diag(found)[:2] >= np.diag(fit.vcov)).all()


def test_without_random_effects_it_is_known() -> None:
    data = rn.datasets.load("sleepstudy")
    fit = rn.lm("Reaction ~ Days", data)
    np.testing.assert_allclose(fit.vcov_full.iloc[:2, :2], fit.vcov, rtol=1e-12)
    assert fit.vcov_full.loc["sigma", "sigma"] == pytest.approx(fit.sigma**2 / (2 * 178))


def test_the_boundary_is_said_and_the_rest_is_along_the_face() -> None:
    hsb = rn.datasets.load("hsb")
    fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", hsb)
    table = fit.tidy("ran_pars", conf_method="wald").set_index("term")
    assert np.isnan(table.loc["cor__Intercept.ses", ["std_error", "conf_low"]].astype(float)).all()
    assert (table.loc[["sd__Intercept", "sd__ses"], "std_error"] > 0).all()
    none = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2")).vcov_full
    assert np.isnan(none.loc["sd__Intercept|Batch"]).all()
    assert none.loc["sigma", "sigma"] > 0


def test_units_change_nothing_else(sleep: pd.DataFrame) -> None:
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", sleep)
    other = fit.update(data=sleep.assign(Reaction=1000 * sleep["Reaction"]))
    scale = np.array([1000, 1000, 1000, 1000, 1, 1000])
    np.testing.assert_allclose(
        other.vcov_full, fit.vcov_full * np.outer(scale, scale), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("method", ["wald", "profile", "bootstrap"])
def test_intervals_of_tidy(method: str, sleep: pd.DataFrame) -> None:
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", sleep)
    found = fit.tidy("ran_pars", conf_method=method, n=40, seed=1, level=0.9)
    assert found["term"].tolist() == [
        "sd__Intercept", "sd__Days", "cor__Intercept.Days", "sd__Observation"
    ]  # fmt: skip
    assert (found["conf_low"] < found["estimate"]).all()
    assert (found["conf_high"] > found["estimate"]).all()
    names = [*(f"{term}|Subject" for term in found["term"][:3]), "sigma"]
    if method == "profile":
        limits = fit.profile(0.9).confint(0.9).loc[names]
        np.testing.assert_array_equal(found[["conf_low", "conf_high"]], limits)
        fixed = fit.tidy("fixed", conf_method="profile")
        np.testing.assert_array_equal(
            fixed[["conf_low", "conf_high"]], fit.confint("profile").loc[fixed["term"]]
        )
    if method == "wald":
        sd = found.iloc[1]
        # Symmetric on the scale of logarithms, with the delta method's standard error.
        assert sd["conf_low"] * sd["conf_high"] == pytest.approx(sd["estimate"] ** 2)
        reach = 1.6448536269514722 * sd["std_error"] / sd["estimate"]
        assert np.log(sd["conf_high"] / sd["estimate"]) == pytest.approx(reach)


def test_another_method_is_refused(sleep: pd.DataFrame) -> None:
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", sleep)
    with pytest.raises(rn.OptionError, match="conf_method"):
        fit.tidy("ran_pars", conf_method="boot")
