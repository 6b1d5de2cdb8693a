"""Centring: laws, frame types, levels, refusals."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranef import datasets
from ranef.errors import DataError, OptionError, UnknownColumnError
from ranef.explore.center import center

PUPILS = pd.DataFrame(
    {
        "school": ["a", "a", "b", "b", "b"],
        "ses": [1.0, 3.0, 4.0, np.nan, 8.0],
        "size": [10, 10, 30, 30, 30],
    },
    index=[5, 3, 3, 8, 1],
)

numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
rows = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("uvw"), st.none() | numbers),
    min_size=1,
    max_size=40,
)


def _frame(drawn: list[tuple[str, str, float | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(drawn, columns=["g", "h", "x"])
    return frame.assign(x=frame["x"].astype(float))


@settings(max_examples=40, deadline=None)
@given(rows, st.sampled_from([0.0, 1e9]))
def test_within_sums_to_zero_and_the_parts_add_up(
    drawn: list[tuple[str, str, float | None]], offset: float
) -> None:
    frame = _frame(drawn)
    frame["x"] += offset
    out = center(frame, "x", by="g")
    scale = 1.0 + float(np.nanmax(np.abs(frame["x"].fillna(0.0))))
    sums = out.groupby("g")["x_within"].sum()
    assert np.abs(sums).max() <= 1e-12 * scale * len(frame)
    np.testing.assert_allclose(
        out["x_within"] + out["x_between"], frame["x"], rtol=0, atol=1e-15 * scale * 4
    )
    expected = frame.groupby("g")["x"].transform("mean")
    np.testing.assert_allclose(out["x_between"], expected, rtol=1e-12, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(drawn: list[tuple[str, str, float | None]], random: Any) -> None:
    frame = _frame(drawn)
    order = list(range(len(frame)))
    random.shuffle(order)
    direct = center(frame, "x", by="g").iloc[order]
    shuffled = center(frame.iloc[order], "x", by="g")
    pd.testing.assert_frame_equal(direct, shuffled, rtol=1e-12, atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(rows)
def test_nested_parts_add_up_and_sum_to_zero_one_step_up(
    drawn: list[tuple[str, str, float | None]],
) -> None:
    frame = _frame(drawn)
    frame["child"] = frame["g"] + frame["h"]
    same = frame["child"].nunique() == frame["g"].nunique()
    out = center(frame, "x", by=["g", "child"] if same else ["child", "g"])
    present = out.dropna(subset=["x"])
    atol = 1e-9 * (1.0 + present["x"].abs().max() if len(present) else 1.0)
    assert list(out.columns[-3:]) == ["x_within", "x_between_g", "x_between_child"]
    parts = out["x_within"] + out["x_between_child"] + out["x_between_g"]
    np.testing.assert_allclose(parts, frame["x"], rtol=0, atol=atol)
    assert (present.groupby("child")["x_within"].sum().abs() <= atol * len(frame)).all()
    assert (present.groupby("g")["x_between_child"].sum().abs() <= atol * len(frame)).all()


def test_three_levels_by_hand() -> None:
    frame = pd.DataFrame(
        {"school": [1, 1, 1, 2], "child": [11, 11, 12, 21], "x": [1.0, 3.0, 8.0, 5.0]}
    )
    out = center(frame, "x", by=["school", "child"])
    assert out["x_within"].tolist() == [-1.0, 1.0, 0.0, 0.0]
    assert out["x_between_child"].tolist() == [-2.0, -2.0, 4.0, 0.0]
    assert out["x_between_school"].tolist() == [4.0, 4.0, 4.0, 5.0]


def test_crossed_by_hand() -> None:
    frame = pd.DataFrame({"a": list("uuvv"), "b": list("zwzw"), "x": [1.0, 2.0, 5.0, 10.0]})
    out = center(frame, "x", by=["a", "b"])
    assert list(out.columns[3:]) == ["x_within", "x_between_a", "x_between_b"]
    assert out["x_between_a"].tolist() == [1.5, 1.5, 7.5, 7.5]
    assert out["x_between_b"].tolist() == [3.0, 6.0, 3.0, 6.0]
    assert out["x_within"].tolist() == [1.0, -1.0, -1.0, 1.0]


def test_three_crossed_factors_sum_to_zero_in_balanced_data() -> None:
    grid = pd.MultiIndex.from_product([range(3), range(2), range(4)], names=["a", "b", "c"])
    frame = grid.to_frame(index=False)
    frame["x"] = np.random.default_rng(1).normal(size=len(frame))
    out = center(frame, "x", by=["a", "b", "c"])
    for factor in ("a", "b", "c"):
        assert out.groupby(factor)["x_within"].sum().abs().max() < 1e-12


def test_nested_and_crossed_mixed_is_refused() -> None:
    grid = pd.MultiIndex.from_product([range(4), range(2)], names=["child", "item"])
    frame = grid.to_frame(index=False).assign(x=1.0)
    frame["school"] = frame["child"] // 2
    with pytest.raises(OptionError, match="mixes nested and crossed") as caught:
        center(frame, "x", by=["school", "child", "item"])
    assert "child nested in school" in caught.value.found


def test_labels_reused_need_the_interaction() -> None:
    pastes = datasets.load("pastes")
    reused = center(pastes, "strength", by=["batch", "batch:cask"])
    unique = center(pastes, "strength", by=["batch", "sample"])
    np.testing.assert_array_equal(reused["strength_within"], unique["strength_within"])
    np.testing.assert_array_equal(
        reused["strength_between_batch_cask"], unique["strength_between_sample"]
    )


@pytest.mark.parametrize("kind", ["pandas", "polars", "lazy", "pyarrow", "duckdb", "mapping"])
def test_the_same_frame_type_comes_back(kind: str) -> None:
    table = pa.Table.from_pandas(PUPILS, preserve_index=False)
    frames: dict[str, Any] = {
        "pandas": PUPILS,
        "polars": pl.from_arrow(table),
        "lazy": pl.from_arrow(table).lazy(),
        "pyarrow": table,
        "duckdb": duckdb.from_arrow(table),
        "mapping": {name: PUPILS[name].to_numpy() for name in PUPILS},
    }
    before = frames[kind]
    out = center(before, "ses", by="school")
    assert type(out) is (pa.Table if kind == "duckdb" else type(before))
    if kind == "lazy":
        out = out.collect()
    if kind == "pandas":
        assert out.index.tolist() == PUPILS.index.tolist()
        assert list(before.columns) == ["school", "ses", "size"]
    within = pd.Series(list(out["ses_within"])).map(lambda v: getattr(v, "as_py", lambda: v)())
    between = pd.Series(list(out["ses_between"])).map(lambda v: getattr(v, "as_py", lambda: v)())
    np.testing.assert_array_equal(within.astype(float), [-1.0, 1.0, -2.0, np.nan, 2.0])
    np.testing.assert_array_equal(between.astype(float), [2.0, 2.0, 6.0, 6.0, 6.0])
    if kind in ("polars", "lazy"):
        assert out["ses_within"].null_count() == 1
    if kind == "pyarrow":
        assert out["ses_within"].null_count == 1


def test_the_input_never_changes() -> None:
    before = PUPILS.copy(deep=True)
    center(center(PUPILS, "ses", by="school"), "ses", by="school", overwrite=True)
    pd.testing.assert_frame_equal(PUPILS, before)


def test_a_missing_group_has_no_parts() -> None:
    frame = pd.DataFrame({"g": ["a", None, "a"], "x": [1.0, 5.0, 3.0]})
    out = center(frame, "x", by="g")
    np.testing.assert_array_equal(out["x_within"], [-1.0, np.nan, 1.0])
    np.testing.assert_array_equal(out["x_between"], [2.0, np.nan, 2.0])


def test_grand_mean_at_rows_and_at_groups() -> None:
    assert center(PUPILS, "size", how="grand")["size_grand"].tolist() == [-12, -12, 8, 8, 8]
    at_groups = center(PUPILS, "size", by="school", how="grand", at="group")
    assert at_groups["size_grand"].tolist() == [-10, -10, 10, 10, 10]
    pd.testing.assert_frame_equal(at_groups, center(PUPILS, "size", by="school", at="group"))


def test_a_group_variable_within_outer_groups() -> None:
    frame = pd.DataFrame(
        {
            "school": ["s", "s", "s", "t"],
            "room": ["s1", "s1", "s2", "t1"],
            "pupils": [20.0, 20.0, 30.0, 7.0],
        }
    )
    out = center(frame, "pupils", by=["school", "room"], at="group")
    assert out["pupils_within"].tolist() == [-5.0, -5.0, 5.0, 0.0]
    assert out["pupils_between"].tolist() == [25.0, 25.0, 25.0, 7.0]


def test_a_variable_that_varies_is_not_of_the_group() -> None:
    with pytest.raises(DataError, match="'ses' varies within school") as caught:
        center(PUPILS, "ses", by="school", at="group")
    assert caught.value.found == "several values in school a, b"


def test_several_columns_in_one_call() -> None:
    listed = center(PUPILS, ["ses", "size"], by="school")
    pd.testing.assert_frame_equal(listed, center(PUPILS, "ses", "size", by="school"))
    assert list(listed.columns[3:]) == ["ses_within", "ses_between", "size_within", "size_between"]


def test_names_that_are_taken() -> None:
    once = center(PUPILS, "ses", by="school")
    with pytest.raises(DataError, match="already have 'ses_within', 'ses_between'"):
        center(once, "ses", by="school")
    spoilt = once.assign(ses_within=0.0)
    pd.testing.assert_frame_equal(center(spoilt, "ses", by="school", overwrite=True), once)
    renamed = center(once, "ses", by="school", suffixes={"within": "_w", "between": "_b"})
    assert list(renamed.columns[-2:]) == ["ses_w", "ses_b"]


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_overwriting_in_other_frames(kind: str) -> None:
    table = pa.table({"g": ["a", "a"], "x": [1.0, 3.0], "x_within": [9.0, 9.0]})
    frame: Any = pl.from_arrow(table) if kind == "polars" else table
    out = center(frame, "x", by="g", overwrite=True)
    assert list(out["x_within"].to_numpy()) == [-1.0, 1.0]
    assert len(out.columns) == 4
    assert list(frame["x_within"].to_numpy()) == [9.0, 9.0]


@pytest.mark.parametrize(
    ("arguments", "options", "error", "match"),
    [
        (["ses"], {}, OptionError, 'how="within" needs grouping columns'),
        (["size"], {"at": "group", "how": "grand"}, OptionError, 'at="group" needs grouping'),
        (["ses"], {"by": "school", "how": "both"}, OptionError, "unknown how"),
        (["ses"], {"by": "school", "at": "top"}, OptionError, "unknown at"),
        (["ses"], {"by": []}, OptionError, "by names no column"),
        (["ses"], {"by": ["school", "school"]}, OptionError, "twice"),
        ([], {"by": "school"}, OptionError, "the columns to centre names no column"),
        (["ses"], {"by": "school", "suffixes": {"out": "_o"}}, OptionError, "unknown key"),
        (["sess"], {"by": "school"}, UnknownColumnError, "unknown column 'sess'"),
        (["ses"], {"by": "shool"}, UnknownColumnError, "unknown column 'shool'"),
        (["school"], {"how": "grand"}, DataError, "'school' is not numeric"),
    ],
)
def test_refusals(
    arguments: list[str], options: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        center(PUPILS, *arguments, **options)


def test_infinite_values_are_refused() -> None:
    with pytest.raises(DataError, match="'x' has infinite values"):
        center({"x": [1.0, np.inf]}, "x", how="grand")


def test_crossed_factors_are_no_unit() -> None:
    frame = pd.DataFrame({"a": list("uuvv"), "b": list("zwzw"), "x": 1.0})
    with pytest.raises(OptionError, match="nested ones"):
        center(frame, "x", by=["a", "b"], at="group")


def test_hsb_school_means() -> None:
    hsb = datasets.load("hsb")
    out = center(hsb, "ses", by="sch.id")
    expected = hsb["ses"] - hsb.groupby("sch.id")["ses"].transform("mean")
    np.testing.assert_allclose(out["ses_within"], expected, rtol=0, atol=1e-14)
