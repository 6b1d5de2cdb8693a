"""The exact law of the ratio of a single variance, against draws of the ratio itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn
import ranef.fit.between  # read before DRAWS is changed: its texts name the true number
from ranef.inference.exact_ratio import DRAWS, _smallest, _spectra, ratio_draws


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The p value is then good to 0.004."""
    monkeypatch.setattr("ranef.inference.exact_ratio.DRAWS", 20_000)


def unbalanced(seed: int = 1) -> pd.DataFrame:
    """24 rows in 5 groups of 2 to 8; weights."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(5), [2, 3, 5, 6, 8])
    x, w = rng.normal(size=24), rng.uniform(0.3, 3.0, size=24)
    y = 1.0 + x + 0.5 * rng.normal(size=5)[g] + rng.normal(size=24) / np.sqrt(w)
    return pd.DataFrame({"y": y, "x": x, "w": w, "g": g})


def test_balanced_data_by_the_closed_form() -> None:
    """6 groups of 5: the REML ratio is a function of the two mean squares."""
    groups, size, n = 6, 5, 40_000
    rng = np.random.default_rng(1)
    between = rng.chisquare(groups - 1, n) / (groups - 1)
    within = rng.chisquare(groups * (size - 1), n) / (groups * (size - 1))
    a, b = groups - 1, groups * (size - 1)
    pooled = (a * between + b * within) / (a + b)
    ratio = (a + b) * np.log(pooled) - a * np.log(between) - b * np.log(within)
    ratio[between <= within] = 0.0
    mu, xi = np.full(groups - 1, float(size)), np.full(groups, float(size))
    drawn = ratio_draws(mu, xi, groups * size, 1, 0, True, n, rng)
    # Standard errors of differences of two shares of 40,000 draws are below 0.0035.
    assert np.mean(drawn < 1e-6) == pytest.approx(np.mean(ratio < 1e-6), abs=0.012)
    for t in (0.5, 2.0, 4.0):
        assert np.mean(drawn >= t) == pytest.approx(np.mean(ratio >= t), abs=0.012)


@pytest.mark.parametrize("weights", [None, "w"])
def test_unbalanced_data_agree_with_refits(weights: str | None) -> None:
    """The parametric bootstrap draws from the same law: it does not depend on the parameters."""
    large = rn.lmm("y ~ x + (1 | g)", unbalanced(), weights=weights)
    small = large.update("~ . - (1 | g)")
    exact = rn.anova(small, large, method="exact", seed=1)["p_value"].iloc[1]
    drawn = rn.anova(small, large, method="bootstrap", n=1500, seed=1)["p_value"].iloc[1]
    assert 0.02 < exact < 0.98
    assert exact == pytest.approx(drawn, abs=4 * np.sqrt(exact * (1 - exact) / 1500))


def test_with_a_coefficient_by_ml() -> None:
    large = rn.lmm("y ~ x + (1 | g)", unbalanced(), reml=False)
    null = rn.lmm(
        "y ~ 1 + (1 | g)", unbalanced().assign(y=lambda d: d["y"] - 0.7 * d["x"]), reml=False
    )
    large = large.refit(null._design.y)
    small = null.update("~ . - (1 | g)")
    exact = rn.anova(small, large, method="exact", seed=1).iloc[1]
    drawn = rn.anova(small, large, method="bootstrap", n=1500, seed=1).iloc[1]
    assert exact["df"] == 2
    assert 0.02 < exact["p_value"] < 0.98
    assert exact["p_value"] == pytest.approx(drawn["p_value"], abs=0.05)


def test_few_groups_have_a_smaller_p_than_the_mixture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ranef.inference.exact_ratio.DRAWS", DRAWS)
    large = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    small = large.update("~ . - (1 | Batch)")
    exact, mixture = (rn.anova(small, large, method=m, seed=1).iloc[1] for m in ("exact", "lrt"))
    assert exact["statistic"] == mixture["statistic"]
    assert exact["p_value"] < mixture["p_value"]
    assert exact["law"] == "exact, 100,000 draws"
    again = rn.anova(small, large, method="exact", seed=1).iloc[1]
    assert again["p_value"] == exact["p_value"]


def test_a_ratio_of_zero_has_a_p_value_of_one() -> None:
    large = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    row = rn.anova(large.update("~ . - (1 | Batch)"), large, method="exact", seed=1).iloc[1]
    assert (row["statistic"], row["p_value"]) == (pytest.approx(0.0, abs=1e-8), 1.0)


def test_eigenvalues_are_those_of_matrices_of_rows() -> None:
    frame = unbalanced()
    problem = rn.lmm("y ~ x + (1 | g)", frame, weights="w")._problem
    root = np.sqrt(frame["w"].to_numpy())
    z = (np.equal.outer(frame["g"].to_numpy(), np.arange(5)) * root[:, None]).astype(float)
    x = np.column_stack([np.ones(24), frame["x"]]) * root[:, None]
    left = z - x @ np.linalg.lstsq(x, z, rcond=None)[0]
    mu, xi = _spectra(problem)
    np.testing.assert_allclose(np.sort(mu), np.linalg.eigvalsh(left.T @ left), atol=1e-9)
    np.testing.assert_allclose(np.sort(xi), np.sort(np.sum(z**2, axis=0)), rtol=1e-12)


def test_between_points_of_the_grid_there_is_a_parabola() -> None:
    at = np.arange(10.0)
    rows = np.array([(at - 4.3) ** 2 - 1.0, at, -at])
    np.testing.assert_allclose(_smallest(rows), [-1.0, 0.0, -9.0], atol=1e-12)


def test_other_models_are_refused() -> None:
    frame = rn.datasets.load("sleepstudy")
    fits = [
        rn.lmm(f"Reaction ~ Days + {part}", frame) for part in ("(1 | Subject)", "(Days | Subject)")
    ]
    with pytest.raises(
        rn.OptionError, match="the exact distribution is that of a single variance"
    ) as caught:
        rn.anova(*fits, method="exact")
    assert "1 and 2 variances" in caught.value.found
    assert "bootstrap" in caught.value.fix
