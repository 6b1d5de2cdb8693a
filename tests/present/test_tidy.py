"""Frames with the meanings of broom.mixed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ranef.errors import OptionError
from ranef.present.frames.augment import augment
from ranef.present.frames.glance import glance
from ranef.present.frames.tidy import COLUMNS, tidy


def test_fixed(hsb):
    frame = tidy(hsb("int_reml"))
    assert tuple(frame.columns) == COLUMNS
    assert list(frame["term"]) == ["Intercept", "cwc_ses", "sector", "cwc_ses:sector"]
    assert set(frame["effect"]) == {"fixed"}
    assert frame["group"].isna().all()
    assert frame.loc[3, "estimate"] == -1.34106749884132
    assert frame.loc[3, "df"] == 151.541554064777


def test_random_parameters(hsb):
    frame = tidy(hsb("int_reml"), "ran_pars")
    assert tuple(frame.columns) == COLUMNS
    assert list(zip(frame["group"], frame["term"], strict=True)) == [
        ("sch.id", "sd__Intercept"),
        ("sch.id", "sd__cwc_ses"),
        ("sch.id", "cor__Intercept.cwc_ses"),
        ("Residual", "sd__Observation"),
    ]
    assert frame["estimate"].to_numpy() == pytest.approx(
        [2.59573008405344, 0.515460269090299, 0.784234854671938, 6.05851501434619], rel=1e-12
    )


def test_conditional_modes(schools):
    frame = tidy(schools, "ran_vals", level=0.90)
    assert tuple(c for c in frame.columns if c != "level") == COLUMNS
    assert len(frame) == 2 * 24
    modes = schools.modes["sch.id"]
    row = frame[(frame["level"] == "1007") & (frame["term"] == "cwc_ses")].iloc[0]
    assert row["estimate"] == modes.loc["1007", "cwc_ses"]
    half = (row["conf_high"] - row["conf_low"]) / 2
    assert half / modes.loc["1007", "cwc_ses_sd"] == pytest.approx(1.6448536269514722)


def test_glance(hsb):
    row = glance(hsb("int_reml")).iloc[0]
    assert row["REMLcrit"] == 46638.6024166789
    assert row["converged"]
    assert not row["singular"]
    assert (row["rank"], row["verdict"], row["method"]) == ("2 of 2", "interior optimum", "REML")
    ml = glance(hsb("int_ml"))
    assert "REMLcrit" not in ml.columns
    assert ml["deviance"].iloc[0] == pytest.approx(46633.8809470349)


@pytest.mark.parametrize("rank", [{"sch.id": 1}, (1,)])
def test_glance_of_a_singular_fit(hsb, rank):
    model = hsb("int_reml")
    weak = replace(model.certificate, verdict="boundary optimum", rank=rank)
    row = glance(replace(model, certificate=weak)).iloc[0]
    assert row["singular"]
    assert row["converged"]
    assert row["rank"] == "1 of 2"


def test_augment(schools):
    frame = augment(schools)
    assert list(frame.columns[:4]) == ["math", "cwc_ses", "sector", "sch.id"]
    assert np.allclose(frame[".fitted"] + frame[".resid"], frame["math"])
    assert list(frame.columns[4:]) == [".fitted", ".resid", ".fixed", ".hat"]
    assert "fitted" not in schools.model_frame().columns


def test_wrong_options(hsb):
    with pytest.raises(OptionError, match="unknown effects"):
        tidy(hsb("int_reml"), "random")
    with pytest.raises(OptionError, match="level"):
        tidy(hsb("int_reml"), level=95)
