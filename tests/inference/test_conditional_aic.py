"""The conditional AIC is the derivative of the fitted values, found by fitting again."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.inference.conditional_aic import conditional_aic

STEP = 6e-3  # of the response's SD: a parabola is exact to 1e-8 here
TIGHT = rn.Control(gain=1e-18)  # theta to rounding: refits are divided by the step

MODELS = {
    "one variance": "y ~ x + (1 | g)",
    "slope": "y ~ x + (x | g)",
    "two terms": "y ~ x + (x || g)",
    "crossed": "y ~ x + (1 | g) + (1 | c)",
    "nested": "y ~ x + (1 | h) + (1 | g)",
}


def data(seed: int = 5, spread: float = 3.0) -> pd.DataFrame:
    """40 rows: g of 10 levels in h of 4; c crosses both; weights and an offset."""
    rng = np.random.default_rng(seed)
    n = 40
    g = np.arange(n) % 10
    h, c = g % 4, (np.arange(n) // 4) % 6
    x, w = rng.normal(size=n), rng.uniform(0.5, 2.0, size=n)
    b = spread * rng.normal(size=(10, 2)) * (0.3, 1.0)
    y = 5.0 + 2.0 * x + b[g, 0] + b[g, 1] * x
    y += 2.0 * rng.normal(size=6)[c] + 2.0 * rng.normal(size=4)[h]
    y += rng.normal(size=n) / np.sqrt(w)
    return pd.DataFrame({"y": y, "x": x, "w": w, "o": rng.normal(size=n), "g": g, "h": h, "c": c})


@cache
def fitted(formula: str, reml: bool, spread: float = 3.0, seed: int = 5) -> rn.Fit:
    frame = data(seed, spread)
    return rn.lmm(formula, frame, reml=reml, weights="w", offset="o", control=TIGHT)


def trace(fit: Any) -> float:
    """Sum of d fitted / d y, by central differences at two steps (Richardson)."""
    y = fit._design.y
    by_step = []
    for h in (STEP, 2.0 * STEP):
        step, total = h * float(np.std(y)), 0.0
        for i in range(y.size):
            up, down = y.copy(), y.copy()
            up[i] += step
            down[i] -= step
            total += (fit.refit(up).fitted[i] - fit.refit(down).fitted[i]) / (2.0 * step)
        by_step.append(total)
    return (4.0 * by_step[0] - by_step[1]) / 3.0


class Dense:
    """Random intercepts with matrices of rows by rows: theta to rounding by Newton's method.

    Searches of crossed factors end where rounding hides a decrease, at a gradient of 1e-6: too
    early for differences of refits.
    """

    def __init__(self, fit: Any) -> None:
        self.x, self.w, self.theta = fit._design.X, fit._weights, fit.theta
        self.y = fit._data.y
        codes = [(term.codes, term.n_levels) for term in fit._design.terms]
        self.zz = [np.equal.outer(c, c).astype(float) for c, _ in codes]
        self.m = fit.nobs - (fit._design.p if fit.reml else 0)
        self.reml = fit.reml

    def residuals(self, y: np.ndarray) -> np.ndarray:
        theta = self.theta.copy()
        for _ in range(20):
            v = np.diag(1.0 / self.w)
            v += sum(t * t * zz for t, zz in zip(theta, self.zz, strict=True))
            inverse = np.linalg.inv(v)
            vx = inverse @ self.x
            p = inverse - vx @ np.linalg.solve(self.x.T @ vx, vx.T)
            log_part, e = (p if self.reml else inverse), p @ y
            r2 = y @ e
            along = [2.0 * t * zz for t, zz in zip(theta, self.zz, strict=True)]
            scores = np.array([e @ a @ e for a in along])
            slope = [np.vdot(log_part, a) for a in along] - self.m * scores / r2
            bend = np.diag(slope / theta)
            for j, a in enumerate(along):
                for k, b in enumerate(along):
                    bend[j, k] -= np.vdot(log_part @ a, b @ log_part)
                    bend[j, k] += self.m * (2.0 * e @ a @ p @ b @ e / r2)
                    bend[j, k] -= self.m * scores[j] * scores[k] / r2**2
            step = np.linalg.solve(bend, slope)
            theta -= step
            if np.max(np.abs(step)) < 1e-13:
                break
        return np.asarray(e / self.w)

    def trace(self, step: float = 1e-3) -> float:
        total = 0.0
        for i in range(self.y.size):
            up, down = self.y.copy(), self.y.copy()
            up[i] += step
            down[i] -= step
            total += 1.0 - (self.residuals(up)[i] - self.residuals(down)[i]) / (2.0 * step)
        return total


@pytest.mark.parametrize("reml", [True, False])
def test_crossed_factors(reml: bool) -> None:
    fit = fitted(MODELS["crossed"], reml)
    found = conditional_aic(fit._problem, fit._solution)
    assert found.rho + found.correction == pytest.approx(Dense(fit).trace(), abs=1e-6)


CASES = [(name, name != "two terms") for name in MODELS if name != "crossed"]


@pytest.mark.parametrize(("name", "reml"), CASES)
def test_it_is_the_derivative_of_refits(name: str, reml: bool) -> None:
    fit = fitted(MODELS[name], reml)
    assert fit.certificate.verdict == "interior optimum"
    found = conditional_aic(fit._problem, fit._solution)
    assert found.rho + found.correction == pytest.approx(trace(fit), abs=1e-6)
    assert found.rho == pytest.approx(float(np.sum(fit.leverage)), abs=1e-9)
    assert found.correction > 0.0


def test_a_singular_fit_counts_what_can_move_along_its_face() -> None:
    """Correlation of 1, and a variance of zero beside one that is not."""
    line = fitted(MODELS["slope"], True, 0.7, 2)
    zero = fitted(MODELS["two terms"], True, 0.7, 2)
    assert line.certificate.verdict == zero.certificate.verdict == "boundary optimum"
    assert line.certificate.rank == {"g": 1}
    assert sum(zero.certificate.rank.values()) == 1
    for fit in (line, zero):
        found = conditional_aic(fit._problem, fit._solution)
        assert found.rho + found.correction == pytest.approx(trace(fit), abs=1e-6)


@pytest.mark.parametrize("reml", [True, False])
def test_the_log_density_given_the_random_effects(reml: bool) -> None:
    fit = fitted(MODELS["slope"], reml)
    frame = data()
    weights, left = frame["w"].to_numpy(), fit.residuals()
    variance = fit.sigma**2 / weights
    by_hand = -0.5 * np.sum(np.log(2.0 * np.pi * variance) + left**2 / variance)
    assert conditional_aic(fit._problem, fit._solution).loglik == pytest.approx(by_hand, abs=1e-9)


def test_balanced_data_by_hand() -> None:
    """One-way, REML: c = 2 (1 - shrinkage), with shrinkage 1 - MSW / MSB."""
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    ratio = 5.0 * fit.theta[0] ** 2
    found = conditional_aic(fit._problem, fit._solution)
    assert found.correction == pytest.approx(2.0 / (1.0 + ratio), rel=1e-7)


def test_a_variance_of_zero_leaves_least_squares() -> None:
    """Then nothing but the coefficients and sigma count, as without the random effect."""
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    assert fit.theta[0] == 0.0
    found = conditional_aic(fit._problem, fit._solution)
    assert (found.rho, found.correction, found.df) == (pytest.approx(1.0), 0.0, pytest.approx(2.0))
    assert fit.caic() == pytest.approx(fit.update("~ . - (1 | Batch)").caic(), abs=1e-9)


def test_units_and_order_of_rows_do_not_matter() -> None:
    frame = data()
    first = rn.lmm(MODELS["slope"], frame, weights="w")
    moved = frame.assign(y=100.0 + 10.0 * frame["y"], x=frame["x"] * 1e4 + 3.0).sample(
        frac=1.0, random_state=1
    )
    second = rn.lmm(MODELS["slope"], moved, weights="w")
    assert second.caic() - 2 * 40 * np.log(10.0) == pytest.approx(first.caic(), abs=1e-5)


def test_aicc() -> None:
    fit = fitted(MODELS["slope"], False)
    k, n = fit.df_model, fit.nobs
    assert fit.aicc == pytest.approx(fit.aic + 2 * k * (k + 1) / (n - k - 1), abs=1e-12)
    few = rn.lmm("y ~ x + (1 | g)", data().iloc[:5].assign(g=[0, 0, 1, 1, 1]))
    assert few.nobs <= few.df_model + 1
    assert few.aicc == np.inf


def test_a_penalised_fit_has_none() -> None:
    fit = rn.lmm("y ~ x + (1 | g)", data(), prior=rn.priors.Wishart())
    with pytest.raises(rn.OptionError, match="the conditional AIC is for fits without priors"):
        fit.caic()
