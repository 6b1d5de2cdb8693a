"""Values that have equality and order, in every library, name the same groups."""

from __future__ import annotations

import datetime as dt
import enum
import pickle
import uuid
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import ranef as rn
from ranef.errors import DataError
from ranef.frame import read_table

DAYS = [dt.date(2024, 3, 9), None, dt.date(2023, 12, 31), dt.date(2024, 3, 9)]
STAMPS = [None if day is None else dt.datetime(day.year, day.month, day.day, 6, 30) for day in DAYS]
LARGE = [2**60 + 1, None, 2**60, 2**60 + 1]


def _vienna(values: list[Any]) -> pd.Series:
    return pd.Series(pd.to_datetime(values)).dt.tz_localize("Europe/Vienna")


def relation(kind: str, values: list[str | None]) -> Any:
    rows = ", ".join("(NULL)" if value is None else f"('{value}')" for value in values)
    return duckdb.sql(f"select v::{kind} as v from (values {rows}) t(v)")


ISO = [None if day is None else day.isoformat() for day in DAYS]

COLUMNS: dict[str, tuple[Any, tuple[str, str]]] = {
    "pandas datetime64": (pd.Series(pd.to_datetime(DAYS)), ("2023-12-31", "2024-03-09")),
    "pandas date objects": (pd.Series(DAYS, dtype=object), ("2023-12-31", "2024-03-09")),
    "pandas Arrow dates": (
        pd.Series(DAYS, dtype=pd.ArrowDtype(pa.date32())),
        ("2023-12-31", "2024-03-09"),
    ),
    "Polars Date": (pl.Series(DAYS), ("2023-12-31", "2024-03-09")),
    "Arrow date64": (pa.array(DAYS, pa.date64()), ("2023-12-31", "2024-03-09")),
    "DuckDB DATE": (relation("DATE", ISO), ("2023-12-31", "2024-03-09")),
    "pandas times": (pd.Series(STAMPS), ("2023-12-31 06:30:00", "2024-03-09 06:30:00")),
    "Polars Datetime": (pl.Series(STAMPS), ("2023-12-31 06:30:00", "2024-03-09 06:30:00")),
    "Arrow timestamp[ns]": (
        pa.array(STAMPS, pa.timestamp("ns")),
        ("2023-12-31 06:30:00", "2024-03-09 06:30:00"),
    ),
    "pandas with a zone": (
        _vienna(DAYS),
        ("2023-12-31 00:00:00+01:00", "2024-03-09 00:00:00+01:00"),
    ),
    "Polars with a zone": (
        pl.Series(STAMPS).dt.replace_time_zone("Asia/Kolkata"),
        ("2023-12-31 06:30:00+05:30", "2024-03-09 06:30:00+05:30"),
    ),
    "pandas Period": (
        pd.Series(pd.to_datetime(DAYS)).dt.to_period("M"),
        ("2023-12", "2024-03"),
    ),
    "pandas Interval": (
        pd.Series(pd.arrays.IntervalArray.from_tuples([(1, 2), None, (0, 1), (1, 2)])),
        ("(0.0, 1.0]", "(1.0, 2.0]"),
    ),
    "pandas Timedelta": (
        pd.Series([pd.Timedelta("36h"), None, pd.Timedelta("1s"), pd.Timedelta("36h")]),
        ("0 days 00:00:01", "1 days 12:00:00"),
    ),
    "Polars Duration": (
        pl.Series([dt.timedelta(hours=36), None, dt.timedelta(seconds=1), dt.timedelta(hours=36)]),
        ("0 days 00:00:01", "1 days 12:00:00"),
    ),
    "Polars Time": (
        pl.Series([dt.time(9, 30), None, dt.time(8), dt.time(9, 30)]),
        ("08:00:00", "09:30:00"),
    ),
    "UUID objects": (
        pd.Series([uuid.UUID(int=2), None, uuid.UUID(int=1), uuid.UUID(int=2)], dtype=object),
        (str(uuid.UUID(int=1)), str(uuid.UUID(int=2))),
    ),
    "Polars objects": (
        pl.Series([uuid.UUID(int=2), None, uuid.UUID(int=1), uuid.UUID(int=2)], dtype=pl.Object),
        (str(uuid.UUID(int=1)), str(uuid.UUID(int=2))),
    ),
    "Polars Binary": (pl.Series([b"b", None, b"a", b"b"]), ("a", "b")),
    "Arrow fixed binary": (
        pa.array([b"\xff\x01", None, b"\x00\x01", b"\xff\x01"], pa.binary(2)),
        ("0x0001", "0xff01"),
    ),
    "pandas Int64": (pd.Series(LARGE, dtype="Int64"), (str(2**60), str(2**60 + 1))),
    "Polars Int64": (pl.Series(LARGE), (str(2**60), str(2**60 + 1))),
    "Polars Int128": (
        pl.Series([2**100 + 1, None, 2**100, 2**100 + 1], dtype=pl.Int128),
        (str(2**100), str(2**100 + 1)),
    ),
    "Python integers": (
        pd.Series([2**70 + 1, None, 2**70, 2**70 + 1], dtype=object),
        (str(2**70), str(2**70 + 1)),
    ),
    "Arrow uint64": (pa.array(LARGE, pa.uint64()), (str(2**60), str(2**60 + 1))),
    "decimals that floats merge": (
        pd.Series(
            [
                Decimal("0.10000000000000000002"),
                None,
                Decimal("0.1"),
                Decimal("0.10000000000000000002"),
            ],
            dtype=object,
        ),
        ("0.1", "0.10000000000000000002"),
    ),
    "Arrow decimals that floats merge": (
        pa.array([Decimal(2**60 + 1), None, Decimal(2**60), Decimal(2**60 + 1)]),
        (str(2**60), str(2**60 + 1)),
    ),
    "DuckDB HUGEINT": (
        relation("HUGEINT", [None if v is None else str(v) for v in LARGE]),
        (str(2**60), str(2**60 + 1)),
    ),
    "tuples": (pd.Series([(1, "b"), None, (1, "a"), (1, "b")]), ("(1, 'a')", "(1, 'b')")),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_levels_are_in_order_and_named(kind: str) -> None:
    column, levels = COLUMNS[kind]
    data = column if isinstance(column, duckdb.DuckDBPyRelation) else {"v": column}
    factor = read_table(data)["v"]
    assert factor.kind == "factor"
    assert factor.levels == levels
    assert factor.values.tolist() == [1, -1, 0, 1]
    copy = pickle.loads(pickle.dumps(factor))
    assert copy.holds == factor.holds


def test_the_hour_that_comes_twice_is_two_groups() -> None:
    hours = pd.Series(pd.to_datetime(["2024-10-27 00:30", "2024-10-27 01:30"], utc=True))
    factor = read_table({"h": hours.dt.tz_convert("Europe/Vienna")})["h"]
    assert factor.levels == ("2024-10-27 02:30:00+02:00", "2024-10-27 02:30:00+01:00")


def test_nanoseconds_keep_groups_apart() -> None:
    stamps = pa.array([1, 2, 1], pa.timestamp("ns"))
    times = pa.array([1, 2, 1], pa.time64("ns"))
    table = read_table(pa.table({"s": stamps, "t": times}))
    assert table["s"].levels[0] == "1970-01-01 00:00:00.000000001"
    assert table["t"].levels == ("00:00:00.000000001", "00:00:00.000000002")


class Colour(enum.Enum):
    red = 1
    blue = 2


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([[1, 2]]),
        pl.Series([{"a": 1}]),
        pd.Series([1 + 2j]),
        pd.Series([1 + 2j], dtype=object),
        pd.Series([[1]], dtype=object),
        pd.Series([Colour.red, Colour.blue]),
        pd.Series([dt.date(2020, 1, 1), dt.datetime(2020, 1, 1)], dtype=object),
        pd.Series([1, "a"], dtype=object),
    ],
    ids=str,
)
def test_values_without_order_are_refused_only_when_asked_for(column: Any) -> None:
    data = {"v": column, "x": np.ones(len(column))}
    assert read_table(data, ["x"]).names == ("x",)
    with pytest.raises(DataError, match="column 'v' is neither numbers nor labels"):
        read_table(data)


def _rows() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(3)
    code = np.repeat(np.arange(24), 6)
    y = rng.normal(size=24)[code] + rng.normal(size=144)
    return pd.DataFrame({"y": y, "x": rng.normal(size=144), "h": code % 4}), code


KINDS = {
    "dates": lambda c: pd.to_datetime("2024-01-01") + pd.to_timedelta(c, unit="D"),
    "with a zone": lambda c: (
        pd.to_datetime("2024-01-01") + pd.to_timedelta(c, unit="D")
    ).tz_localize("Europe/Vienna"),
    "identifiers": lambda c: c.astype(np.int64) + 2**60,
    "unsigned identifiers": lambda c: c.astype(np.uint64) + np.uint64(2**63 + 1),
    "bytes": lambda c: pd.Series([bytes([200, i]) for i in c]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (1 | g)",
        "y ~ x + (1 | h/g)",
        "y ~ within(x, g) + between(x, g) + (x | g)",
        "y ~ x + factor(g) + (1 | h)",
    ],
)
def test_models_are_those_of_the_same_labels_as_text(kind: str, formula: str) -> None:
    data, code = _rows()
    text = rn.lmm(formula, data.assign(g=[f"{i:02d}" for i in code]))
    typed = data.assign(g=KINDS[kind](code))
    fit = rn.lmm(formula, typed)
    assert fit.criterion == pytest.approx(text.criterion, rel=1e-12)
    assert fit.predict(typed.iloc[:9]).tolist() == pytest.approx(fit.fitted[:9].tolist())
    parquet = pa.Table.from_pandas(typed, preserve_index=False)
    assert rn.lmm(formula, parquet).criterion == pytest.approx(text.criterion, rel=1e-12)


def test_centring_and_structure_by_dates() -> None:
    data, code = _rows()
    data["g"] = KINDS["dates"](code)
    means = data.groupby("g")["x"].transform("mean")
    centred = rn.center(data, "x", by="g")
    np.testing.assert_allclose(centred["x_between"], means, rtol=0, atol=1e-14)
    structure = rn.structure(data, groups=["h", "g"])
    assert structure.groups["n_groups"].tolist() == [4, 24]
    assert structure.relations["relation"].tolist() == ["nested"]


def test_new_data_find_their_groups_whatever_their_type() -> None:
    data, code = _rows()
    fit = rn.lmm("y ~ x + (1 | g)", data.assign(g=KINDS["dates"](code)))
    text = data.assign(g=KINDS["dates"](code).strftime("%Y-%m-%d"))
    np.testing.assert_array_equal(fit.predict(text), fit.fitted)
    fit = rn.lmm("y ~ x + (1 | g)", data.assign(g=np.where(code, code, 2**60)))
    small = data.assign(g=code)[code > 0]
    np.testing.assert_array_equal(fit.predict(small), fit.fitted[code > 0])


@pytest.mark.parametrize("kind", ["dates", "with a zone", "identifiers"])
@pytest.mark.parametrize("formula", ["y ~ g + (1 | h)", "y ~ I(g^2) + (1 | h)", "y ~ 1 + (g | h)"])
def test_a_predictor_says_what_it_means(kind: str, formula: str) -> None:
    data, code = _rows()
    with pytest.raises(DataError, match="the predictor 'g' holds") as caught:
        rn.lmm(formula, data.assign(g=KINDS[kind](code)))
    assert "factor(g)" in caught.value.fix


def test_an_infinite_group_is_a_group_with_a_finding() -> None:
    data, code = _rows()
    text = rn.lmm("y ~ x + (1 | g)", data.assign(g=[f"{i:02d}" for i in code]))
    for value in (np.inf, -np.inf):
        fit = rn.lmm("y ~ x + (1 | g)", data.assign(g=np.where(code == 3, value, code)))
        assert fit.criterion == pytest.approx(text.criterion, rel=1e-12)
        (found,) = [f for f in fit.findings if f.code == "numeric-group"]
        assert "infinite" in found.message
        assert str(value) in fit.ranef()["g"].index
    rn.center(data.assign(g=np.where(code == 3, np.inf, code)), "x", by="g")
