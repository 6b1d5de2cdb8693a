"""Of a query, the columns that are asked for are read and no others."""

from __future__ import annotations

from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import polars as pl
import pytest

import ranef as rn

ROWS = 60


def _table() -> pl.DataFrame:
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(10), 6)
    return pl.DataFrame(
        {"y": rng.normal(size=10)[g] + rng.normal(size=ROWS), "x": rng.normal(size=ROWS), "g": g}
    )


def _polars() -> pl.LazyFrame:
    """A query whose further column cannot be computed."""

    def broken(column: pl.Series) -> pl.Series:
        raise AssertionError("a column was read that nobody asked for")

    return _table().lazy().with_columns(z=pl.col("x").map_batches(broken, return_dtype=pl.Float64))


def _duckdb() -> Any:
    data = _table().to_arrow()  # noqa: F841 - read by the query
    return duckdb.sql(
        "select *, case when x > -1e9 then error('a column was read')::double end as z from data"
    ).select("y, x, g, z")


QUERIES = {
    "polars": _polars,
    "duckdb": _duckdb,
    "narwhals over polars": lambda: nw.from_native(_polars()),
    "narwhals over duckdb": lambda: nw.from_native(_duckdb()),
}


@pytest.mark.parametrize("kind", QUERIES)
def test_a_fit_reads_its_columns_alone(kind: str) -> None:
    query = QUERIES[kind]()
    fit = rn.lmm("y ~ x + (1 | g)", query)
    assert fit.criterion == rn.lmm("y ~ x + (1 | g)", _table()).criterion
    np.testing.assert_array_equal(fit.predict(query), fit.fitted)
    with pytest.raises(rn.UnknownColumnError):
        rn.lmm("y ~ x + (1 | gg)", query)


@pytest.mark.parametrize("kind", QUERIES)
def test_the_structure_of_named_variables_reads_these_alone(kind: str) -> None:
    structure = rn.structure(QUERIES[kind](), groups="g", variables=["x", "y"])
    assert structure.variables["variable"].tolist() == ["x", "y"]
    with pytest.raises(rn.UnknownColumnError):
        rn.structure(QUERIES[kind](), groups="g", variables="xx")


@pytest.mark.parametrize("kind", QUERIES)
def test_weights_and_offsets_are_read_too(kind: str) -> None:
    query = QUERIES[kind]()
    if kind == "polars":
        query = query.with_columns(w=pl.lit(2.0))
        assert rn.lmm("y ~ x + (1 | g)", query, weights="w").nobs == ROWS
    assert rn.lmm("y ~ 1 + (1 | g)", query, offset="x").nobs == ROWS
