"""The parametric bootstrap of the likelihood ratio."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.inference.bootstrap_ratio import BootstrapRatio


def data(seed: int = 1, slope: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g, x = np.arange(60) % 10, rng.normal(size=60)
    y = rng.normal(size=10)[g] + slope * rng.normal(size=10)[g] * x + rng.normal(size=60)
    return pd.DataFrame({"y": y, "x": x, "g": g, "w": rng.uniform(0.5, 2.0, 60)})


def test_the_p_value_counts_the_sample_itself() -> None:
    ratios = np.array([0.0, 1.0, 2.0, np.nan])
    found = BootstrapRatio(ratios, 1)
    assert found.p_value(1.0) == 3 / 4
    assert found.p_value(1.0 + 5e-9) == 3 / 4  # equal but for rounding
    assert found.p_value(5.0) == 1 / 4
    assert found.p_value(0.0) == 1.0


def test_it_is_uniform_under_the_hypothesis() -> None:
    """60 data sets without a slope's variance, 39 replicates each, drawn once and for all.

    A ratio of zero has p = 1: above 1/2 the p value is not uniform. Below it, the share of p values
    is what it should be, within three standard errors.
    """
    p = []
    for seed in range(60):
        frame = data(seed)
        fits = [rn.lmm(f"y ~ x + {part}", frame) for part in ("(1 | g)", "(1 | g) + (0 + x | g)")]
        table = rn.anova(*fits, method="bootstrap", n=39, seed=seed)
        p.append(float(table["p_value"].iloc[1]))
    for level in (0.1, 0.25, 0.4):
        error = np.sqrt(level * (1.0 - level) / len(p))
        assert np.mean(np.array(p) <= level + 1e-12) == pytest.approx(level, abs=3 * error)


def test_a_clear_difference_has_the_smallest_p_value() -> None:
    frame = data(1, slope=3.0)
    fits = [rn.lmm(f"y ~ x + {part}", frame, weights="w") for part in ("(1 | g)", "(x | g)")]
    table = rn.anova(*fits, method="bootstrap", n=99, seed=1)
    assert table["p_value"].iloc[1] == pytest.approx(1 / 100)
    assert table["law"].tolist() == ["", "bootstrap, 99 replicates"]


def test_seed_threads_and_order_of_rows_do_not_matter() -> None:
    frame = data(3)
    shuffled = frame.sample(frac=1.0, random_state=2)
    small = rn.lmm("y ~ x + (1 | g)", frame, weights="w")
    p = [
        rn.anova(
            small,
            rn.lmm("y ~ x + (x | g)", rows, weights="w", control=rn.Control(threads=threads)),
            method="bootstrap",
            n=100,
            seed=7,
        )["p_value"].iloc[1]
        for rows, threads in ((frame, 1), (frame, 2), (shuffled, 1))
    ]
    assert p[0] == p[1] == p[2]
    assert 0.0 < p[0] < 1.0


def test_it_agrees_with_the_mixture_in_a_large_sample() -> None:
    rng = np.random.default_rng(5)
    g, x = np.arange(1200) % 200, rng.normal(size=1200)
    frame = pd.DataFrame({"y": rng.normal(size=200)[g] + rng.normal(size=1200), "x": x, "g": g})
    frame["y"] += 0.25 * rng.normal(size=200)[g] * x
    fits = [rn.lmm(f"y ~ x + {part}", frame) for part in ("(1 | g)", "(x | g)")]
    law, drawn = (rn.anova(*fits, method=m, n=400, seed=1).iloc[1] for m in ("lrt", "bootstrap"))
    assert 0.005 < law["p_value"] < 0.9
    assert drawn["p_value"] == pytest.approx(law["p_value"], abs=0.08)


def test_codings_of_the_same_fixed_part_by_reml() -> None:
    """The drawn ratios do not depend on how the larger model codes x."""
    frame = data(4)
    small = rn.lmm("y ~ x + (1 | g)", frame)
    p = [
        rn.anova(small, rn.lmm(f, frame), method="bootstrap", n=100, seed=7)["p_value"].iloc[1]
        for f in ("y ~ x + (x | g)", "y ~ I(100 * x + 7) + (x | g)")
    ]
    assert p[0] == p[1]


def test_against_a_model_without_random_effects() -> None:
    large = rn.lmm("y ~ x + (1 | g)", data(2), weights="w")
    table = rn.anova(large.update("~ . - (1 | g)"), large, method="bootstrap", n=99, seed=1)
    assert 0.0 < table["p_value"].iloc[1] <= 1.0


def test_fits_that_fail_are_counted() -> None:
    frame = data(1)
    small = rn.lmm("y ~ x + (1 | g)", frame)
    once = rn.lmm("y ~ x + (x | g)", frame, control=rn.Control(max_evaluations=2))
    if once.loglik < small.loglik:
        pytest.fail("the example needs a larger model that fits better")
    with pytest.warns(UserWarning, match="many replicates of the bootstrap could not be fitted"):
        table = rn.anova(small, once, method="bootstrap", n=20, seed=1)
    assert "failed" in table["law"].iloc[1]
