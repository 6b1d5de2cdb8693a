"""Ordered answers have no intercept: their cut points follow a column that is far from zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.generalised import fits

import ranef as rn

FAR = 2000.0  # a year, with a standard deviation of one


def data(shift: float) -> pd.DataFrame:
    return fits.grouped().assign(x=lambda d: d["x"] + shift)


@pytest.mark.parametrize("fixed", ["x", "x + z", "x + I(x^2)"])
def test_a_year_is_as_good_as_the_same_from_zero(fixed: str) -> None:
    near, far = (
        rn.glmm(f"answer ~ {fixed} + (1 | g)", data(shift), "cumulative") for shift in (0.0, FAR)
    )
    assert far.certificate.certified
    # Twelve digits of x^2 are those of 2000^2.
    assert far.loglik == pytest.approx(near.loglik, abs=1e-7)
    assert far.certificate.evaluations < 20
    last = near.fixef.index[-1]
    assert far.fixef[last] == pytest.approx(near.fixef[last], rel=1e-4)
    assert far.vcov.loc[last, last] == pytest.approx(near.vcov.loc[last, last], rel=1e-4)
    if fixed == "x":
        # tau - b x is what it was.
        np.testing.assert_allclose(
            far.thresholds - FAR * far.fixef["x"], near.thresholds, rtol=0.0, atol=1e-4
        )
        cut = "thresholds:never|rarely"
        width = far.vcov_full.loc[cut, cut] ** 0.5
        # Its error is that of FAR b: the error of b is 2000 times as far from the data.
        assert width == pytest.approx(FAR * far.vcov.loc["x", "x"] ** 0.5, rel=1e-3)


def test_answers_after_the_fit_are_those_of_the_data() -> None:
    """Predictions, tests of residuals and profiles read cut points on the scale of the data."""
    near, far = (rn.glmm("answer ~ x + (1 | g)", data(shift), "cumulative") for shift in (0.0, 5.0))
    options = {"kind": "probability", "se": True}
    left = near.predict(data(0.0).head(5), level="population", **options)
    right = far.predict(data(5.0).head(5), level="population", **options)
    pd.testing.assert_frame_equal(left, right, rtol=1e-6)
    tested = [fit.check_residuals(19, seed=1).frame["statistic"] for fit in (near, far)]
    pd.testing.assert_series_equal(tested[0], tested[1], rtol=1e-5)
    assert tested[0]["uniformity"] < 0.1
    low = [fit.confint(method="profile").loc["x", "conf_low"] for fit in (near, far)]
    assert low[0] == pytest.approx(low[1], rel=1e-5)
    p_values = [fit.check_residuals(19, seed=1).frame["p_value"] for fit in (near, far)]
    pd.testing.assert_series_equal(p_values[0], p_values[1])
