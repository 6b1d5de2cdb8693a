"""Data that have made other implementations answer wrongly or in silence."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import ranef as rn

SLEEP = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy")


@pytest.fixture(scope="module")
def sleep_fit(sleep: pd.DataFrame) -> Any:
    return rn.lmm(SLEEP, sleep)


def same(one: Any, two: Any) -> None:
    assert one.criterion == pytest.approx(two.criterion, abs=1e-8)
    np.testing.assert_allclose(one.fixef, two.fixef, rtol=1e-7)
    assert list(one.fixef.index) == list(two.fixef.index)
    for group, frame in one.ranef().items():
        other = two.ranef()[group]
        assert list(frame.index) == list(other.index)
        np.testing.assert_allclose(frame, other, rtol=1e-5, atol=1e-6)


def test_every_frame_gives_the_same_fit(sleep: pd.DataFrame, sleep_fit: Any) -> None:
    table = rn.datasets.load("sleepstudy", "pyarrow")
    frames = {
        "polars": rn.datasets.load("sleepstudy", "polars"),
        "lazy": rn.datasets.load("sleepstudy", "polars").lazy(),
        "pyarrow": table,
        "duckdb": duckdb.from_arrow(table),
        "mapping": {name: sleep[name].to_numpy() for name in sleep},
        "odd index": sleep.set_axis(np.arange(180) % 7),
    }
    for frame in frames.values():
        same(rn.lmm(SLEEP, frame), sleep_fit)


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_nullable_columns(sleep: pd.DataFrame, sleep_fit: Any, backend: Any) -> None:
    same(rn.lmm(SLEEP, sleep.convert_dtypes(dtype_backend=backend)), sleep_fit)


def test_nullable_columns_with_gaps(sleep: pd.DataFrame) -> None:
    gaps = sleep.assign(Days=sleep["Days"].astype("Int64"))
    gaps.loc[[4, 90], "Days"] = pd.NA
    fit = rn.lmm(SLEEP, gaps)
    same(fit, rn.lmm(SLEEP, sleep.drop(index=[4, 90])))
    assert fit.missing_rows.rows.tolist() == [4, 90]


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint16", "float32", "Int32", "boolean"])
def test_any_number_type(sleep: pd.DataFrame, dtype: str) -> None:
    day = (sleep["Days"] % 2 if dtype == "boolean" else sleep["Days"]).astype("float64")
    plain = rn.lmm("Reaction ~ x + (1 | Subject)", sleep.assign(x=day))
    typed = rn.lmm("Reaction ~ x + (1 | Subject)", sleep.assign(x=day.astype(dtype)))
    same(typed, plain)


@pytest.mark.parametrize("dtype", ["int64", "int16", "Int64", "float32"])
def test_integer_response(dtype: str) -> None:
    data = rn.datasets.load("dyestuff")
    as_float = data.assign(Yield=data["Yield"].astype("float64"))
    formula = "Yield ~ 1 + (1 | Batch)"
    same(rn.lmm(formula, data.assign(Yield=data["Yield"].astype(dtype))), rn.lmm(formula, as_float))


def test_boolean_predictor_keeps_its_plain_name(sleep: pd.DataFrame) -> None:
    flagged = sleep.assign(late=sleep["Days"] > 4)
    numbers = flagged.assign(late=flagged["late"].astype(float))
    formula = "Reaction ~ late + (late | Subject)"
    fit = rn.lmm(formula, flagged)
    assert list(fit.fixef.index) == ["Intercept", "late"]
    same(fit, rn.lmm(formula, numbers))


def test_grouping_factors_are_factors_whatever_their_type(sleep: pd.DataFrame) -> None:
    numbers = sleep["Subject"].astype(str).astype(int)
    fits = [
        rn.lmm(SLEEP, sleep.assign(Subject=column))
        for column in (numbers, numbers.astype(float), numbers.astype(str), sleep["Subject"])
    ]
    for fit in fits[1:]:
        same(fit, fits[0])
    assert list(fits[0].ranef()["Subject"].index[:2]) == ["308", "309"]


@pytest.mark.parametrize(
    "levels", [["1", "2", "3"], pd.Categorical([1, 2, 3]), pd.Categorical(["1", "2", "3"])]
)
def test_levels_that_are_digits_keep_their_names(sleep: pd.DataFrame, levels: Any) -> None:
    third = pd.Series(levels).repeat(60).reset_index(drop=True)
    fit = rn.lmm("Reaction ~ third + (1 | Subject)", sleep.assign(third=third))
    assert list(fit.fixef.index) == ["Intercept", "third[T.2]", "third[T.3]"]


def test_a_response_of_digits_is_text_and_no_number(sleep: pd.DataFrame) -> None:
    text = sleep.assign(Reaction=sleep["Reaction"].round().astype(int).astype(str))
    with pytest.raises(rn.errors.DataError, match="'Reaction' is not numeric"):
        rn.lmm(SLEEP, text)


@pytest.mark.parametrize("ordered", [False, True])
def test_the_reference_level_is_the_users_first(ordered: bool) -> None:
    data = rn.datasets.load("machines").astype({"Worker": str})
    order = ["C", "A", "B"]
    data["Machine"] = pd.Categorical(data["Machine"].astype(str), order, ordered=ordered)
    formula = "score ~ Machine + (1 | Worker)"
    fit = rn.lmm(formula, data)
    assert list(fit.fixef.index) == ["Intercept", "Machine[T.A]", "Machine[T.B]"]
    enum = pl.from_pandas(data.astype({"Machine": str})).with_columns(
        pl.col("Machine").cast(pl.Enum(order))
    )
    same(rn.lmm(formula, enum), fit)
    as_dictionary = pa.table(
        {
            "score": data["score"],
            "Worker": data["Worker"],
            "Machine": pa.DictionaryArray.from_arrays(
                data["Machine"].cat.codes.to_numpy(), pa.array(order)
            ),
        }
    )
    same(rn.lmm(formula, as_dictionary), fit)


def test_missing_rows_are_dropped_counted_and_named(sleep: pd.DataFrame) -> None:
    gaps = sleep.astype({"Subject": object}).assign(unused=np.nan)
    gaps.loc[[2, 7], "Reaction"] = np.nan
    gaps.loc[[7, 30], "Days"] = np.nan
    gaps.loc[100, "Subject"] = None
    fit = rn.lmm(SLEEP, gaps)
    assert fit.nobs == 176
    assert fit.missing_rows.rows.tolist() == [2, 7, 30, 100]
    assert fit.missing_rows.n_total == 180
    assert dict(fit.missing_rows.by_column) == {"Reaction": 2, "Days": 2, "Subject": 1}
    same(fit, rn.lmm(SLEEP, sleep.drop(index=[2, 7, 30, 100])))
    assert fit.fitted.shape == fit.residuals().shape == (176,)


def test_missing_weights_and_offsets_drop_their_rows(sleep: pd.DataFrame) -> None:
    weights, offset = np.ones(180), np.zeros(180)
    weights[3], offset[5] = np.nan, np.nan
    fit = rn.lmm(SLEEP, sleep, weights=weights, offset=offset)
    assert fit.missing_rows.rows.tolist() == [3, 5]
    same(fit, rn.lmm(SLEEP, sleep.drop(index=[3, 5])))


def test_missing_rows_can_be_refused(sleep: pd.DataFrame) -> None:
    gaps = sleep.assign(Days=sleep["Days"].where(sleep["Days"] != 3))
    with pytest.raises(rn.errors.DataError, match="18 of 180 rows have missing values"):
        rn.lmm(SLEEP, gaps, missing="raise")
    assert rn.lmm(SLEEP, sleep, missing="raise").nobs == 180


@pytest.mark.parametrize(("ratio", "accepted"), [(0.99e15, True), (1.01e15, False)])
def test_weights_differ_by_what_double_precision_holds(
    sleep: pd.DataFrame, ratio: float, accepted: bool
) -> None:
    """Fifteen decades: beyond them rows of small weight are rounding errors of the others."""
    weighted = sleep.assign(w=np.where(np.arange(len(sleep)) % 9 == 0, 1.0 / ratio, 1.0))
    if accepted:
        fit = rn.lmm("Reaction ~ Days + (1 | Subject)", weighted, weights="w")
        heavy = rn.lmm("Reaction ~ Days + (1 | Subject)", weighted[weighted["w"] == 1.0])
        # sigma and theta are not the same: every row counts in n, whatever its weight.
        np.testing.assert_allclose(fit.fixef, heavy.fixef, rtol=1e-3)
    else:
        with pytest.raises(rn.DataError, match="differ by too much for double precision"):
            rn.lmm("Reaction ~ Days + (1 | Subject)", weighted, weights="w")
