"""Rows that are others at the second look: nothing is answered from a mix of both."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.errors import DataError

duckdb = pytest.importorskip("duckdb")

FORMULA = "y ~ x + c + (x | g)"
CROSSED = "y ~ x + (1 | g) + (1 | h)"


def _rows(seed: int, n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g, h = rng.integers(0, 9, n), rng.integers(0, 7, n)
    x = rng.normal(size=n)
    y = 1 + 0.5 * x + rng.normal(size=9)[g] + rng.normal(size=n)
    columns = {"y": y, "x": x, "g": g, "h": h, "c": rng.choice(list("abc"), n)}
    return pd.DataFrame({**columns, "w": rng.uniform(0.5, 2, n)})


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM rows WHERE random() < 0.3",
        "SELECT * FROM rows ORDER BY random() LIMIT 200",
        "SELECT y + random() AS y, x, g, h FROM rows",
    ],
)
def test_a_query_that_draws_at_random_is_refused(query: str) -> None:
    connection = duckdb.connect()
    connection.register("rows", _rows(1))
    with pytest.raises(DataError, match="not the same from one query to the next"):
        rn.lmm(CROSSED, rn.scan(connection.sql(query)))
