"""A cell that is not a number makes a column text: it is named before any long query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.streams import Scan

FORMULA = "y ~ x + (1 | g)"
N = 4_000


def rows(**odd: str) -> pd.DataFrame:
    """Rows of which one cell of a column is not a number, and the others of it are texts."""
    rng = np.random.default_rng(1)
    made = pd.DataFrame(
        {
            "y": rng.normal(size=N),
            "x": rng.normal(size=N),
            "age": rng.integers(20, 80, size=N),
            "g": rng.integers(30, size=N),
        }
    )
    for name, cell in odd.items():
        made[name] = made[name].astype(str)
        made.loc[N - 7, name] = cell
    return made


def csv(frame: pd.DataFrame, folder: Path) -> Any:
    frame.to_csv(folder / "rows.csv", index=False)
    return f"{folder}/rows.csv"


def parquet(frame: pd.DataFrame, folder: Path) -> Any:
    frame.to_parquet(folder / "rows.parquet")
    return f"{folder}/rows.parquet"


def frames(frame: pd.DataFrame, folder: Path) -> Any:
    return rn.scan([frame, frame.iloc[:50]])


@pytest.mark.parametrize("make", [csv, parquet, frames])
@pytest.mark.parametrize("name", ["x", "y"])
def test_the_cell_is_named(
    name: str, make: Callable[[pd.DataFrame, Path], Any], tmp_path: Path
) -> None:
    with pytest.raises(rn.DataError, match=f"column '{name}' holds numbers but for 1 of") as error:
        rn.lmm(FORMULA, make(rows(**{name: "n.a."}), tmp_path))
    assert "'n.a.'" in error.value.found
    assert error.value.where.startswith(FORMULA)
    assert ("write factor(x)" in error.value.fix) == (name == "x")
    assert ("--na 'n.a.'" in error.value.fix) == (make is csv)


def test_few_levels_of_a_text_file_are_looked_at_too(tmp_path: Path) -> None:
    with pytest.raises(rn.DataError, match="column 'age' holds numbers but for 1 of"):
        rn.lmm("y ~ age + (1 | g)", csv(rows(age="old"), tmp_path))
    rn.lmm("y ~ x + factor(age) + (1 | g)", csv(rows(age="old"), tmp_path))
    rn.lmm("y ~ x + (1 | age)", csv(rows(age="old"), tmp_path))


def test_weights_are_looked_at_too(tmp_path: Path) -> None:
    with pytest.raises(rn.DataError, match="column 'age' holds numbers but for 1 of") as error:
        rn.lmm(FORMULA, csv(rows(age="old"), tmp_path), weights="age")
    assert error.value.where == "weights='age'"


def test_commas_that_may_be_either_are_asked_for(tmp_path: Path) -> None:
    frame = rows().assign(x=[f"{1 + k % 9},{100 + k % 900}" for k in range(N)])
    with pytest.raises(rn.DataError, match="cannot tell whether the commas in 'x' are decimal"):
        rn.lmm(FORMULA, csv(frame, tmp_path))


def test_what_the_fix_says_in_python_works(tmp_path: Path) -> None:
    path = csv(rows(x="n.a."), tmp_path)
    fit = rn.lmm(FORMULA, rn.scan(duckdb.read_csv(path, na_values=["", "NA", "n.a."])))
    assert fit.nobs == N - 1


@pytest.mark.parametrize("make", [parquet, frames])
def test_as_many_levels_as_rows_are_refused(
    make: Callable[[pd.DataFrame, Path], Any], tmp_path: Path
) -> None:
    frame = rows().assign(x=[f"label {k}" for k in range(N)])
    source = make(frame, tmp_path)
    with pytest.raises(rn.DataError, match="'x' has too many values for the fixed part"):
        rn.lmm(FORMULA, source)
    if make is parquet:
        asked: list[str] = []
        there = rn.scan(source).source

        def run(query: str, *watch: Any) -> Any:
            asked.append(query)
            return there.run(query, *watch)  # type: ignore[attr-defined]

        with pytest.raises(rn.DataError):
            rn.lmm(FORMULA, Scan(replace(there, run=run)))  # type: ignore[type-var]
        assert asked
        assert not any("GROUP BY" in query for query in asked)
