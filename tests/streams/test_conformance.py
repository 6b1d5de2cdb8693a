"""Every source gives the fit of the same rows in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
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


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("case", CASES)
def test_a_source_gives_the_fit_of_the_rows(case: str, source: str, tmp_path: Path) -> None:
    formula, rows, options = CASES[case]
    data = rows()
    memory = rn.lmm(formula, data, **options)
    streamed = rn.lmm(formula, SOURCES[source](data, tmp_path), **options)
    assert streamed.nobs == memory.nobs
    assert len(streamed.missing_rows) == len(memory.missing_rows)
    assert streamed.criterion == pytest.approx(memory.criterion, rel=1e-10)
    np.testing.assert_allclose(streamed.theta, memory.theta, rtol=1e-7, atol=1e-9)
    assert list(streamed.fixef.index) == list(memory.fixef.index)
    se = np.sqrt(np.diag(memory.vcov))
    assert np.abs((streamed.fixef - memory.fixef) / se).max() < 1e-8
    np.testing.assert_allclose(streamed.vcov, memory.vcov, rtol=1e-8, atol=1e-12)
    for group, frame in memory.ranef().items():
        other = streamed.ranef()[group]
        assert other.index.astype(str).tolist() == frame.index.astype(str).tolist()
        np.testing.assert_allclose(other, frame, rtol=1e-6, atol=1e-8)
    assert streamed.certificate.verdict == memory.certificate.verdict


def test_predictions_need_no_rows_of_the_fit(tmp_path: Path) -> None:
    formula, rows, options = CASES["group means"]
    data = rows()
    memory, streamed = (
        rn.lmm(formula, source, **options)
        for source in (data, SOURCES["Parquet files"](data, tmp_path))
    )
    new = data.iloc[200:230]
    np.testing.assert_allclose(streamed.predict(new), memory.predict(new), rtol=1e-9)
