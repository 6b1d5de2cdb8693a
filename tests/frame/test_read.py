"""Any frame gives the same plain columns."""

from __future__ import annotations

import pickle
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ranef.errors import DataError, UnknownColumnError
from ranef.frame import read_table

ROWS = pd.DataFrame(
    {
        "sch.id": [3, 1, 3, 2],
        "y": [0.5, np.nan, 2.5, -1.0],
        "flag": [True, False, True, True],
        "text": ["b", "a", None, "B"],
    }
)


def _frames() -> dict[str, object]:
    table = pa.Table.from_pandas(ROWS, preserve_index=False)
    polars = pl.from_arrow(table)
    assert isinstance(polars, pl.DataFrame)
    return {
        "pandas": ROWS,
        "pandas index": ROWS.set_axis([9, 4, 4, 1]),
        "pandas nullable": ROWS.convert_dtypes(),
        "pandas arrow": ROWS.convert_dtypes(dtype_backend="pyarrow"),
        "pandas objects": ROWS.astype(object),
        "polars": polars,
        "polars lazy": polars.lazy(),
        "pyarrow": table,
        "pyarrow chunks": pa.concat_tables([table.slice(0, 1), table.slice(1)]),
        "record batch": table.to_batches()[0],
        "duckdb": duckdb.from_arrow(table),
        "mapping": {name: ROWS[name].tolist() for name in ROWS},
        "mapping of series": {
            "sch.id": polars["sch.id"],
            "y": ROWS["y"].to_numpy(),
            "flag": pa.array([True, False, True, True]),
            "text": ROWS["text"],
        },
    }


@pytest.mark.parametrize("kind", _frames())
def test_all_frames_agree(kind: str) -> None:
    table = read_table(_frames()[kind])
    assert table.n_rows == 4
    assert table.names == ("sch.id", "y", "flag", "text")
    np.testing.assert_array_equal(table["sch.id"].values, [3.0, 1.0, 3.0, 2.0])
    np.testing.assert_array_equal(table["y"].values, [0.5, np.nan, 2.5, -1.0])
    np.testing.assert_array_equal(table["flag"].values, [1.0, 0.0, 1.0, 1.0])
    assert table["text"].levels == ("B", "a", "b")
    assert table["text"].values.tolist() == [2, 1, -1, 0]
    for name in ("sch.id", "y", "flag"):
        assert table[name].kind == "number"
        assert table[name].values.dtype == np.float64
    assert table["text"].kind == "factor"
    assert table["text"].values.dtype == np.int32
    assert not any(column.values.flags.writeable for column in table.columns.values())


@pytest.mark.parametrize(
    "column",
    [
        pd.array([1, None, 0], dtype="Int64"),
        pd.array([True, None, False], dtype="boolean"),
        pd.array([1.0, None, 0.0], dtype="Float32"),
        pd.array([1.0, None, 0.0], dtype=pd.ArrowDtype(pa.float64())),
        pd.array([1, None, 0], dtype=pd.ArrowDtype(pa.decimal128(5, 2))),
        pd.Series([Decimal("1"), None, Decimal("0")], dtype=object),
        pd.Series([True, None, False], dtype=object),
        pd.Series([1, None, 0.0], dtype=object),
        pd.arrays.SparseArray([1.0, np.nan, 0.0]),
        pl.Series([1, None, 0], dtype=pl.UInt8),
        pl.Series([True, None, False]),
        pl.Series([Decimal("1"), None, Decimal("0")]),
        pl.Series([1.0, None, 0.0], dtype=pl.Float32),
        pa.array([1, None, 0], pa.int8()),
        pa.array([True, None, False]),
        pa.array([Decimal("1"), None, Decimal("0")]),
        pa.array([1.0, None, 0.0], pa.float16()),
    ],
    ids=lambda column: f"{type(column).__name__}-{getattr(column, 'dtype', None)}",
)
def test_numbers_with_gaps(column: object) -> None:
    table = read_table({"x": column})
    assert table["x"].kind == "number"
    np.testing.assert_array_equal(table["x"].values, [1.0, np.nan, 0.0])


@pytest.mark.parametrize(
    "column",
    [[None, None], pl.Series([None, None]), pa.array([None, None])],
    ids=["list", "polars", "pyarrow"],
)
def test_all_missing_is_a_number_column(column: object) -> None:
    assert np.isnan(read_table({"x": column})["x"].values).all()


@pytest.mark.parametrize(
    ("column", "ordered"),
    [
        (pd.Categorical(["lo", None, "hi"], ["lo", "mid", "hi"], ordered=True), True),
        (pd.Categorical(["lo", None, "hi"], ["lo", "mid", "hi"]), False),
        (pl.Series(["lo", None, "hi"], dtype=pl.Enum(["lo", "mid", "hi"])), False),
        (pa.DictionaryArray.from_arrays([0, None, 2], ["lo", "mid", "hi"]), False),
        (pa.DictionaryArray.from_arrays([0, None, 2], ["lo", "mid", "hi"], ordered=True), True),
    ],
    ids=["ordered", "categorical", "enum", "dictionary", "ordered dictionary"],
)
def test_category_order_is_the_users(column: object, ordered: bool) -> None:
    factor = read_table({"f": column})["f"]
    assert factor.levels == ("lo", "mid", "hi")
    assert factor.values.tolist() == [0, -1, 2]
    assert factor.ordered is ordered


def test_duckdb_enum_keeps_its_order() -> None:
    relation = duckdb.sql("select 'a'::ENUM('z', 'a') as f, 1 as \"odd \"\"name\"")
    table = read_table(relation, ["f", 'odd "name'])
    assert table["f"].levels == ("z", "a")
    assert table["f"].values.tolist() == [1]
    assert table["f"].source_type.startswith("ENUM")


def test_polars_categorical_is_sorted_as_strings() -> None:
    column = pl.Series(["b", "a", None, "b"], dtype=pl.Categorical)
    factor = read_table(pl.DataFrame({"f": column}))["f"]
    assert factor.levels == ("a", "b")
    assert factor.values.tolist() == [1, 0, -1, 1]


def test_arrow_chunks_with_different_dictionaries() -> None:
    chunks = pa.chunked_array(
        [pa.array(["u", "v"]).dictionary_encode(), pa.array(["w", "u"]).dictionary_encode()]
    )
    factor = read_table({"f": chunks})["f"]
    assert [factor.levels[code] for code in factor.values] == ["u", "v", "w", "u"]


def test_a_null_in_an_arrow_dictionary_is_missing() -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array(["u", None, "w"]))
    factor = read_table({"f": column})["f"]
    assert factor.levels == ("u", "w")
    assert factor.values.tolist() == [0, -1, 1]


@pytest.mark.parametrize("categories", [[10, 2], [10.0, 2.0]])
def test_categories_that_are_numbers(categories: list[float]) -> None:
    factor = read_table(pd.DataFrame({"f": pd.Categorical([2, 10, 2], categories)}))["f"]
    assert factor.levels == ("10", "2")
    assert factor.values.tolist() == [1, 0, 1]


def test_categories_that_read_the_same_are_refused() -> None:
    with pytest.raises(DataError, match="two categories of 'f' have the same name"):
        read_table(pd.DataFrame({"f": pd.Categorical([1, "1"], [1, "1"])}))


def test_strings_sort_by_code_point() -> None:
    words = ["ä", "b", "Z", "a", "10", "9", ""]
    for frame in (pd.DataFrame({"f": words}), pl.DataFrame({"f": words}), pa.table({"f": words})):
        assert read_table(frame)["f"].levels == ("", "10", "9", "Z", "a", "b", "ä")


def test_float64_is_not_copied_and_cannot_be_written() -> None:
    values = np.array([1.0, 2.0])
    read = read_table({"x": values})["x"].values
    assert read is not values
    with pytest.raises(ValueError, match="read-only"):
        read[0] = 9.0
    frame = pd.DataFrame({"x": values})
    assert np.shares_memory(read_table(frame)["x"].values, frame["x"].to_numpy())


def test_text_mixed_with_numbers_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        read_table(pd.DataFrame({"x": pd.Series([1, "a"], dtype=object)}))
    assert "int (1), str ('a')" in caught.value.found


def test_identifiers_that_floats_would_merge_are_labels() -> None:
    ids = [2**53 + 1, 2**53]
    for frame in (pd.DataFrame({"id": ids}), pl.DataFrame({"id": ids}), pa.table({"id": ids})):
        column = read_table(frame)["id"]
        assert column.levels == (str(2**53), str(2**53 + 1))
        assert column.names_groups_only
    assert read_table({"id": [2**53]})["id"].values[0] == 2**53


def test_a_repeated_name_is_refused_where_it_is_asked_for() -> None:
    frames = (
        pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]),
        pa.Table.from_arrays([pa.array([i]) for i in (1, 2, 3)], names=["a", "b", "a"]),
        duckdb.sql("select 1 as a, 2 as b, 3 as a"),
    )
    for frame in frames:
        assert read_table(frame, ["b"])["b"].values.tolist() == [2.0]
        with pytest.raises(DataError, match="share the name 'a'") as caught:
            read_table(frame, ["a", "b"])
        assert caught.value.found == "'a' 2 times"


@pytest.mark.parametrize(
    ("data", "found", "fix"),
    [
        (None, "NoneType", "pandas, Polars"),
        ([[1, 2]], "list", "pandas.DataFrame(rows)"),
        ("hsb.csv", "str", "read_csv"),
        (np.ones((2, 2)), "numpy.ndarray", "name its columns"),
        (pd.Series([1]), "Series", "whole frame"),
        (pl.Series([1]), "Series", "whole frame"),
        (pa.array([1]), "Int64Array", "pandas, Polars"),
        (3, "int", "pandas, Polars"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_frame(data: object, found: str, fix: str) -> None:
    with pytest.raises(DataError, match="the data argument is not a data frame") as caught:
        read_table(data)
    assert found in caught.value.found
    assert fix in caught.value.fix


def test_unknown_column_names_what_there_is() -> None:
    with pytest.raises(UnknownColumnError) as caught:
        read_table(ROWS, ["y", "txt"])
    assert str(caught.value) == (
        "unknown column 'txt'\n"
        "  found  columns sch.id, y, flag, text\n"
        "  fix    did you mean 'text'?"
    )


@pytest.mark.parametrize("data", [ROWS.head(0), pl.DataFrame({"x": []}), {"x": []}, {}])
def test_no_rows(data: object) -> None:
    with pytest.raises(DataError, match="the data have no rows"):
        read_table(data)


def test_mapping_of_unequal_lengths() -> None:
    with pytest.raises(DataError, match="differ in length"):
        read_table({"x": [1.0], "y": [1.0, 2.0]})


@pytest.mark.parametrize("value", ["abc", 3.0, np.ones((2, 2))])
def test_mapping_with_a_value_that_is_no_column(value: object) -> None:
    with pytest.raises(DataError, match="column 'x' of the mapping is not"):
        read_table({"x": value})


def test_no_columns_asked_for_still_counts_rows() -> None:
    assert read_table(ROWS, []).n_rows == 4


def test_whole_numbers_stay_what_they_are_until_somebody_asks_for_floats() -> None:
    ids = np.array([3, 1, 2], dtype=np.int64)
    column = read_table(pd.DataFrame({"g": ids}))["g"]
    assert column.stored.dtype == np.int64
    assert column.values.dtype == np.float64
    assert column.values is column.values
    assert column.taken(np.array([2, 0])).values.tolist() == [2.0, 3.0]
    assert pickle.loads(pickle.dumps(column)).values.tolist() == [3.0, 1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        column.values[0] = 1.0


def test_private_columns_are_not_copied_again() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "s": ["b", "a"]})
    table = read_table(frame)
    kept = table.private()
    assert np.shares_memory(table["s"].values, kept["s"].values)
    copies_on_write = int(pd.__version__.split(".")[0]) >= 3
    assert np.shares_memory(frame["x"].to_numpy(), kept["x"].values) is copies_on_write
    fortran = np.asfortranarray(np.arange(8.0).reshape(4, 2))
    strided = read_table(pd.DataFrame(np.ascontiguousarray(fortran), columns=["a", "b"]))
    assert strided["b"].values.flags.c_contiguous
