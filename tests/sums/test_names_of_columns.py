"""Sums of columns whose names could be those of what is made of them."""

import numpy as np
import pandas as pd
import pytest

import ranef as rn


def _rows(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g = rng.integers(0, 8, 120)
    x = rng.normal(size=120)
    y = 1 + 0.5 * x + rng.normal(size=8)[g] + rng.normal(size=120)
    return pd.DataFrame({"y": y, "x": x, "g": g, "c": rng.choice(list("abc"), 120)})


@pytest.mark.parametrize(
    "name", ["n", "s", "n_sum", "s 0 0_sum", "key c", "table", "k0", "1", "u1"]
)
@pytest.mark.parametrize("role", ["x", "g", "c"])
def test_a_column_of_any_name_adds_as_others_do(name: str, role: str) -> None:
    parts = [_rows(1).rename(columns={role: name}), _rows(2).rename(columns={role: name})]
    named = {each: f"`{name}`" if each == role else each for each in "xgc"}
    formula = "y ~ {x} + {c} + ({x} | {g})".format(**named)
    expected = rn.lmm(formula, pd.concat(parts, ignore_index=True))
    made = rn.lmm(formula, rn.moments(formula, parts[0]) + rn.moments(formula, parts[1]))
    assert made.criterion == pytest.approx(expected.criterion, rel=1e-10)
    np.testing.assert_allclose(made.fixef, expected.fixef, rtol=1e-7)
