"""A table with every kind of column."""

import numpy as np
import pandas as pd
import pytest

from ranef.frame import Table, read_table


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(20)
    n = 240
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "z": rng.normal(size=n) + 5,
            "f": pd.Categorical(rng.choice(list("abc"), n), categories=["b", "a", "c", "unused"]),
            "o": pd.Categorical(rng.choice(list("pqr"), n), categories=list("pqr"), ordered=True),
            "h": rng.choice(["u", "v"], n),
            "k": rng.integers(1, 4, n),
            "g": rng.integers(0, 20, n),
            "sch.id": rng.choice([7.5, 100.0, 20.0, 3.0], n),
            "flag": rng.random(n) > 0.5,
        }
    ).assign(level2=lambda d: d["g"] * 2.0, constant=3.0)


@pytest.fixture
def table(frame: pd.DataFrame) -> Table:
    return read_table(frame)
