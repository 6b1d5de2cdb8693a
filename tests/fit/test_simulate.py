"""Simulated responses, statistics of refits, and the matrices behind a fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy")


@pytest.fixture(scope="module")
def fit(sleep: pd.DataFrame) -> Any:
    return rn.lmm("Reaction ~ Days + (Days | Subject)", sleep)


DRAWS = 4000
NEW: dict[str, Any] = {"Days": [0.0, 9.0, 9.0, np.nan], "Subject": ["308", "308", "new", "309"]}


def test_conditional_draws_stand_around_the_fitted_values(fit: Any) -> None:
    y = fit.simulate(DRAWS, seed=1, random="conditional").to_numpy()
    error = fit.sigma / np.sqrt(DRAWS)
    assert np.abs(y.mean(axis=1) - fit.fitted).max() < 4.5 * error  # of 180 normal deviates
    assert np.mean((y - np.asarray(fit.fitted)[:, None]) ** 2) == pytest.approx(
        fit.sigma**2, rel=0.01
    )


def test_new_rows(fit: Any) -> None:
    y = fit.simulate(DRAWS, seed=2, newdata=NEW, random="conditional").to_numpy()
    mean = fit.predict(NEW, new_levels="population")
    c = fit.varcorr()["variance"].to_numpy()
    spread = c[0] + 18.0 * c[2] + 81.0 * c[1]
    sd = np.sqrt([fit.sigma**2, fit.sigma**2, fit.sigma**2 + spread])
    assert (np.abs(y.mean(axis=1)[:3] - mean[:3]) < 4.0 * sd / np.sqrt(DRAWS)).all()
    np.testing.assert_allclose(y.std(axis=1)[:3], sd, rtol=0.05)  # SE 0.011
    assert np.isnan(y[3]).all()


def test_rows_of_one_level_share_its_draw(fit: Any) -> None:
    new = {"Days": [0.0, 0.0, 0.0], "Subject": ["a", "a", "b"]}
    y = fit.simulate(DRAWS, seed=3, newdata=new).to_numpy()
    share = fit.varcorr()["variance"][0] / (fit.varcorr()["variance"][0] + fit.sigma**2)
    r = np.corrcoef(y)
    assert r[0, 1] == pytest.approx(share, abs=0.06)  # SE 0.012
    assert abs(r[0, 2]) < 0.06


def test_the_rows_of_the_fit_as_new_ones(fit: Any, sleep: pd.DataFrame) -> None:
    for random in ("new", "conditional"):
        a = fit.simulate(2, seed=4, random=random)
        b = fit.simulate(2, seed=4, random=random, newdata=sleep)
        np.testing.assert_allclose(a, b, rtol=1e-12)
        assert b.index.equals(sleep.index)


def test_given_parameters(fit: Any) -> None:
    x = fit.model_frame()["Days"]
    y = fit.simulate(1, seed=5, beta={"Days": 0.0}, theta=[0, 0, 0], sigma=0.0)[0]
    np.testing.assert_allclose(y, fit.fixef["Intercept"], rtol=1e-12)
    y = fit.simulate(1, seed=5, beta=[1.0, 2.0], sigma=0.0)[0]
    np.testing.assert_allclose(y, 1.0 + 2.0 * x, rtol=1e-9)
    # Twice sigma with the same theta is twice of everything random.
    mean = fit.predict(level="population")
    a = fit.simulate(1, seed=5)[0] - mean
    b = fit.simulate(1, seed=5, sigma=2 * fit.sigma)[0] - mean
    np.testing.assert_allclose(b, 2 * a, rtol=1e-9)
    same = fit.simulate(1, seed=5, beta=fit.fixef, theta=fit.theta, sigma=fit.sigma)
    np.testing.assert_allclose(same, fit.simulate(1, seed=5), rtol=1e-12)


def test_an_offset_array_has_to_be_given_again(sleep: pd.DataFrame) -> None:
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", sleep, offset=np.full(180, 100.0))
    with pytest.raises(rn.OptionError, match="offset of the fit was an array"):
        fit.simulate(1, newdata=sleep)
    y = fit.simulate(1, seed=1, newdata=sleep, offset=100.0)
    np.testing.assert_allclose(y, fit.simulate(1, seed=1), rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"random": "old"}, "random"),
        ({"beta": [1.0]}, "beta does not fit"),
        ({"beta": {"Dys": 1.0}}, "no fixed effect 'Dys'"),
        ({"theta": [1.0]}, "theta does not fit"),
        ({"sigma": -1.0}, "sigma"),
        ({"offset": 1.0}, "without new data"),
    ],
)
def test_what_cannot_be_simulated(options: dict[str, Any], what: str, fit: Any) -> None:
    with pytest.raises(rn.RanefError, match=what):
        fit.simulate(1, **options)


def test_a_statistic_of_refits(fit: Any) -> None:
    boot = fit.bootstrap(20, seed=6, statistic=lambda m: {"ratio": m.fixef["Days"] / m.sigma})
    assert boot.estimates["ratio"] == fit.fixef["Days"] / fit.sigma
    refit = fit.refit(fit.simulate(20, seed=6)[13])
    assert boot.replicates.loc[13, "ratio"] == refit.fixef["Days"] / refit.sigma
    assert (
        fit.bootstrap(5, seed=6, statistic=lambda m: m.sigma).replicates.iloc[:5, 0].to_list()
        == fit.bootstrap(9, seed=6, statistic=lambda m: m.sigma).replicates.iloc[:5, 0].to_list()
    )
    kept = fit.bootstrap(3, "conditional", seed=6, statistic=lambda m: m.fixef)
    refit = fit.refit(fit.simulate(3, seed=6, random="conditional")[2])
    assert kept.replicates.loc[2, "Days"] == refit.fixef["Days"]


def test_the_shortest_interval(fit: Any) -> None:
    boot = fit.bootstrap(199, seed=7)
    low, high = boot.confint(0.9, type="hdi").loc["sd__Days|Subject"]
    values = np.sort(boot.replicates.loc[boot.replicates["converged"], "sd__Days|Subject"])
    inside = np.count_nonzero((values >= low) & (values <= high))
    assert inside == round(0.9 * values.size) + 1  # as coda's HPDinterval counts
    widths = values[inside - 1 :] - values[: values.size - inside + 1]
    assert high - low == widths.min()
    assert (
        fit.confint("bootstrap", 0.9, n=199, seed=7, type="hdi").loc["sd__Days|Subject", "conf_low"]
        == low
    )


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"statistic": 3}, "is a function"),
        ({"statistic": lambda m: "text"}, "does not return numbers"),
        ({"statistic": lambda m: 1 / 0}, "cannot be computed"),
        ({"statistic": lambda m: m.sigma, "kind": "cluster"}, "has no refits"),
    ],
)
def test_a_statistic_that_is_none(options: dict[str, Any], what: str, fit: Any) -> None:
    with pytest.raises(rn.OptionError, match=what):
        fit.bootstrap(2, **options)


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("Reaction ~ Days + (Days | Subject)", "sleepstudy"),
        ("diameter ~ 1 + (1 | plate) + (1 | sample)", "penicillin"),
        ("strength ~ 1 + (1 | batch/cask)", "pastes"),
    ],
)
def test_matrices_are_those_of_the_criterion(formula: str, name: str) -> None:
    data = rn.datasets.load(name)
    fit = rn.lmm(formula, data, weights=np.linspace(0.5, 2.0, len(data)))
    m = fit.matrices()
    assert m.Z.shape[1] == len(m.z_names) == m.Lambda.shape[0]
    inner = (m.Lambda.T @ m.Z.T @ np.diag(m.weights) @ m.Z @ m.Lambda) + np.eye(m.Z.shape[1])
    order = m.permutation
    np.testing.assert_allclose((m.L @ m.L.T).toarray(), inner[np.ix_(order, order)], atol=1e-10)
    assert abs(np.triu(m.L.toarray(), 1)).max() == 0.0
    # Equation 41 of Bates et al. (2015), from these matrices alone.
    half = np.sqrt(m.weights)[:, None]
    augmented = np.block(
        [
            [half * (m.Z @ m.Lambda).toarray(), half * m.X],
            [np.eye(m.Z.shape[1]), np.zeros((m.Z.shape[1], m.X.shape[1]))],
        ]
    )
    y = np.concatenate([half[:, 0] * m.y, np.zeros(m.Z.shape[1])])
    solved = np.linalg.lstsq(augmented, y)[0]
    np.testing.assert_allclose(solved[m.Z.shape[1] :], fit.fixef, rtol=1e-7)
    modes = m.Lambda @ solved[: m.Z.shape[1]]
    found = fit.ranef(condvar=False)
    wanted = [found[g.split(".1")[0]].loc[level, effect] for g, level, effect in m.z_names]
    np.testing.assert_allclose(modes, wanted, rtol=1e-5, atol=1e-7 * np.abs(modes).max())
    nu = len(data) - m.X.shape[1]
    r2 = float(np.sum((y - augmented @ solved) ** 2))
    assert np.sqrt(r2 / nu) == pytest.approx(fit.sigma, rel=1e-9)
    determinant = 2.0 * np.log(m.L.diagonal()).sum()
    x = half * m.X
    zx = (m.Lambda.T @ m.Z.T).toarray() @ (m.weights[:, None] * m.X)
    schur = x.T @ x - zx.T @ np.linalg.solve(inner, zx)
    value = determinant + np.linalg.slogdet(schur)[1] - np.log(m.weights).sum()
    value += nu * (1.0 + np.log(2.0 * np.pi * r2 / nu))
    assert value == pytest.approx(fit.criterion, rel=1e-10)


def test_covariances_within_a_level(fit: Any) -> None:
    frame = fit.ranef_vcov()
    assert frame.index.names == ["Subject", "term"]
    one = frame.loc["308"]
    sds = fit.ranef()["Subject"].loc["308", ["Intercept_sd", "Days_sd"]]
    np.testing.assert_allclose(np.sqrt(np.diag(one)), sds.to_numpy(dtype=float), rtol=1e-12)
    m = fit.matrices()
    inner = (m.Lambda.T @ m.Z.T @ m.Z @ m.Lambda).toarray() + np.eye(36)
    dense = fit.sigma**2 * (m.Lambda @ np.linalg.solve(inner, m.Lambda.T.toarray()))
    np.testing.assert_allclose(one, dense[:2, :2], rtol=1e-9)
    with pytest.raises(rn.OptionError, match="random-effects term"):
        fit.ranef_vcov("nothing")
    two = rn.lmm("diameter ~ 1 + (1 | plate) + (1 | sample)", rn.datasets.load("penicillin"))
    with pytest.raises(rn.OptionError, match="random-effects term"):
        two.ranef_vcov()
    assert two.ranef_vcov("sample").shape == (6, 1)
