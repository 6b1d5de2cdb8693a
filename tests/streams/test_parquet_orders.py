"""Categories in Parquet files have the order that their writer gave them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn

pytest.importorskip("duckdb")


@pytest.fixture
def doses() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    codes = rng.integers(3, size=200)
    return pd.DataFrame(
        {
            "y": rng.normal(size=200) + codes,
            "dose": pd.Categorical.from_codes(codes, ["low", "mid", "high"]),
            "g": rng.integers(9, size=200),
        }
    )


FORMULA = "y ~ dose + (1 | g)"


def coefficients(data: Any) -> list[str]:
    return list(rn.lmm(FORMULA, data).fixef.index)


def test_those_of_pandas(doses: pd.DataFrame, tmp_path: Path) -> None:
    doses.to_parquet(tmp_path / "a.parquet")
    assert coefficients(str(tmp_path / "a.parquet")) == coefficients(doses)
    assert coefficients(doses) == ["Intercept", "dose[T.mid]", "dose[T.high]"]


def test_those_of_polars(doses: pd.DataFrame, tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    frame = pl.from_pandas(doses.astype({"dose": str}))
    for kind in (pl.Enum(["mid", "high", "low"]), pl.Categorical):
        own = frame.with_columns(pl.col("dose").cast(kind))
        own.write_parquet(tmp_path / "a.parquet")
        assert coefficients(str(tmp_path / "a.parquet")) == coefficients(own)


def test_levels_of_later_files_follow(doses: pd.DataFrame, tmp_path: Path) -> None:
    doses.to_parquet(tmp_path / "a.parquet")
    doses.astype({"dose": str}).replace("mid", "new").to_parquet(tmp_path / "b.parquet")
    found = coefficients(str(tmp_path / "*.parquet"))
    assert found == ["Intercept", "dose[T.mid]", "dose[T.high]", "dose[T.new]"]
