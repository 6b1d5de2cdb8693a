"""The columns of the fixed part: what they are times the coefficients, and their labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.errors import DataError, NotEstimableWarning, UnknownColumnError


@pytest.fixture(scope="module")
def schools() -> rn.Fit:
    data = rn.datasets.load("hsb").iloc[:900].copy()
    data["kind"] = np.where(data["sector"] == 1, "Catholic", "public")
    data.loc[data.index[5], "math"] = np.nan
    return rn.lmm(
        "math ~ poly(ses, 2) * kind + within(ses, sch.id) + offset(size / 1000) + (1 | sch.id)",
        data.set_index(np.arange(900) + 1000),
    )


def test_rows_times_coefficients_are_population_predictions(schools: rn.Fit) -> None:
    rows = schools.model_matrix()
    assert list(rows.columns) == list(schools.vcov.columns)
    assert len(rows) == 899
    assert 1005 not in rows.index
    frame = schools.model_frame()
    np.testing.assert_allclose(
        rows @ schools.fixef.dropna() + frame["size"] / 1000,
        np.asarray(schools.predict(level="population")),
        rtol=1e-12,
    )
    new = frame.iloc[[3, 700]]
    pd.testing.assert_frame_equal(schools.model_matrix(new), rows.loc[new.index], rtol=1e-12)


def test_a_difference_of_rows_is_a_hypothesis() -> None:
    fit = rn.lmm("angle ~ recipe * temp + (1 | recipe:replicate)", rn.datasets.load("cake"))
    rows = fit.model_matrix({"recipe": ["A", "B"], "temp": [175, 175]})
    test = fit.test(rows.loc[0] - rows.loc[1], ddf="kenward-roger").frame.iloc[0]
    means = fit.emmeans("recipe", at={"temp": [175]}, ddf="kenward-roger")
    pair = means.pairs(adjust="none").frame.iloc[0]
    for name in ("estimate", "std_error", "df", "p_value"):
        assert test[name] == pytest.approx(pair[name], rel=1e-10)


def test_what_is_not_determined_is_missing() -> None:
    cake = rn.datasets.load("cake")
    gone = cake[~((cake["recipe"] == "B") & (cake["temp"] == 175))]
    fit = rn.lmm("angle ~ recipe * temperature + (1 | recipe:replicate)", gone)
    with pytest.warns(NotEstimableWarning):
        rows = fit.model_matrix({"recipe": ["A", "B"], "temperature": ["175", "175"]})
    assert rows.isna().all(axis=1).to_list() == [False, True]


def test_other_data(schools: rn.Fit) -> None:
    with pytest.raises(UnknownColumnError, match="kind"):
        schools.model_matrix({"ses": [0.0], "sch.id": [1224]})
    new = {"ses": [0.0], "sch.id": [1224], "kind": ["private"], "size": [1.0]}
    with pytest.raises(DataError, match="private"):
        schools.model_matrix(new)
