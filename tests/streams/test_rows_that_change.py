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


ASKED: dict[str, Any] = {
    "r2": lambda fit, folder: fit.r2(),
    "anova": lambda fit, folder: fit.anova(type=1),
    "contextual": lambda fit, folder: fit.contextual("x"),
    "predictions": lambda fit, folder: fit.predictions(),
    "slopes": lambda fit, folder: fit.slopes("x"),
    "augment": lambda fit, folder: fit.augment(to=folder / "out.parquet"),
}


def _more(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows, rows.iloc[:5]])


def _moved(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(x=rows["x"] + 1e-3)


@pytest.mark.parametrize("change", [_more, _moved])
@pytest.mark.parametrize("asked", ASKED)
def test_a_file_that_was_replaced_is_noticed(tmp_path: Path, asked: str, change: Any) -> None:
    path = tmp_path / "rows.parquet"
    _rows(1).to_parquet(path)
    fit = rn.lmm(FORMULA, path, weights="w")
    change(_rows(1)).to_parquet(path)
    with pytest.raises(DataError, match="no longer those of the fit"):
        ASKED[asked](fit, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["rows.parquet"]


def test_other_responses_are_not_put_beside_fitted_values(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    _rows(1).to_parquet(path)
    fit = rn.lmm(FORMULA, path)
    _rows(1).assign(y=lambda rows: rows["y"] * 1.01).to_parquet(path)
    with pytest.raises(DataError, match="another mean of y"):
        fit.augment(to=tmp_path / "out.parquet")


@pytest.mark.parametrize("asked", ASKED)
def test_the_same_rows_in_another_order_are_the_same(tmp_path: Path, asked: str) -> None:
    """Also if values are missing, and in a model of fewer variables than were summed."""
    path = tmp_path / "rows.parquet"
    rows = _rows(1)
    rows.loc[:20, "x"] = np.nan
    rows.loc[15:40, "c"] = None
    rows.to_parquet(path)
    fit = rn.lmm(FORMULA, path, weights="w")
    rows.iloc[::-1].to_parquet(path)
    ASKED[asked](fit, tmp_path)


def test_a_model_without_the_variable_that_is_missing_has_the_rows_again(tmp_path: Path) -> None:
    rows = _rows(1)
    rows.loc[:30, "c"] = None
    rows.to_parquet(tmp_path / "rows.parquet")
    changed = rn.lmm(FORMULA, tmp_path / "rows.parquet").update("y ~ x + (x | g)")
    expected = rn.lmm(FORMULA, rows).update("y ~ x + (x | g)")
    assert changed.nobs == expected.nobs == len(rows)
    assert changed.criterion == pytest.approx(expected.criterion, rel=1e-10)


def test_an_update_does_not_take_other_rows_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    _rows(1).to_parquet(path)
    fit = rn.lmm(FORMULA, path)
    _more(_rows(1)).to_parquet(path)
    with pytest.raises(DataError, match="no longer those of the fit"):
        fit.update("~ . + w")


@pytest.mark.parametrize("formula", ["y ~ x + (x | g)", "y ~ x + c + h + (x | g)"])
def test_an_update_to_other_sums_does_not_read_the_old_rows(tmp_path: Path, formula: str) -> None:
    rows = _rows(1)
    rows.loc[:30, "c"] = None
    rows.to_parquet(tmp_path / "rows.parquet")
    fit = rn.lmm(FORMULA, tmp_path / "rows.parquet")
    sums = rn.moments("y ~ x + c + h + (x | g)", _rows(2))
    made, expected = fit.update(formula, data=sums), rn.lmm(formula, sums)
    assert made.criterion == pytest.approx(expected.criterion, rel=1e-10)


@pytest.mark.parametrize("before", [None, "w"])
@pytest.mark.parametrize("after", [None, "w"])
def test_an_update_changes_weights_and_takes_them_away(
    tmp_path: Path, before: str | None, after: str | None
) -> None:
    _rows(1).to_parquet(tmp_path / "rows.parquet")
    fit = rn.lmm(FORMULA, tmp_path / "rows.parquet", weights=before)
    expected = rn.lmm(FORMULA, _rows(1), weights=after)
    assert fit.update(weights=after).criterion == pytest.approx(expected.criterion, rel=1e-9)


def test_weights_of_rows_that_are_gone_stay(tmp_path: Path) -> None:
    rows = _rows(1)
    fit = rn.lmm(FORMULA, rn.scan(rows.iloc[k : k + 100] for k in (0, 100, 200, 300)), weights="w")
    with pytest.raises(rn.RanefError, match="chosen when the moments were made"):
        fit.update(weights=None)


@pytest.mark.parametrize("weights", [np.ones(400), [1.0] * 400])
def test_weights_as_an_array_are_refused_in_an_update(tmp_path: Path, weights: Any) -> None:
    _rows(1).to_parquet(tmp_path / "rows.parquet")
    fit = rn.lmm(FORMULA, tmp_path / "rows.parquet")
    with pytest.raises(rn.RanefError, match="weights"):
        fit.update(weights=weights)
