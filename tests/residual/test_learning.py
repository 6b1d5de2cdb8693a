"""What rows have to be like for a structure, and what the refusals say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.errors import DataError, DesignError, OptionError, UnknownColumnError


def data() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = 60
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "g": np.repeat(np.arange(10), 6),
            "time": np.tile(np.arange(6), 10),
            "f": np.tile(["a", "b", "c"], 20),
            "item": np.tile(np.arange(6), 10),
            "row": np.arange(n),
        }
    )


def refused(
    error: type[Exception], residual: str, frame: pd.DataFrame | None = None, **o: Any
) -> str:
    with pytest.raises(error) as found:
        rn.lmm(o.pop("formula", "y ~ 1 + (1 | g)"), data() if frame is None else frame,
               residual=residual, **o)  # fmt: skip
    return str(found.value)


def test_unknown_columns_are_marked() -> None:
    text = refused(UnknownColumnError, "strata(ff)")
    assert "did you mean 'f'" in text
    assert "       ^^" in text
    assert "unknown column 'gg'" in refused(UnknownColumnError, "ar1(time | gg)")


def test_strata_need_several_levels_with_rows() -> None:
    assert "there is one stratum" in refused(DesignError, "strata(f)", data().assign(f="a"))
    one = data()
    one.loc[0, "f"] = "rare"
    text = refused(DesignError, "strata(f)", one)
    assert "one row" in text
    assert "'rare'" in text
    many = pd.concat([data()] * 10)
    assert "more than 200" in refused(
        DesignError, "strata(row)", many.assign(row=np.arange(600) // 2)
    )


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (np.tile([0.0, 0.5, 1.0, 2.0, 3.0, 4.0], 10), "0.5"),
        (np.tile(list("abcdef"), 10), "holds text"),
        (np.tile(pd.date_range("2024-01-01", periods=6), 10), "holds time stamps"),
    ],
)
def test_time_is_whole_numbers(column: Any, found: str) -> None:
    text = refused(DataError, "ar1(time | g)", data().assign(time=column))
    assert "whole numbers" in text
    assert found in text


def test_an_ordered_category_is_a_time() -> None:
    frame = data()
    levels = ["mon", "tue", "wed", "thu", "fri", "sat"]
    named = frame.assign(time=pd.Categorical(
        np.array(levels)[frame["time"]], categories=levels, ordered=True))  # fmt: skip
    fits = [rn.lmm("y ~ 1 + (1 | g)", d, residual="ar1(time | g)") for d in (frame, named)]
    assert fits[0].loglik == pytest.approx(fits[1].loglik, abs=1e-9)


def test_time_is_unique_within_groups() -> None:
    text = refused(DataError, "ar1(time | g)", data().assign(time=np.tile([0, 1, 1, 2, 3, 4], 10)))
    assert "same time 'time'" in text
    assert "10 such pairs" in text


def test_groups_are_nested_in_the_grouping_factors() -> None:
    text = refused(DesignError, "ar1(row | item)")
    assert "not nested in 'g'" in text
    text = refused(DesignError, "ar1(time | g)", formula="y ~ 1 + (1 | g) + (1 | item)")
    assert "not nested in 'item'" in text
    fit = rn.lmm("y ~ 1 + (1 | f)", data(), residual="ar1(time | f:g)")
    assert fit.certificate.certified


def test_groups_of_one_row_and_too_many_distances() -> None:
    assert "no group has two rows" in refused(
        DesignError, "ar1(time | row)", formula="y ~ 1 + (1 | f)"
    )
    rng = np.random.default_rng(2)
    scattered = data().assign(time=rng.choice(10_000, 60, replace=False))
    assert "more than 8" in refused(DesignError, "ar1(time | g)", scattered)
    far = data().assign(time=np.tile([0, 1, 2, 3, 4, 5000], 10))
    assert "too far apart" in refused(DesignError, "ar1(time | g)", far)


def test_missing_values_of_the_structure_leave_rows_out() -> None:
    frame = data()
    frame["f"] = frame["f"].where(frame["row"] % 7 > 0)
    fit = rn.lmm("y ~ 1 + (1 | g)", frame, residual="strata(f)")
    assert fit.missing_rows.by_column == {"f": 9}
    assert sum(fit.residual_parameters["rows"]) == fit.nobs == 51
    with pytest.raises(DataError, match="missing"):
        rn.lmm("y ~ 1 + (1 | g)", frame, residual="strata(f)", missing="raise")


def test_a_model_without_random_effects_has_none() -> None:
    fit = rn.lmm("y ~ 1 + (1 | g)", data(), residual="strata(f)")
    with pytest.raises(OptionError, match="random effects"):
        fit.update("y ~ f")
    assert fit.update("y ~ f", residual=None).df_model == 4


def test_the_step_is_the_unit_of_the_correlation() -> None:
    frame = data()
    fits = [
        rn.lmm("y ~ 1 + (1 | g)", frame.assign(time=k * frame["time"]), residual="ar1(time | g)")
        for k in (1, 7)
    ]
    assert [int(fit.residual_parameters["step"][0]) for fit in fits] == [1, 7]
    assert fits[0].residual_parameters["rho"][0] == fits[1].residual_parameters["rho"][0]


def test_a_stratum_that_is_fitted_exactly_has_no_variance() -> None:
    frame = data()
    frame["s"] = np.where(frame["row"] < 2, "few", "many")
    frame["y"] = np.where(frame["s"] == "few", 1.0, frame["y"])
    text = refused(DesignError, "strata(s)", frame)
    assert "'few' is zero" in text
    assert "2 rows" in text


def test_residuals_that_repeat_themselves_have_no_correlation_below_one() -> None:
    frame = data()
    frame["y"] = np.repeat(np.random.default_rng(3).normal(size=10), 6) + 1e-9 * frame["y"]
    with pytest.raises(DesignError):
        rn.lmm("y ~ 1 + (1 | f)", frame, residual="ar1(time | f:g)")


def test_what_the_data_do_not_tell_apart_is_named() -> None:
    frame = data()[lambda d: d["time"] < 2]
    fit = rn.lmm("y ~ 1 + (1 | g)", frame, residual="ar1(time | g)")
    assert fit.certificate.verdict == "flat"
    (direction,) = fit.certificate.directions
    assert "(Intercept) by g" in direction
    assert "the correlation of residuals in time" in direction
