"""Sums over the cells of X against sums over its rows."""

import numpy as np
import pandas as pd
import pytest

import ranef.source.memory as memory
from ranef.core import cross_products, from_cells
from ranef.design import build
from ranef.formula import parse
from ranef.frame import read_table
from ranef.source import in_memory, rows_of


def some_design(random_part):
    rng = np.random.default_rng(8)
    n = 6000
    data = pd.DataFrame(
        {
            "y": 20.0 + rng.normal(size=n),
            "f": rng.choice(list("abcde"), n),
            "h": rng.choice(["u", "v"], n, p=[0.9, 0.1]),
            "x": rng.normal(size=n),
            "g": rng.integers(0, 40, n),
            "k": rng.integers(0, 9, n),
        }
    )
    data["t"] = data["f"].map({c: 1.0 * i for i, c in enumerate("abcde")})
    return build(parse(f"y ~ f * h + {random_part}"), read_table(data))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("random_part", ["(1 | g) + (1 | k)", "(x | g) + (1 | f:h)"])
def test_cross_products_are_those_of_the_rows(random_part, weighted):
    design = some_design(random_part)
    assert design.cells is not None
    assert design.p >= memory.MANY_COLUMNS
    weights = np.random.default_rng(2).uniform(0.5, 2.0, design.n) if weighted else None
    source = in_memory(design, design.y, weights)
    (made,) = source.gather()
    whole = cross_products(rows_of(design, source.scaling, design.y, weights))
    assert (made.n, made.p, made.sizes) == (whole.n, whole.p, whole.sizes)
    assert made.sum_log_weights == pytest.approx(whole.sum_log_weights, rel=1e-13)
    dense = whole.dense()
    np.testing.assert_allclose(made.dense(), dense, rtol=1e-12, atol=1e-12 * np.abs(dense).max())


def test_sums_of_other_cells_are_refused():
    design = some_design("(1 | g)")
    with pytest.raises(ValueError, match="these cells"):
        from_cells(in_memory(design, design.y, None).gather()[0], np.eye(3))
