"""Every source gives the fit of the same rows in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.streams.agreement import agrees
from tests.streams.sources import SOURCES

import ranef as rn

HSB = rn.datasets.load("hsb")
SCOTS = rn.datasets.load("scotssec")


def _hsb() -> pd.DataFrame:
    rows = HSB.copy()
    rows["kind"] = np.where(rows["minority"] == 1, "minority", "majority")
    rows["flag"] = rows["female"] == 1
    rows["w"] = 1.0 + rows["female"] / 2.0
    rows["start"] = rows["size"] / 1000.0
    rows.loc[10:40, "ses"] = np.nan
    rows.loc[100:120, "kind"] = None
    return rows


def _scots() -> pd.DataFrame:
    rows = SCOTS.astype({"sex": str})
    for name in ("primary", "second"):  # text in every format
        rows[name] = "s" + rows[name].astype(str)
    return rows


CASES = {
    "slopes": ("math ~ ses * sector + (ses | sch.id)", _hsb, {}),
    "categories": ("math ~ ses * kind + flag + (kind | sch.id)", _hsb, {}),
    "group means": (
        "math ~ within(ses, sch.id) * sector + between(ses, sch.id)"
        " + (within(ses, sch.id) | sch.id)",
        _hsb,
        {},
    ),
    "functions": ("log(math + 10) ~ I(ses^2) + log1p(size) + C(sector) + (1 | sch.id)", _hsb, {}),
    "weights and offset": (
        "math ~ ses + offset(start) + (1 | sch.id)",
        _hsb,
        {"weights": "w", "offset": "start"},
    ),
    "crossed": ("attain ~ sex * verbal + (verbal | primary) + (1 | second)", _scots, {}),
    "no intercept": ("attain ~ 0 + sex + verbal + (0 + sex | primary)", _scots, {}),
    "independent": ("attain ~ sex + verbal + (verbal || primary)", _scots, {"reml": False}),
    "contrasts": ("attain ~ sex * verbal + (1 | second)", _scots, {"contrasts": {"sex": "sum"}}),
}


EVERY = ("Parquet files", "Arrow data set")
"""Sources that run all cases: one that is asked in SQL, and one whose rows the core sums."""

FEW = ("group means", "crossed")


@pytest.mark.parametrize(
    ("case", "source"),
    [(case, source) for source in EVERY for case in CASES]
    + [(case, source) for source in SOURCES if source not in EVERY for case in FEW],
)
def test_a_source_gives_the_fit_of_the_rows(case: str, source: str, tmp_path: Path) -> None:
    formula, rows, options = CASES[case]
    data = rows()
    agrees(
        rn.lmm(formula, SOURCES[source](data, tmp_path), **options),
        rn.lmm(formula, data, **options),
    )


def test_predictions_need_no_rows_of_the_fit(tmp_path: Path) -> None:
    formula, rows, options = CASES["group means"]
    data = rows()
    memory, streamed = (
        rn.lmm(formula, source, **options)
        for source in (data, SOURCES["Parquet files"](data, tmp_path))
    )
    new = data.iloc[200:230]
    np.testing.assert_allclose(streamed.predict(new), memory.predict(new), rtol=1e-9)
