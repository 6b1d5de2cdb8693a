"""Sums of variables far from zero: products and powers of years keep their digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 400
    g = rng.integers(12, size=n)
    year = rng.integers(1985, 1996, size=n)
    age = rng.normal(40.0, 9.0, size=n)
    effects = rng.normal(size=12)
    y = 5.0 + effects[g] + 0.1 * (year - 1990) + 0.02 * (age - 40) + rng.normal(size=n)
    return pd.DataFrame(
        {
            "y": y,
            "year": year.astype(float),
            "age": age,
            "arm": np.array(["new", "old"])[rng.integers(2, size=n)],
            "g": [f"g{i:02}" for i in g],
            "w": rng.uniform(0.5, 2.0, size=n),
        }
    )


FORMULAS = [
    "y ~ year * arm + (1 | g)",
    "y ~ year * age + (1 | g)",
    "y ~ year * age * arm + (1 | g)",
    "y ~ year + I(year ** 2) + (1 | g)",
    "y ~ I(year * age) + (1 | g)",
    "y ~ year:age + (year:age || g)",
    "y ~ year + (year || g)",
    "y ~ between(age, g) + (1 | g)",
    "y ~ age + cs(1 + age + year | g)",
    "y ~ within(year, g) * age + (within(year, g) | g)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_moments_of_two_parts_are_the_rows_in_memory(panel: Any, formula: str) -> None:
    early = panel["year"] < 1990
    parts = [rn.moments(formula, panel[mask], weights="w") for mask in (early, ~early)]
    summed = rn.lmm(formula, parts[0] + parts[1])
    memory = rn.lmm(formula, panel, weights="w")
    assert list(summed.fixef.index) == list(memory.fixef.index)
    assert summed.criterion == pytest.approx(memory.criterion, abs=1e-7)
    errors = np.sqrt(np.diag(memory.vcov))
    np.testing.assert_allclose(
        (summed.fixef / errors).to_numpy(), (memory.fixef / errors).to_numpy(), rtol=1e-6
    )
    np.testing.assert_allclose(summed.vcov, memory.vcov, rtol=1e-6)


def test_a_near_copy_is_refused(panel: Any) -> None:
    copied = panel.assign(copy=panel["age"] + 1e-5 * np.sin(np.arange(len(panel))))
    with pytest.raises(rn.DataError, match="nearly collinear") as error:
        rn.lmm("y ~ age + copy + (1 | g)", rn.moments("y ~ age + copy + (1 | g)", copied))
    assert "copy differs from a combination of earlier columns" in str(error.value)


def test_an_exact_copy_is_left_out(panel: Any) -> None:
    copied = panel.assign(copy=2.0 * panel["age"] - 3.0)
    formula = "y ~ age + copy + (1 | g)"
    fit = rn.lmm(formula, rn.moments(formula, copied))
    assert fit.fixef.isna().to_list() == [False, False, True]
    new = copied.head(3)
    np.testing.assert_allclose(
        fit.predict(new), rn.lmm("y ~ age + (1 | g)", panel).predict(new), rtol=1e-8
    )


def test_groups_far_apart_leave_few_digits_within(panel: Any) -> None:
    formula = "y ~ within(x, g) + (1 | g)"
    place = panel["g"].str[1:].astype(float)
    near = panel.assign(x=place * 1e2 + panel["age"])
    memory, summed = rn.lmm(formula, near), rn.lmm(formula, rn.moments(formula, near))
    assert summed.fixef["within(x, g)"] == pytest.approx(memory.fixef["within(x, g)"], rel=1e-9)
    far = panel.assign(x=place * 1e6 + panel["age"])
    with pytest.raises(rn.DataError, match="too few digits of 'within"):
        rn.lmm(formula, rn.moments(formula, far))


def test_a_response_far_from_zero_needs_an_intercept(panel: Any) -> None:
    shifted = panel.assign(y=panel["y"] * 1e-2 + 1e3)
    assert rn.lmm("y ~ arm + (1 | g)", rn.moments("y ~ arm + (1 | g)", shifted)).sigma > 0
    with pytest.raises(rn.DataError, match="too small beside the response"):
        rn.lmm("y ~ 0 + arm + (1 | g)", rn.moments("y ~ 0 + arm + (1 | g)", shifted))
