"""What a source cannot do is refused with the reason and the way out, in the words of memory."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.streams.agreement import agrees

import ranef as rn
from ranef.errors import DataError, OptionError, RanefError
from ranef.streams import Scan, growing, preflight


def table(n: int = 400) -> pa.Table:
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=n), rng.integers(0, 40, n)
    some = np.arange(n) % 100 == 7
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(k)) for k in g]
    made = pd.DataFrame(
        {
            "x": x,
            "f": rng.choice(list("abc"), n),
            "g": g,
            "w": rng.uniform(0.1, 9.0, n),
            "y": 0.3 * x + rng.normal(size=n) + rng.normal(size=40)[g],
            "day": days,
            "stamp": pd.to_datetime(pd.Series(days)),
            "flag": x > 0.0,
            "i": g % 3,
            "dec": [decimal.Decimal(f"{v:.2f}") for v in x],
            "big": 2**60 + g,
            "half": g / 2.0,
            "inf": np.where(some, np.inf, x),
            "neg": np.where(some, -1.0, 1.0),
            "zero": np.where(some, 0.0, 1.0),
            "empty": np.nan,
            "kind": pd.Categorical(rng.choice(list("abc"), n), ["c", "a", "b", "never"]),
        }
    )
    made = pa.Table.from_pandas(made, preserve_index=False)
    gaps = pa.array(np.where(some, np.nan, x))  # NaN, not NULL
    nulls = pa.array(np.where(some, None, x))
    return made.append_column("nan", gaps).append_column("null", nulls)


TABLE = table()


def relation() -> Any:
    connection = duckdb.connect()
    connection.register("rows", TABLE)
    return rn.scan(connection.sql("FROM rows"))


def batches() -> Any:
    return rn.scan([TABLE.slice(0, 150), TABLE.slice(150)])


def once() -> Any:
    return rn.scan(part for part in [TABLE.slice(0, 150), TABLE.slice(150)])


KINDS = pytest.mark.parametrize("make", [relation, batches, once])


@KINDS
@pytest.mark.parametrize(
    "formula",
    [
        "y ~ flag + (1 | g)",
        "y ~ x + (1 | flag:g)",
        "y ~ dec + (dec | g)",
        "y ~ x + (1 | day)",
        "y ~ x + (1 | stamp)",
        "y ~ x + (1 | big)",
        "y ~ x + (1 | half)",
        "y ~ C(i) + (1 | g)",
        "y ~ nan + (1 | g)",
        "y ~ null + i + (1 | g)",
    ],
)
def test_types_are_those_of_memory(formula: str, make: Callable[[], Any]) -> None:
    agrees(rn.lmm(formula, make()), rn.lmm(formula, TABLE))


def test_an_enum_keeps_its_order() -> None:
    connection = duckdb.connect()
    connection.register("rows", TABLE)
    connection.execute("CREATE TYPE kind AS ENUM ('c', 'a', 'b', 'never')")
    there = connection.sql("SELECT * REPLACE (CAST(kind AS kind) AS kind) FROM rows")
    agrees(rn.lmm("y ~ kind + (1 | g)", rn.scan(there)), rn.lmm("y ~ kind + (1 | g)", TABLE))


@KINDS
@pytest.mark.parametrize(
    ("formula", "options", "message"),
    [
        ("y ~ day + (1 | g)", {}, "the predictor 'day' holds dates"),
        ("y ~ x + (stamp | g)", {}, "the predictor 'stamp' holds dates or times"),
        ("y ~ big + (1 | g)", {}, r"the predictor 'big' holds whole numbers beyond 2\*\*53"),
        ("y ~ inf + (1 | g)", {}, "'inf' is infinite"),
        ("inf ~ x + (1 | g)", {}, "'inf' is infinite"),
        ("y ~ log(x) + (1 | g)", {}, r"'log\(x\)' is infinite or not defined"),
        ("y ~ empty + (1 | g)", {}, "no row is complete: 'empty' is missing in every row"),
        ("y ~ nan + (1 | g)", {"missing": "raise"}, "missing"),
        ("f ~ x + (1 | g)", {}, "the response 'f' is not numeric"),
        ("y ~ x + (1 | g)", {"weights": "neg"}, "weights must be positive and finite"),
        ("y ~ x + (1 | g)", {"weights": "zero"}, "weights must be positive and finite"),
        ("y ~ x + (1 | g)", {"weights": "f"}, "the weights are not numbers"),
        ("y ~ x + (1 | g)", {"weights": np.ones(400)}, "weights of data that are summed"),
        ("y ~ x + (1 | g)", {"offset": np.ones(400)}, "offset of data that are summed"),
        ("y ~ x + (1 | g)", {"subset": "x > 0"}, "subset= needs the rows"),
        ("y ~ x + (1 | g)", {"residual": "ar1(i | g)"}, "residual= needs the rows"),
        ("y ~ poly(x, 2) + (1 | g)", {}, r"poly\(\) learns from all rows"),
        ("y ~ log(scale(x)) + (1 | g)", {}, r"scale\(\) learns from all rows"),
        ("y ~ ns(x, 3) + (1 | g)", {}, r"ns\(\) learns from all rows"),
        ("y ~ nosuch + (1 | g)", {}, "unknown column 'nosuch' in the fixed part"),
    ],
)
def test_what_cannot_be_summed_is_refused(
    formula: str, options: dict[str, Any], message: str, make: Callable[[], Any]
) -> None:
    with pytest.raises(RanefError, match=message) as error:
        rn.lmm(formula, make(), **options)
    assert "\n  fix " in str(error.value)


def test_dates_as_categories_are_not_a_trend() -> None:
    agrees(
        rn.lmm("y ~ factor(i) + (1 | day)", relation()),
        rn.lmm("y ~ factor(i) + (1 | day)", TABLE),
    )


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("y ~ inf + (1 | g)", {}),
        ("y ~ x + (1 | g)", {"weights": "neg"}),
        ("y ~ x + big + (1 | g)", {}),
        ("y ~ nan + (1 | g)", {"missing": "raise"}),
    ],
)
def test_no_long_query_is_begun(formula: str, options: dict[str, Any]) -> None:
    """Only questions about the whole, without groups, are asked before."""
    asked: list[str] = []
    source = relation().source

    def run(query: str, *watch: Any) -> Any:
        asked.append(query)
        return source.run(query, *watch)

    with pytest.raises(DataError):
        rn.lmm(formula, Scan(replace(source, run=run)), **options)
    assert asked
    assert not any("GROUP BY" in query for query in asked)


def test_too_many_cells_are_refused_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "MANY_CELLS", 60)
    with pytest.raises(DataError, match="as many cells of g and f as rows"):
        rn.lmm("y ~ x + f + (1 | g) + (1 | day)", rn.scan(_distinct()))
    rn.lmm("y ~ x + (1 | g)", relation())  # as many levels as cells are allowed


def _distinct() -> Any:
    rng = np.random.default_rng(3)
    made = TABLE.to_pandas()
    made["day"] = rng.integers(0, 90, len(made))
    return duckdb.from_df(made[["y", "x", "f", "g", "day"]])


def test_cells_of_batches_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "MOST_CELLS", 30)
    with pytest.raises(DataError, match="too many cells of g"):
        rn.lmm("y ~ x + (1 | g)", batches())


def test_a_category_with_too_many_values_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "MOST_LEVELS", 30)
    with pytest.raises(DataError, match="the category 'half' has too many values"):
        rn.lmm("y ~ C(half) + (1 | i)", relation())
    rn.lmm("y ~ x + (1 | half)", relation())  # a grouping factor may have them


def test_a_stream_is_read_once() -> None:
    stream = once()
    rn.moments("y ~ x + (1 | g)", stream)
    with pytest.raises(DataError, match="can be read only once"):
        rn.moments("y ~ x + (1 | g)", stream)


def test_a_stream_whose_rows_drift_far_is_refused() -> None:
    near = TABLE.to_pandas()[["y", "x", "g"]]
    far = near.assign(x=near["x"] + 1e7)
    with pytest.raises(DataError, match="'x' is far from its mean in the first rows"):
        rn.moments("y ~ x + (1 | g)", rn.scan(part for part in [near.iloc[:2], *[far] * 150]))
    again = rn.moments("y ~ x + (1 | g)", rn.scan([near.iloc[:2], *[far] * 150]))
    assert again.shifts[1] == pytest.approx(1e7, rel=1e-3)


def test_a_stream_far_from_zero_keeps_its_digits() -> None:
    rows = TABLE.to_pandas()[["y", "x", "g"]]
    rows["x"] += 1e7
    memory = rn.lmm("y ~ x + (x | g)", rows)
    streamed = rn.lmm("y ~ x + (x | g)", rn.scan(rows.iloc[k::4] for k in range(4)))
    assert streamed.criterion == pytest.approx(memory.criterion, rel=1e-9)


@pytest.mark.parametrize(
    "ask",
    [
        lambda data: rn.glmm("y ~ x + (1 | g)", data, family="gamma"),
        lambda data: rn.structure(data, groups="g"),
        lambda data: rn.center(data, "x", by="g"),
    ],
)
@pytest.mark.parametrize("library", ["dask.dataframe", "ibis"])
def test_nothing_is_collected_in_silence(library: str, ask: Callable[[Any], Any]) -> None:
    module = pytest.importorskip(library)
    rows = TABLE.to_pandas()[["y", "x", "g"]]
    data = module.memtable(rows) if library == "ibis" else module.from_pandas(rows, npartitions=2)
    with pytest.raises(DataError, match=f"a query of {library.partition('.')[0]}") as error:
        ask(data)
    assert "sums the rows where they are" in str(error.value)
    with pytest.raises(OptionError, match="rows that are not in memory go to a file"):
        rn.lmm("y ~ x + (1 | g)", TABLE).predict(data)


@pytest.mark.parametrize("make", [relation, lambda: rn.moments("y ~ x + (1 | g)", TABLE)])
def test_readers_of_frames_say_that_these_are_none(make: Callable[[], Any]) -> None:
    with pytest.raises(DataError, match="summed where they are"):
        rn.structure(make(), groups="g")
    with pytest.raises(RanefError):
        rn.glmm("y ~ x + (1 | g)", make(), family="gamma")


@pytest.mark.parametrize(
    ("named", "reader"),
    [
        ("d/rows.parquet", "pandas.read_parquet(path)"),
        ("d/rows.csv.gz", "pandas.read_csv(path)"),
        ("d/*.parquet", "duckdb.read_parquet(path).df()"),
        ("d/*.csv", "duckdb.read_csv(path).df()"),
    ],
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda data: rn.glmm("y ~ x + (1 | g)", data, family="gamma"),
        lambda data: rn.structure(data, groups="g"),
        lambda data: rn.center(data, "x", by="g"),
    ],
)
def test_paths_where_rows_are_needed(ask: Callable[[Any], Any], named: str, reader: str) -> None:
    with pytest.raises(DataError, match="this needs rows in memory") as error:
        ask(named)
    assert reader in error.value.fix
    assert "generalised models and tables are made from rows in memory" in error.value.fix


def test_lazy_frames_of_narwhals_are_what_stands_behind_them() -> None:
    import narwhals as nw
    import polars as pl

    dask = pytest.importorskip("dask.dataframe")
    rows = TABLE.to_pandas()[["y", "x", "g"]]
    lazy = nw.from_native(pl.from_pandas(rows).lazy())
    memory = rn.lmm("y ~ x + (1 | g)", rows)
    agrees(rn.lmm("y ~ x + (1 | g)", lazy), memory)
    with pytest.warns(FutureWarning):
        wrapped = nw.from_native(dask.from_pandas(rows, npartitions=3))
    agrees(rn.lmm("y ~ x + (1 | g)", wrapped), memory)


def test_columns_of_lists_are_refused() -> None:
    there = duckdb.sql("SELECT 1.0 AS y, [1, 2] AS x, 1 AS g")
    with pytest.raises(DataError, match="column 'x' is neither numbers nor labels"):
        rn.lmm("y ~ x + (1 | g)", rn.scan(there))


def test_an_engine_without_sql_is_refused() -> None:
    ibis, pl = pytest.importorskip("ibis"), pytest.importorskip("polars")
    there = ibis.polars.connect({"t": pl.DataFrame({"y": [1.0], "g": [1]})}).table("t")
    with pytest.raises(DataError, match="does not answer SQL"):
        rn.lmm("y ~ 1 + (1 | g)", there)


def test_moments_take_no_arrays() -> None:
    with pytest.raises(OptionError, match="weights of data that are summed have to be a column"):
        rn.moments("y ~ x + (1 | g)", TABLE, weights=np.ones(400))  # type: ignore[arg-type]


@pytest.mark.parametrize("formula", ["y ~ x + X + (1 | g)", "y ~ X + (1 | g)"])
@pytest.mark.parametrize("kind", ["file", "relation", "ibis"])
def test_names_that_differ_in_case_only_are_two_columns(
    tmp_path: Path, kind: str, formula: str
) -> None:
    import pyarrow.dataset as datasets

    rng = np.random.default_rng(1)
    g = rng.integers(0, 6, 90)
    columns = {"y": rng.normal(size=90) + g, "x": rng.normal(size=90), "X": rng.normal(size=90)}
    rows = pa.table({**columns, "g": g})
    pq.write_table(rows, tmp_path / "rows.parquet")
    data = {
        "file": lambda: tmp_path / "rows.parquet",
        "relation": lambda: rn.scan(duckdb.read_parquet(str(tmp_path / "rows.parquet"))),
        "ibis": lambda: pytest.importorskip("ibis").memtable(rows),
    }[kind]()
    with pytest.raises(DataError, match="differ in case only"):
        rn.lmm(formula, data)
    made = rn.lmm(formula, datasets.dataset(tmp_path / "rows.parquet"))
    np.testing.assert_allclose(made.fixef, rn.lmm(formula, rows).fixef, rtol=1e-8)


@pytest.mark.parametrize("pattern", ["site.parquet", "*.parquet"])
def test_files_of_moments_are_no_rows(tmp_path: Path, pattern: str) -> None:
    formula = "Reaction ~ Days + (Days | Subject)"
    rn.moments(formula, rn.datasets.load("sleepstudy")).save(tmp_path / "site.parquet")
    with pytest.raises(DataError, match="hold moments"):
        rn.lmm(formula, str(tmp_path / pattern))
